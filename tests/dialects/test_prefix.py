"""A conversation that grows leaves what was sent of it as it was: caches hit, and signed thinking stays valid."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

import aikido_llm as llm
from aikido_llm.codecs import json as _json
from aikido_llm.dialects.values import as_list, is_object
from aikido_llm.providers.base import Provider
from tests import deep
from tests.dialects import received
from tests.dialects.growing import Unit, conversations, goes_on, without_marks
from tests.dialects.rows import ROWS
from tests.speakers import row_of

SYSTEM = ("system", "instructions", "systemInstruction")  # what stands beside the messages


def sent(row: Provider, messages: list[llm.Message]) -> dict[str, Any]:
    request = llm.Request(messages, model=received.MODEL)
    wire_request = row.dialect.encode(request, stream=True, provider=row.name)
    body: dict[str, Any] = without_marks(json.loads(_json.dumps(wire_request.body)))
    return body


def turns_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    """The messages. `prefix` and `partial` say that the last one shall be continued, which is a wish and no content."""
    turns: list[dict[str, Any]] = next(body[key] for key in ("messages", "input", "contents") if key in body)
    return [{key: value for key, value in turn.items() if key not in ("prefix", "partial")} for turn in turns]


def each_length(row: Provider, units: list[Unit]) -> Iterator[dict[str, Any] | None]:
    """The body for the first n units, from the one on with which the conversation has begun; None where it cannot be
    sent (calls without results are refused on strict wires, and pictures where a model takes none)."""
    for length in range(1, len(units) + 1):
        messages = [message for unit in units[:length] for message in unit]
        if any(message.role is not llm.Role.system for message in messages):
            try:
                yield sent(row, messages)
            except llm.InvalidRequestError:
                yield None


@pytest.mark.parametrize("provider", ROWS)
@deep.examples(80, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(units=conversations(), late=st.sampled_from(["", "", "user"]))
def test_what_was_sent_stays_as_it_was(units: list[Unit], late: str, provider: str) -> None:
    row = row_of(provider).with_late_system(late) if late else row_of(provider)
    before: dict[str, Any] | None = None
    for body in each_length(row, units):
        if before is not None and body is not None:
            assert {key: before.get(key) for key in SYSTEM} == {key: body.get(key) for key in SYSTEM}
            assert goes_on(turns_of(before), turns_of(body)), (turns_of(before), turns_of(body))
        before = body


@pytest.mark.parametrize("provider", ROWS)
def test_the_front_is_where_the_promise_does_not_hold(provider: str) -> None:
    row = row_of(provider).with_late_system("front")
    said = [llm.system("A"), llm.user("one"), llm.assistant("two"), llm.system("B"), llm.user("three")]
    *_, before, _, after = each_length(row, [(message,) for message in said])
    assert before is not None and after is not None
    assert "B" not in json.dumps(before)
    kept = {key: before.get(key) for key in SYSTEM} == {key: after.get(key) for key in SYSTEM}
    assert not (kept and goes_on(turns_of(before), turns_of(after)))


SIGNED = (
    *("anthropic", "bedrock-converse", "bedrock:invoke", "gemini", "openai-responses", "openrouter", "deepseek"),
    *("cohere", "ollama"),
)


def blocks_of(provider: str, body: dict[str, Any]) -> str:
    """The assistant's turn as it goes back, in JSON."""
    turns = turns_of(body)
    if provider == "openai-responses":
        return json.dumps([turn for turn in turns if turn.get("type") in ("reasoning", "function_call")])
    return json.dumps([turn for turn in turns if turn["role"] in ("assistant", "model")])


@pytest.mark.parametrize("provider", SIGNED)
@deep.examples(40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(units=conversations())
def test_what_was_signed_goes_back_byte_for_byte_whatever_follows(units: list[Unit], provider: str) -> None:
    row = row_of(provider)
    said = received.message_from(provider)
    first = [llm.user("begin"), said, *[llm.tool(call.id, "18") for call in said.tool_calls]]
    alone = sent(row, first)
    rest = [message for unit in units for message in unit if message.role is not llm.Role.tool]
    rest = [evolve(message, tool_calls=()) for message in rest]
    try:
        body = sent(row, [*first, *rest])
    except llm.UnsupportedFeatureError:
        return
    assert goes_on(turns_of(alone), turns_of(body))
    assert blocks_of(provider, alone)[1:-1] in blocks_of(provider, body)
    for block in OWN[provider]:
        assert block in everything(body)


def everything(value: Any) -> Iterator[Any]:
    """Each value inside, at every depth."""
    yield value
    for inner in value.values() if is_object(value) else as_list(value):
        yield from everything(inner)


OWN: dict[str, list[Any]] = {
    "anthropic": received.ANTHROPIC_BLOCKS[:2],
    "bedrock:invoke": received.ANTHROPIC_BLOCKS[:2],
    "bedrock-converse": received.BEDROCK_BLOCKS,
    "gemini": received.GEMINI_PARTS,
    "openai-responses": received.RESPONSES_ITEMS,
    "openrouter": [received.DETAILS],
    "deepseek": [received.THINKING],
    "cohere": [received.THINKING],
    "ollama": [received.THINKING],
}
