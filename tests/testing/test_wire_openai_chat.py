"""The chat-completions wire of the test server: what it writes per host, what it refuses, and that both agree with the
recordings."""

import json
from itertools import pairwise
from typing import Any

import pytest

from aikido_llm.testing.answer import Answer
from aikido_llm.testing.wires.base import Received
from aikido_llm.testing.wires.openai_chat import OpenAIChat
from aikido_llm.types.response import FinishReason
from aikido_llm.types.usage import Usage
from tests.corpus import load

from .shapes import ANSWERS, CALLS, FULL, IMAGES, Shapes, damaged, good, sse, strange

WIRE = OpenAIChat()
# our provider's name -> the recorded host's
HOSTS = {
    "openai": "openai",
    "openrouter": "openrouter",
    "groq": "groq",
    "mistral": "mistral",
    "grok": "xai",
    "deepseek": "deepseek",
    "together": "together",
    "cerebras": "cerebras",
    "llamacpp": "llamacpp",
}
CALL: dict[str, Any] = {"id": "c1", "type": "function", "function": {"name": "geo", "arguments": '{"q":"Oslo"}'}}
TOOL: dict[str, Any] = {"type": "function", "function": {"name": "geo", "parameters": {"type": "object"}}}
USER: dict[str, Any] = {"role": "user", "content": "Where is Oslo?"}
RESULT: dict[str, Any] = {"role": "tool", "tool_call_id": "c1", "content": "in Norway"}
CHAT: dict[str, Any] = {
    "model": "m",
    "stream": True,
    "stream_options": {"include_usage": True},
    "messages": [
        {"role": "system", "content": "Be short."},
        {"role": "user", "content": [{"type": "text", "text": "Where is Oslo?"}]},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        RESULT,
        {"role": "assistant", "content": "There."},
        USER,
    ],
    "tools": [TOOL],
    "tool_choice": {"type": "function", "function": {"name": "geo"}},
    "temperature": 0,
    "max_tokens": 10,
    "stop": ["END"],
    "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}},
}
WITHOUT = {"length in a call", "error"}
SOUND = {name: answer for name, answer in ANSWERS.items() if name not in WITHOUT}
# What a host may write by its reference, and did not in these recordings: counts, thoughts, calls it had no reason for.
UNRECORDED = ("cache_write_tokens", "reasoning", "tool_calls", "images", "cached_tokens", "details", "refusal")


def asked(provider: str = "", **more: Any) -> Received:
    body = {"model": "m", "messages": [USER], **more}
    return Received("POST", "/v1/chat/completions", {}, {}, body, json.dumps(body).encode(), provider)


def chunks(answer: Answer, provider: str = "", **more: Any) -> list[Any]:
    body = b"".join(WIRE.stream(answer, asked(provider, stream=True, **more)))
    return [json.loads(data) for _, data in sse(body)[:-1]]


def order(stream: list[Any]) -> list[str]:
    """What each chunk is for, repetitions left out."""
    kinds: list[str] = []
    for chunk in stream:
        nothing: list[dict[str, Any]] = [{}]
        choice: dict[str, Any] = (chunk.get("choices") or nothing)[0]
        delta: dict[str, Any] = choice.get("delta") or {}
        kind = next((key for key in ("tool_calls", "reasoning", "reasoning_content") if delta.get(key)), "")
        kind = kind or ("content" if delta.get("content") else "")
        kind = "finish" if choice.get("finish_reason") else kind or ("usage" if chunk.get("usage") else "")
        kind = "reasoning" if kind.startswith("reasoning") else kind
        if kind and kinds[-1:] != [kind]:
            kinds.append(kind)
    return kinds


# ---------------------------------------------------------------------- against the recordings


@pytest.mark.skipif(not load.available(), reason=load.MISSING)
@pytest.mark.parametrize("provider", HOSTS)
def test_the_key_paths_of_chunks_and_bodies_are_recorded_ones(provider: str) -> None:
    recorded, ours = Shapes(), Shapes()
    for exchange in good("openai-chat", (HOSTS[provider],), stream=True):
        for _, data in sse(exchange.body):
            if data.startswith("{"):
                recorded.add("chunk", json.loads(data))
    for exchange in good("openai-chat", (HOSTS[provider],), stream=False):
        if exchange.body.strip().startswith(b"{"):
            recorded.add("body", json.loads(exchange.body))
    for answer in SOUND.values():
        for chunk in chunks(answer, provider, stream_options={"include_usage": True}):
            ours.add("chunk", chunk)
        ours.add("body", json.loads(WIRE.body(answer, asked(provider))))
    extra = {path for found in strange(ours, recorded).values() for path in found}
    assert {path for path in extra if not any(word in path for word in UNRECORDED)} == set()


@pytest.mark.skipif(not load.available(), reason=load.MISSING)
def test_the_order_of_chunks_is_a_recorded_one() -> None:
    steps: set[tuple[str, str]] = set()
    for exchange in good("openai-chat", tuple(HOSTS.values()), stream=True):
        kinds = order([json.loads(data) for _, data in sse(exchange.body) if data.startswith("{")])
        steps |= set(pairwise(kinds))
    for provider in HOSTS:
        for answer in SOUND.values():
            kinds = order(chunks(answer, provider, stream_options={"include_usage": True}))
            assert set(pairwise(kinds)) <= steps, (provider, kinds)


@pytest.mark.skipif(not load.available(), reason=load.MISSING)
def test_recorded_requests_that_were_answered_keep_the_rules() -> None:
    broken: list[str] = []
    hosts = tuple(HOSTS.values())
    for exchange in [*good("openai-chat", hosts, stream=True), *good("openai-chat", hosts, stream=False)]:
        if exchange.request_json is not None and "legacy_function_call" not in exchange.tags:
            name = next(ours for ours, theirs in HOSTS.items() if theirs == exchange.provider)
            reason = WIRE.check(Received("POST", "", {}, {}, exchange.request_json, provider=name))
            if reason is not None:
                broken.append(f"{exchange.id} {exchange.provider}: {reason}")
    assert broken == []


# ---------------------------------------------------------------------- what it writes


def test_usage_comes_when_it_is_asked_for() -> None:
    answer = Answer(text="Hello", usage=FULL)
    assert not any(chunk.get("usage") for chunk in chunks(answer))
    last = chunks(answer, stream_options={"include_usage": True})[-1]
    assert last["choices"] == []
    assert last["usage"] == {
        "prompt_tokens": 100,
        "completion_tokens": 40,
        "total_tokens": 140,
        "prompt_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 20},
        "completion_tokens_details": {"reasoning_tokens": 10},
    }
    assert chunks(answer, "mistral")[-1]["choices"][0]["finish_reason"] == "stop"
    assert chunks(answer, "mistral")[-1]["usage"]["prompt_tokens"] == 100
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks(answer, "openrouter")[-2:]] == ["stop", "stop"]
    assert chunks(answer, "grok", stream_options={"include_usage": True})[-1]["usage"]["completion_tokens"] == 30
    assert not any(chunk.get("usage") for chunk in chunks(Answer(usage=Usage()), "mistral"))


@pytest.mark.parametrize(
    ("provider", "key"), [("deepseek", "reasoning_content"), ("groq", "reasoning"), ("openrouter", "reasoning_details")]
)
def test_each_host_has_its_field_for_thoughts(provider: str, key: str) -> None:
    answer = Answer(text="Hi", thinking="Let me see.", signature="c2ln")
    assert any(key in chunk["choices"][0]["delta"] for chunk in chunks(answer, provider))
    assert key in json.loads(WIRE.body(answer, asked(provider)))["choices"][0]["message"]


def test_calls_come_in_fragments_or_whole() -> None:
    answer = Answer(tool_calls=CALLS, chunk=1)
    for provider, whole in (("openai", False), ("groq", True)):
        deltas = [chunk["choices"][0]["delta"] for chunk in chunks(answer, provider)]
        parts = [part for delta in deltas for part in delta.get("tool_calls", ())]
        for index, call in enumerate(CALLS):
            mine = [part for part in parts if part["index"] == index]
            assert "".join(part["function"]["arguments"] for part in mine) == call.arguments
            assert (mine[0]["id"], mine[0]["function"]["name"]) == (call.id, call.name)
            assert (len(mine) == 1) == whole


def test_images_and_a_failure() -> None:
    (delta,) = [c["choices"][0]["delta"] for c in chunks(Answer(images=IMAGES)) if "images" in c["choices"][0]["delta"]]
    assert delta["images"][0]["image_url"]["url"].startswith("data:image/png;base64,iVBO")
    failed = WIRE.stream(Answer(finish_reason=FinishReason.error, message="broke"), asked(stream=True))
    assert b'"message":"broke"' in failed[-1]
    assert b"[DONE]" not in failed[-1]


# ---------------------------------------------------------------------- what it refuses

BAD: dict[str, dict[str, Any]] = {
    "model": {"model": ""},
    "messages": {"messages": []},
    "role": {"messages": [{"role": "bot", "content": "x"}]},
    "did not have response": {"messages": [{"role": "assistant", "tool_calls": [CALL]}, USER]},
    "following tool_call_ids": {"messages": [USER, {"role": "assistant", "tool_calls": [CALL]}]},
    "preceeding": {"messages": [USER, RESULT]},
    "arguments": {
        "messages": [
            {"role": "assistant", "tool_calls": [{**CALL, "function": {"name": "f", "arguments": {}}}]},
            RESULT,
        ]
    },
    "empty array": {"tools": []},
    "only allowed when 'tools'": {"tools": None},
    "tool_choice": {"tool_choice": "sometimes"},
    "pattern": {"tools": [{"type": "function", "function": {"name": "a b"}}]},
    "temperature": {"temperature": 3},
    "same time": {"max_completion_tokens": 5},
    "stream_options": {"stream": False},
    "response_format": {"response_format": {"type": "xml"}},
    "image_url": {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
    "Supported values": {"messages": [{"role": "system", "content": [{"type": "image_url", "image_url": {}}]}]},
}


def test_a_good_request_passes() -> None:
    assert WIRE.check(Received("POST", "", {}, {}, CHAT)) is None


@pytest.mark.parametrize("words", BAD)
def test_a_bad_request_is_refused(words: str) -> None:
    body = {key: value for key, value in {**CHAT, **BAD[words]}.items() if value is not None}
    assert words in (WIRE.check(Received("POST", "", {}, {}, body)) or "")


def test_no_request_breaks_the_rules_themselves() -> None:
    for body in damaged(CHAT):
        for name in ("openai", "mistral"):
            WIRE.check(Received("POST", "", {}, {}, body, provider=name))
        WIRE.wants_stream(Received("POST", "", {}, {}, body))
