"""A conversation that goes on is sent as if it had been encoded from the start."""

import gc
from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

import aikido_llm as llm
from aikido_llm.call.conversations import Conversations
from aikido_llm.codecs import json
from aikido_llm.dialects.base import Dialect, WireRequest
from aikido_llm.providers import find
from tests import deep
from tests.dialects.growing import ANSWERS, INSTRUCTIONS, WORDS, Unit, answered
from tests.dialects.rows import ROWS
from tests.speakers import row_of

WIRES = ("openai-chat", "openai-responses", "anthropic", "gemini", "cohere", "ollama", "bedrock-converse")
CHANGES: list[dict[str, Any]] = [
    {}, {}, {}, {"temperature": 0.5}, {"model": "other"}, {"thinking": llm.ThinkingConfig.by_effort("low")},
    {"tools": [llm.ToolDef("add", "", {"type": "object", "properties": {}})]}, {"extra": {"x": 1}},
]  # fmt: skip


def pairs(count: int, begin: int = 0) -> list[llm.Message]:
    said = ((llm.user(f"question {at}"), llm.assistant(f"answer {at}")) for at in range(begin, begin + count))
    return [message for pair in said for message in pair]


class Counting:
    """A dialect of which a test knows what it was asked to encode."""

    def __init__(self, dialect: Any) -> None:
        self.turns: str = dialect.turns
        self._dialect: Dialect = dialect
        self.encoded = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._dialect, name)

    def encode(self, request: llm.Request, *, stream: bool, provider: str) -> WireRequest:
        self.encoded += len(request.messages)
        return self._dialect.encode(request, stream=stream, provider=provider)


def counted(provider: str) -> tuple[Any, Conversations]:
    row = find(provider)
    dialect: Any = Counting(row.dialect)
    return dialect, Conversations(dialect, row.name)


def outcome(dialect: Any, request: llm.Request, **how: Any) -> Any:
    try:
        wire: WireRequest = dialect.encode(request, **how)
        return evolve(wire, body=None), json.dumps(wire.body)
    except llm.LLMError as error:
        return type(error), error.message


@st.composite
def growing(draw: st.DrawFn) -> list[Unit]:
    """Long enough for a front to be kept; a few of the units say what others do not."""
    opening: list[Unit] = [(message,) for message in draw(st.lists(INSTRUCTIONS, max_size=1))]
    begun: list[Unit] = [(message,) for message in pairs(draw(st.integers(3, 5)))]
    plain = st.sampled_from([(message,) for message in pairs(2, 100)])
    odd = st.one_of(st.one_of(INSTRUCTIONS, WORDS, ANSWERS).map(lambda message: (message,)), answered())
    return [*opening, *begun, *draw(st.lists(st.one_of(plain, plain, odd), min_size=1, max_size=8))]


@pytest.mark.parametrize("provider", ROWS)
@deep.examples(25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(units=growing(), late=st.sampled_from(["", "", "user", "front"]), data=st.data())
def test_it_is_sent_as_from_the_start(units: list[Unit], late: str, provider: str, data: st.DataObject) -> None:
    row = row_of(provider).with_late_system(late) if late else row_of(provider)
    kept = Conversations(row.dialect, row.name)
    messages: list[llm.Message] = []
    for unit in units:
        messages += unit
        change, stream = data.draw(st.sampled_from(CHANGES)), data.draw(st.sampled_from([False, False, True]))
        request = evolve(llm.Request(messages, model="m"), **change)
        again = outcome(kept, request, stream=stream)
        assert again == outcome(row.dialect, request, stream=stream, provider=row.name)
        if data.draw(st.integers(0, 9)) == 0:  # the user edits what was said
            messages = [*messages]
            at = data.draw(st.integers(0, len(messages) - 1))
            messages[at] = evolve(messages[at], content="edited")


@pytest.mark.parametrize("provider", ROWS)
def test_no_turn_is_lost_behind_one_without_words(provider: str) -> None:
    """Which Cohere, for one, is not sent."""
    row = row_of(provider)
    kept = Conversations(row.dialect, row.name)
    call = llm.ToolCall("call_1", "add", "{}")
    messages = pairs(3)
    for said in (llm.user(""), llm.assistant("", tool_calls=[call]), llm.user("and now?"), llm.user("well?")):
        messages = [*messages, said]
        request = llm.Request(messages, model="m")
        assert outcome(kept, request, stream=False) == outcome(row.dialect, request, stream=False, provider=row.name)


@pytest.mark.parametrize("provider", WIRES)
def test_only_what_is_new_is_encoded(provider: str) -> None:
    dialect, kept = counted(provider)
    messages = [llm.system("Be brief."), *pairs(50), llm.user("and now?")]
    kept.encode(llm.Request(messages, model="m"), stream=False)
    for number in range(5):
        messages += [llm.assistant("so"), llm.user(f"next {number}")]
        dialect.encoded = 0
        kept.encode(llm.Request(messages, model="m"), stream=False)
        assert dialect.encoded <= 8, "of more than a hundred messages"


def test_another_message_in_the_place_of_one_is_seen() -> None:
    _, kept = counted("openai-chat")
    messages = [*pairs(10), llm.user("and now?")]
    kept.encode(llm.Request(messages, model="m"), stream=False)
    messages[3] = llm.assistant("something else")
    request = llm.Request([*messages, llm.assistant("so"), llm.user("next")], model="m")
    sent = kept.encode(request, stream=False)
    assert sent == find("openai-chat").dialect.encode(request, stream=False, provider="openai-chat")
    assert "something else" in json.text(sent.body)


def test_it_goes_with_its_messages() -> None:
    _, kept = counted("openai-chat")
    picture = llm.ImagePart(data=b"\x89PNG" + bytes(1000), content_type="image/png")
    messages = [llm.user("look", images=[picture]), llm.assistant("seen"), *pairs(10), llm.user("and now?")]
    sent = kept.encode(llm.Request(messages, model="m"), stream=False)
    (front,) = vars(kept)["_fronts"].values()
    url = front.entries[0]["content"][-1]["image_url"]["url"]
    assert url.data is picture.data, "no second copy"
    del front, url, sent, messages[4]
    gc.collect()
    assert not vars(kept)["_fronts"]


def test_many_conversations_are_bounded() -> None:
    _, kept = counted("openai-chat")
    alive = [[*pairs(5), llm.user("end")] for _ in range(200)]
    for messages in alive:
        kept.encode(llm.Request(messages, model="m"), stream=False)
    assert 0 < len(vars(kept)["_fronts"]) <= 64
