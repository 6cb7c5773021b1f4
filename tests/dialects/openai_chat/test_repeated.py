"""What a host repeats with every chunk, and what it says in one chunk alone: nothing of it gets lost."""

import json
from typing import Any

import pytest

from aikido_llm.dialects.openai_chat import OpenAIChat
from aikido_llm.dialects.openai_chat.wire import FACTS
from aikido_llm.types.response import Response
from tests.wire import Road, error_of, response_of


def answer(*facts: dict[str, Any], choice: dict[str, Any] | None = None) -> Response:
    """One chunk for each of these, with a letter of the text, then the end."""
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    chunks: list[Any] = [{**head, **fact, "choices": [{"index": 0, "delta": {"content": "x"}, **(choice or {})}]}
                         for fact in facts]  # fmt: skip
    chunks.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    body = b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks) + b"data: [DONE]\n\n"
    events = Road(OpenAIChat()).read_every_way(body)
    assert error_of(events) is None
    return response_of(events)


@pytest.mark.parametrize("name", sorted(FACTS))
def test_a_fact_in_the_middle_alone_is_kept(name: str) -> None:
    assert answer({}, {}, {name: "once"}, {}, {}).provider_data == {name: "once"}


@pytest.mark.parametrize("name", sorted(FACTS))
def test_the_last_value_counts_wherever_it_changes(name: str) -> None:
    for values in (("a", "a", "b", "b"), ("a", "b", "a"), ("a", None, "b", None), ("a", "b", None, "b", 3)):
        facts = [{name: value} for value in ("a", *values)]
        assert answer(*facts).provider_data == {name: next(v for v in reversed(values) if v is not None)}


def test_all_of_them_at_once() -> None:
    facts = {name: f"{name} 1" for name in FACTS}
    changed = {name: f"{name} 2" for name in FACTS}
    said = answer(facts, facts, changed, facts, {**facts, "provider": "other"})
    assert said.provider_data == {**facts, "provider": "other"}
    assert said.text == "xxxxx"


def test_text_of_the_older_wire_behind_an_empty_delta_is_text() -> None:
    assert answer({}, {}, {}, choice={"delta": {}, "text": "y"}).text == "yyy"
    assert answer({}, {}, {}, choice={"text": "y"}).text == "xxx", "the same, said twice"
