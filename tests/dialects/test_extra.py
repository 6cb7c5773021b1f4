"""`extra` over what each encoder made: typed fields beside it are kept, on every wire and through a client."""

from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm.codecs import json
from aikido_llm.errors import InvalidRequestError
from aikido_llm.providers import find
from aikido_llm.testing import WireServer

SCHEMA = {
    "type": "object",
    "properties": {"hour": {"type": "string"}},
    "required": ["hour"],
    "additionalProperties": False,
}
FORMAT = llm.ResponseFormat.json_schema(SCHEMA)
TIDE = llm.ToolDef("tide", "when the tide comes", {"type": "object", "properties": {}})
MOON: dict[str, Any] = {
    "type": "function",
    "function": {"name": "moon", "parameters": {"type": "object", "properties": {}}},
}
WEB = {"type": "openrouter:web"}
WIRES = ("vllm", "openai-responses", "anthropic", "gemini", "cohere", "ollama")


def body_of(row: str, **fields: Any) -> dict[str, Any]:
    wire = find(row).dialect.encode(llm.Request("hi", model="m", **fields), stream=True, provider=row)
    return json.loads_object(json.dumps(wire.body))


@pytest.mark.parametrize(
    ("row", "extra", "place", "inside"),
    [
        ("openai-responses", {"text": {"verbosity": "low"}}, "text", {"verbosity", "format"}),
        ("openai-responses", {"reasoning": {"summary": "detailed"}}, "reasoning", {"effort", "summary"}),
        ("anthropic", {"output_config": {"effort": "max"}}, "output_config", {"effort", "format"}),
        ("anthropic", {"thinking": {"display": "omitted"}}, "thinking", {"type", "display"}),
        ("openrouter", {"reasoning": {"exclude": True}}, "reasoning", {"effort", "exclude"}),
        ("vllm", {"stream_options": {"continuous_usage_stats": True}}, "stream_options",
         {"include_usage", "continuous_usage_stats"}),
        ("vllm", {"chat_template_kwargs": {"date": "noon"}}, "chat_template_kwargs",
         {"enable_thinking", "thinking", "reasoning_effort", "date"}),
        ("gemini", {"generationConfig": {"thinkingConfig": {"includeThoughts": False}}}, "generationConfig",
         {"thinkingConfig", "responseMimeType", "responseJsonSchema"}),
        ("cohere", {"thinking": {"token_budget": 9}}, "thinking", {"type", "token_budget"}),
        ("ollama", {"options": {"num_ctx": 9}}, "options", {"num_ctx", "seed"}),
    ],
)  # fmt: skip
def test_what_typed_fields_asked_for_stays(row: str, extra: dict[str, Any], place: str, inside: set[str]) -> None:
    seed: dict[str, Any] = {"seed": 1} if row == "ollama" else {}
    body = body_of(row, thinking=llm.ThinkingConfig.by_effort("high"), response_format=FORMAT, extra=extra, **seed)
    assert set(body[place]) == inside
    for key, value in extra[place].items():
        if not isinstance(value, dict):
            assert body[place][key] == value


@pytest.mark.parametrize(
    ("row", "hosted"),
    [
        ("vllm", {"type": "custom", "custom": {"name": "sql"}}),
        ("openai-responses", {"type": "web_search"}),
        ("anthropic", {"type": "web_search_20260318", "name": "web_search"}),
        ("gemini", {"googleSearch": {}}),
        ("cohere", {"type": "function", "function": {"name": "other", "parameters": {}}}),
        ("ollama", {"type": "function", "function": {"name": "other", "parameters": {}}}),
    ],
)
def test_hosted_tools_stand_beside_functions(row: str, hosted: dict[str, Any]) -> None:
    ours = body_of(row, tools=[TIDE])["tools"]
    assert body_of(row, tools=[TIDE], extra={"tools": [hosted]})["tools"] == [*ours, hosted]
    assert body_of(row, tools=[TIDE], extra={"tools": ours})["tools"] == ours
    assert "tools" not in body_of(row, tools=[TIDE], extra={"tools": llm.OMIT})


def test_functions_of_gemini_are_one_list() -> None:
    other = {"name": "moon"}
    (tool,) = body_of("gemini", tools=[TIDE], extra={"tools": [{"functionDeclarations": [other]}]})["tools"]
    assert [function["name"] for function in tool["functionDeclarations"]] == ["tide", "moon"]


def test_what_responses_includes_joins() -> None:
    body = body_of(
        "openai-responses",
        thinking=llm.ThinkingConfig.by_effort("low"),
        extra={"include": ["file_search_call.results"]},
    )
    assert body["include"] == ["reasoning.encrypted_content", "file_search_call.results"]


def test_what_a_row_sends_can_be_taken_out() -> None:
    assert "stream_options" in body_of("vllm")
    assert "stream_options" not in body_of("vllm", extra={"stream_options": llm.OMIT})
    assert "max_tokens" not in body_of("anthropic", extra={"max_tokens": llm.OMIT})
    assert "store" not in body_of("openai-responses", extra={"store": llm.OMIT})


@pytest.mark.parametrize("row", WIRES)
@pytest.mark.parametrize("name", ["messages", "input", "contents", "model", "stream"])
def test_the_request_itself_is_not_replaced(row: str, name: str) -> None:
    for value in ("x", llm.OMIT):
        with pytest.raises(InvalidRequestError, match=f"extra cannot replace {name}"):
            body_of(row, extra={name: value})


def test_breakpoints_of_extra_are_counted_and_the_callers_objects_stay() -> None:
    marked = {"type": "web_search_20260318", "name": "web_search", "cache_control": {"type": "ephemeral"}}
    kept = dict(marked)
    messages = [llm.user([llm.TextPart(str(n), llm.CacheBreakpoint())]) for n in range(4)]
    wire = find("anthropic").dialect.encode(
        llm.Request(messages, model="m", extra={"tools": [marked]}), stream=False, provider="anthropic"
    )
    assert json.dumps(wire.body).count(b"cache_control") == 4
    assert marked == kept
    for odd in (None, [None, "x"], [{"name": "x", "cache_control": "y"}]):
        assert "tools" in body_of("anthropic", extra={"tools": odd})


async def test_a_client_and_a_request_and_the_rows_own_options(wire_server: WireServer) -> None:
    extra = {"provider": {"sort": "price"}, "tools": [WEB], "plugins": [{"id": "pdf"}]}
    async with llm.open("openrouter", wire_server.dsn("openrouter"), provider_order="a, b", extra=extra) as client:
        await client.chat("hi", extra={"provider": {"order": llm.OMIT, "zdr": True}, "tools": [MOON]})
        await client.chat("hi", extra={"provider": llm.OMIT, "plugins": []})
    first, second = (request.body for request in wire_server.received)
    assert first["provider"] == {"sort": "price", "zdr": True}
    assert first["tools"] == [WEB, MOON]
    assert "provider" not in second
    assert second["plugins"] == []


async def test_betas_join_wherever_they_are_said(wire_server: WireServer) -> None:
    dsn = wire_server.dsn("anthropic")
    async with llm.open("anthropic", dsn, beta="one, two", headers={"Anthropic-Beta": "three"}) as client:
        await client.chat("hi")
        await client.chat("hi", extra={"betas": ["four", "one"]}, extra_headers={"ANTHROPIC-BETA": "five,two"})
    first, second = wire_server.received
    assert first.headers["anthropic-beta"] == "one,two,three"
    assert second.headers["anthropic-beta"] == "one,two,three,four,five"
    assert "betas" not in second.body


async def test_other_headers_are_replaced_in_any_case(wire_server: WireServer) -> None:
    async with llm.open("anthropic", wire_server.dsn("anthropic"), headers={"X-Team": "a"}) as client:
        await client.chat("hi", extra_headers={"x-team": "b"})
    assert wire_server.received[0].headers["x-team"] == "b"
