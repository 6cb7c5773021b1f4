"""One judgement of `tool_choice` for all wires, and each wire's words for it."""

from typing import Any

import pytest

from aikido_llm.codecs import json
from aikido_llm.errors import InvalidRequestError, UnsupportedFeatureError
from aikido_llm.providers import find
from aikido_llm.types.messages import user
from aikido_llm.types.request import Request
from aikido_llm.types.tools import ToolDef

TOOLS = (ToolDef("ask_sun"), ToolDef("ask_moon"))
FORBIDDEN = object()

# Row -> where the word stands in the body; the words for auto, none, required and the tool `ask_moon`; None: unsaid.
WORDS: dict[str, tuple[Any, ...]] = {
    "vllm": ("tool_choice", "auto", "none", "required", {"type": "function", "function": {"name": "ask_moon"}}),
    "mistral": ("tool_choice", "auto", None, "any", {"type": "function", "function": {"name": "ask_moon"}}),
    "openai-responses": ("tool_choice", "auto", "none", "required", {"type": "function", "name": "ask_moon"}),
    "anthropic": (
        "tool_choice", {"type": "auto"}, {"type": "none"}, {"type": "any"}, {"type": "tool", "name": "ask_moon"}
    ),
    "gemini": (
        "toolConfig",
        *({"functionCallingConfig": {"mode": mode}} for mode in ("AUTO", "NONE", "ANY")),
        {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["ask_moon"]}},
    ),
    "cohere": ("tool_choice", None, "NONE", "REQUIRED", "REQUIRED"),
    "ollama": ("tool_choice", None, None, FORBIDDEN, FORBIDDEN),
}  # fmt: skip
CASES = [
    (row, key, choice, word)
    for row, (key, *words) in WORDS.items()
    for choice, word in zip(("auto", "none", "required", "ask_moon"), words, strict=True)
]


def body_of(row: str, **fields: Any) -> dict[str, Any]:
    """The body that this row's wire sends for such a request."""
    request = Request(messages=[user("hi")], model="m", **fields)
    return json.loads_object(json.dumps(find(row).dialect.encode(request, stream=False, provider=row).body))


@pytest.mark.parametrize(("row", "key", "choice", "word"), CASES)
def test_each_wire_says_it_in_its_words(row: str, key: str, choice: str, word: Any) -> None:
    if word is FORBIDDEN:
        with pytest.raises(UnsupportedFeatureError, match=f"cannot enforce tool_choice '{choice}'"):
            body_of(row, tools=TOOLS, tool_choice=choice)
    else:
        assert body_of(row, tools=TOOLS, tool_choice=choice).get(key) == word


@pytest.mark.parametrize("row", WORDS)
def test_a_choice_without_tools(row: str) -> None:
    key = WORDS[row][0]
    assert key not in body_of(row, tool_choice="auto")
    assert key not in body_of(row, tool_choice="none")
    for choice in ("required", "ask_moon"):
        with pytest.raises(InvalidRequestError, match=f"tool_choice '{choice}' needs tools"):
            body_of(row, tool_choice=choice)


@pytest.mark.parametrize("row", WORDS)
@pytest.mark.parametrize("choice", ["ask_stars", "", "Auto", "any"])
def test_a_choice_of_what_is_no_tool(row: str, choice: str) -> None:
    with pytest.raises(InvalidRequestError, match=f"'{choice}' is none of auto.* and the tools ask_sun, ask_moon"):
        body_of(row, tools=TOOLS, tool_choice=choice)


@pytest.mark.parametrize("row", [row for row, words in WORDS.items() if words[3] is not FORBIDDEN])
def test_tools_of_extra_are_tools(row: str) -> None:
    key, _, _, required, _ = WORDS[row]
    sent = body_of(row, tool_choice="required", extra={"tools": [{"name": "theirs"}]})
    assert sent[key] == required
    assert sent["tools"] == [{"name": "theirs"}]


@pytest.mark.parametrize("row", ["vllm", "mistral", "openai-responses", "anthropic"])
def test_whether_calls_may_come_side_by_side_is_said_beside_tools_of_extra(row: str) -> None:
    sent = body_of(row, parallel_tool_calls=False, extra={"tools": [{"name": "theirs"}]})
    assert sent.get("parallel_tool_calls") is False or sent["tool_choice"]["disable_parallel_tool_use"] is True


def test_a_wire_that_sends_the_one_tool_cannot_pick_it_among_those_of_extra() -> None:
    with pytest.raises(UnsupportedFeatureError, match="cannot enforce"):
        body_of("cohere", tool_choice="theirs", extra={"tools": [{"name": "theirs"}]})
