"""A server that refuses a system message for its place: the error names the option that mends it."""

from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm.dialects.late_system import comes_late, refused_late_system
from aikido_llm.testing import Answer, WireServer

LATE = [llm.user("hi"), llm.assistant("Hello."), llm.system("In French."), llm.user("again")]
REFUSAL = "messages.2: role 'system' is not supported on this model"


@pytest.mark.parametrize(
    ("messages", "options", "named"),
    [(LATE, {}, True), (LATE, {"late_system": "user"}, False), ([llm.system("top"), llm.user("hi")], {}, False)],
)
async def test_the_option_is_named_where_it_would_mend(
    messages: list[llm.Message], options: dict[str, Any], named: bool
) -> None:
    async with WireServer() as server:
        client = llm.open("anthropic", server.dsn("anthropic"), retry=None, **options)
        async with client:
            server.answer(Answer(message=REFUSAL, status=400))
            with pytest.raises(llm.InvalidRequestError) as caught:
                await client.chat(messages)
    assert ("late_system=user" in str(caught.value)) is named


@pytest.mark.parametrize(
    "message",
    [
        REFUSAL,
        "Unexpected role 'system' after role 'assistant'",
        "messages[1].role: unknown variant `system`, expected `user` or `assistant`",
        "System message must be at the beginning.",
        "invalid request: system turn must be the first in the list",
    ],
)
def test_refusals_in_the_words_of_servers(message: str) -> None:
    assert refused_late_system(message)


def test_other_refusals_are_no_refusal_of_a_place() -> None:
    assert not refused_late_system("the system is overloaded: try again")
    assert not refused_late_system("messages: first message must use the user role")


def test_a_system_message_is_late_behind_any_other() -> None:
    assert comes_late(LATE)
    assert not comes_late([llm.system("a"), llm.system("b"), llm.user("c")])
    assert not comes_late([])


async def test_what_the_row_knows_of_a_refusal() -> None:
    said = (
        "Invocation of model ID anthropic.claude-x with on-demand throughput isn\u2019t supported. Retry your request."
    )
    async with WireServer() as server, llm.open("bedrock", server.dsn("bedrock"), retry=None) as client:
        server.answer(Answer(status=400, message=said))
        with pytest.raises(llm.InvalidRequestError, match=r"name an inference profile.*`us\.`"):
            await client.chat("hi")
