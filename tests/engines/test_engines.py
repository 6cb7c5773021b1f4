"""The engines start, answer what their docstrings say, and stop. Nothing of aikido_llm is used here."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from . import llamacpp as llama
from ._loopback import Answer, call, port_is_open, serving
from .aimock import ROUTES, AIMock, Pacing, start_aimock
from .llamacpp import LlamaCpp, start_llamacpp
from .llmock import LLMock, start_llmock

Json: TypeAlias = "dict[str, Json] | list[Json] | str | float | bool | None"

# --- starting and stopping -------------------------------------------------------------------------------------------


def http_server(port: int) -> list[str]:
    return [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]


def wait_closed(port: int, seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while port_is_open(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_a_server_is_stopped_when_the_block_fails() -> None:
    ports: list[int] = []

    def fail() -> None:
        with serving(http_server, health="/") as server:
            ports.append(server.port)
            assert port_is_open(server.port)
            raise LookupError("from the test")

    with pytest.raises(LookupError, match="from the test"):
        fail()
    assert not port_is_open(ports[0])


def test_a_command_that_dies_tells_its_last_words() -> None:
    script = "import sys; sys.exit('no such engine')"
    server = serving(lambda _: [sys.executable, "-c", script], health="/")
    with pytest.raises(RuntimeError, match="no such engine"), server:
        pytest.fail("it cannot be healthy")


@pytest.mark.skipif(sys.platform != "linux" or shutil.which("setpriv") is None, reason="no setpriv; with it: make test")
def test_a_server_dies_with_a_killed_parent() -> None:
    script = (
        "import os, sys, _loopback\n"
        "command = lambda port: [sys.executable, '-m', 'http.server', str(port), '--bind', '127.0.0.1']\n"
        "with _loopback.serving(command, health='/') as server:\n"
        "    print(server.port, flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == -9
    assert wait_closed(int(done.stdout))


# --- llama.cpp -------------------------------------------------------------------------------------------------------

CHAT_TOOL = {"type": "function", "function": {"name": llama.TOOL_NAME, "parameters": llama.TOOL_SCHEMA}}
MESSAGES_TOOL = {"name": llama.TOOL_NAME, "input_schema": llama.TOOL_SCHEMA}
RESPONSES_TOOL = {"type": "function", "name": llama.TOOL_NAME, "parameters": llama.TOOL_SCHEMA}


def chat(engine: LlamaCpp, user: str, **fields: Any) -> Answer:
    body = {"model": llama.MODEL, "messages": [{"role": "user", "content": user}], **fields}
    return call(engine.port, "POST", "/v1/chat/completions", body, key=engine.api_key)


def messages(engine: LlamaCpp, user: str, **fields: Any) -> Answer:
    body = {"model": llama.MODEL, "max_tokens": 200, "messages": [{"role": "user", "content": user}], **fields}
    return call(engine.port, "POST", "/v1/messages", body, key=engine.api_key)


def responses(engine: LlamaCpp, user: str, **fields: Any) -> Answer:
    body = {"model": llama.MODEL, "input": user, **fields}
    return call(engine.port, "POST", "/v1/responses", body, key=engine.api_key)


def collected(answer: Answer) -> dict[str, Any]:
    """The message of a chat stream, put together as the whole answer has it; with its pieces of text."""
    assert answer.text.endswith("data: [DONE]\n\n")
    message: dict[str, Any] = {"content": "", "reasoning_content": "", "calls": {}, "finish": None, "pieces": []}
    for event in answer.events():
        for choice in event["choices"]:
            delta = choice["delta"]
            message["finish"] = choice["finish_reason"] or message["finish"]
            message["reasoning_content"] += delta.get("reasoning_content") or ""
            if text := delta.get("content"):
                message["content"] += text
                message["pieces"].append(text)
            for part in delta.get("tool_calls", []):
                name, arguments = message["calls"].get(part["index"], ("", ""))
                function = part["function"]
                message["calls"][part["index"]] = (name + function.get("name", ""), arguments + function["arguments"])
    message["calls"] = [(name, json.loads(arguments)) for name, arguments in message["calls"].values()]
    return message


@pytest.mark.parametrize(
    ("user", "content", "thinking"),
    [
        ("hi", llama.TEXT, ""),
        ("%unicode% please", llama.UNICODE, ""),
        ("%think%", llama.THOUGHT_ANSWER, llama.THINKING),
        ("%json%", llama.JSON_ANSWER, ""),
        ("%empty%", "", ""),
    ],
)
def test_llamacpp_text(llamacpp: LlamaCpp, user: str, content: str, thinking: str) -> None:
    whole = chat(llamacpp, user).json()["choices"][0]
    assert whole["message"]["content"] == content
    assert whole["message"].get("reasoning_content", "") == thinking
    assert whole["finish_reason"] == "stop"
    streamed = collected(chat(llamacpp, user, stream=True))
    assert (streamed["content"], streamed["reasoning_content"], streamed["finish"]) == (content, thinking, "stop")

    blocks = {block["type"]: block for block in messages(llamacpp, user).json()["content"]}
    assert blocks.get("text", {}).get("text", "") == content
    assert blocks.get("thinking", {}).get("thinking", "") == thinking
    deltas = [event["delta"] for event in messages(llamacpp, user, stream=True).events() if "delta" in event]
    assert "".join(delta.get("text", "") for delta in deltas) == content
    assert "".join(delta.get("thinking", "") for delta in deltas) == thinking
    assert deltas[-1]["stop_reason"] == "end_turn"

    output = responses(llamacpp, user).json()["output"]
    assert "".join(item["content"][0]["text"] for item in output if item["type"] == "message") == content
    events = responses(llamacpp, user, stream=True).events()
    parts = [event for event in events if event["type"] == "response.output_text.delta"]
    assert "".join(event["delta"] for event in parts) == content
    thoughts = [event for event in events if event["type"] == "response.reasoning_text.delta"]
    assert "".join(event["delta"] for event in thoughts) == thinking
    assert events[-1]["type"] == "response.completed"


@pytest.mark.parametrize(
    ("user", "cities", "thinking"),
    [
        ("%tool%", ["Paris"], ""),
        ("%twotools%", ["Rome", "Oslo"], ""),
        ("%thinktool%", ["Lima"], llama.TOOL_THINKING),
    ],
)
def test_llamacpp_tool_calls(llamacpp: LlamaCpp, user: str, cities: list[str], thinking: str) -> None:
    whole = chat(llamacpp, user, tools=[CHAT_TOOL]).json()["choices"][0]
    functions = [tool["function"] for tool in whole["message"]["tool_calls"]]
    assert [json.loads(function["arguments"])["city"] for function in functions] == cities
    assert whole["finish_reason"] == "tool_calls"
    streamed = collected(chat(llamacpp, user, tools=[CHAT_TOOL], stream=True))
    assert [name for name, _ in streamed["calls"]] == [llama.TOOL_NAME] * len(cities)
    assert [arguments["city"] for _, arguments in streamed["calls"]] == cities
    assert (streamed["content"], streamed["reasoning_content"]) == ("", thinking)
    assert streamed["finish"] == "tool_calls"

    answer = messages(llamacpp, user, tools=[MESSAGES_TOOL]).json()
    assert [block["input"]["city"] for block in answer["content"] if block["type"] == "tool_use"] == cities
    assert answer["stop_reason"] == "tool_use"
    events = messages(llamacpp, user, tools=[MESSAGES_TOOL], stream=True).events()
    fragments: dict[int, str] = {}
    for event in events:
        if "partial_json" in event.get("delta", {}):
            fragments[event["index"]] = fragments.get(event["index"], "") + event["delta"]["partial_json"]
    assert [json.loads(fragment)["city"] for fragment in fragments.values()] == cities

    output = responses(llamacpp, user, tools=[RESPONSES_TOOL]).json()["output"]
    calls = [item for item in output if item["type"] == "function_call"]
    assert [json.loads(item["arguments"])["city"] for item in calls] == cities
    final = responses(llamacpp, user, tools=[RESPONSES_TOOL], stream=True).events()[-1]["response"]
    calls = [item for item in final["output"] if item["type"] == "function_call"]
    assert [json.loads(item["arguments"])["city"] for item in calls] == cities


def test_llamacpp_unicode_is_streamed_by_character(llamacpp: LlamaCpp) -> None:
    pieces = collected(chat(llamacpp, "%unicode%", stream=True))["pieces"]
    assert pieces == ["Gr", "ü", "ße,", "👋", "世", "界", " — na", "ïve caf", "é."]


def test_llamacpp_a_tool_result_ends_the_loop(llamacpp: LlamaCpp) -> None:
    call_ = {"id": "c1", "type": "function", "function": {"name": llama.TOOL_NAME, "arguments": '{"city": "Paris"}'}}
    history = [
        {"role": "user", "content": "%tool%"},
        {"role": "assistant", "content": None, "tool_calls": [call_]},
        {"role": "tool", "tool_call_id": "c1", "content": "18"},
    ]
    answer = chat(llamacpp, "", messages=history, tools=[CHAT_TOOL]).json()["choices"][0]
    assert (answer["message"]["content"], answer["finish_reason"]) == (llama.AFTER_TOOL, "stop")


def test_llamacpp_json_schema(llamacpp: LlamaCpp) -> None:
    properties = {"answer": {"type": "string"}, "n": {"type": "integer"}}
    schema = {"type": "object", "properties": properties, "required": ["answer", "n"], "additionalProperties": False}
    wanted = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    assert chat(llamacpp, "hi", response_format=wanted).json()["choices"][0]["message"]["content"] == llama.JSON_ANSWER
    assert collected(chat(llamacpp, "hi", response_format=wanted, stream=True))["content"] == llama.JSON_ANSWER
    loose = chat(llamacpp, "hi", response_format={"type": "json_object"}).json()["choices"][0]["message"]["content"]
    assert isinstance(json.loads(loose), dict)


def test_llamacpp_length(llamacpp: LlamaCpp) -> None:
    counted = "one two three four five six seven eight nine ten"
    streamed = collected(chat(llamacpp, "%loop%", max_tokens=10, stream=True))
    assert (streamed["content"], streamed["finish"]) == (counted, "length")
    assert messages(llamacpp, "%loop%", max_tokens=10).json()["stop_reason"] == "max_tokens"
    cut = responses(llamacpp, "%loop%", max_output_tokens=10).json()
    assert (cut["output"][0]["content"][0]["text"], cut["status"]) == (counted, "completed")


@pytest.mark.parametrize("stream", [False, True])
def test_llamacpp_over_the_context(llamacpp: LlamaCpp, stream: bool) -> None:
    for ask in (chat, messages, responses):
        answer = ask(llamacpp, "x" * 9000, stream=stream)
        error = answer.json()["error"]
        assert (answer.status, error["type"]) == (400, "exceed_context_size_error")
        assert error["n_ctx"] == llama.CONTEXT_LENGTH < error["n_prompt_tokens"]


def test_llamacpp_key(llamacpp_with_key: LlamaCpp) -> None:
    assert llamacpp_with_key.api_key is not None
    assert llamacpp_with_key.api_key not in repr(llamacpp_with_key)
    for ask in (chat, messages, responses):
        assert ask(llamacpp_with_key, "hi").status == 200
        for wrong in (None, "wrong"):
            answer = ask(LlamaCpp(llamacpp_with_key.port, wrong), "hi", stream=True)
            assert (answer.status, answer.json()["error"]["type"]) == (401, "authentication_error")


def test_llamacpp_models(llamacpp: LlamaCpp) -> None:
    (model,) = call(llamacpp.port, "GET", "/v1/models").json()["data"]
    assert (model["id"], model["meta"]["n_ctx"]) == (llama.MODEL, llama.CONTEXT_LENGTH)
    assert llamacpp.base_url == f"http://127.0.0.1:{llamacpp.port}/v1"


def test_llamacpp_stops(scripted_gguf: Path) -> None:
    with start_llamacpp(scripted_gguf) as engine:
        assert call(engine.port, "GET", "/health").json() == {"status": "ok"}
    assert not port_is_open(engine.port)


# --- llmock ----------------------------------------------------------------------------------------------------------

LLMOCK_PATHS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "openai": ("/v1/chat/completions", {"messages": [{"role": "user", "content": "hi"}]}),
    "responses": ("/v1/responses", {"input": "hi"}),
    "anthropic": ("/anthropic/v1/messages", {"max_tokens": 99, "messages": [{"role": "user", "content": "hi"}]}),
    "gemini": (
        "/gemini/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse",
        {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
    ),
    "cohere": ("/cohere/v2/chat", {"messages": [{"role": "user", "content": "hi"}]}),
    "mistral": ("/mistral/v1/chat/completions", {"messages": [{"role": "user", "content": "hi"}]}),
    "xai": ("/xai/v1/chat/completions", {"messages": [{"role": "user", "content": "hi"}]}),
}


def ask_llmock(emulator: LLMock, wire: str) -> Answer:
    path, body = LLMOCK_PATHS[wire]
    return call(emulator.port, "POST", path, {**body, "model": "some-model", "stream": True})


def found(value: Json, *names: str) -> str:
    """All strings under these keys, anywhere inside, joined."""
    if isinstance(value, dict):
        return "".join(v if k in names and isinstance(v, str) else found(v, *names) for k, v in value.items())
    if isinstance(value, list):
        return "".join(found(item, *names) for item in value)
    return ""


def streamed_text(wire: str, answer: Answer) -> str:
    """The text of a stream, read as loosely as this test needs it."""
    match wire:
        case "openai" | "mistral" | "xai" | "openrouter":
            return found(answer.events(), "content")
        case "responses":
            return found([e for e in answer.events() if e["type"] == "response.output_text.delta"], "delta")
        case "ollama":
            return found(answer.lines(), "content")
        case _:
            return found(answer.events(), "text")


@pytest.mark.parametrize("wire", LLMOCK_PATHS)
def test_llmock_text_and_calls(llmock: LLMock, wire: str) -> None:
    llmock.reply("Grüße, one two three.")
    assert streamed_text(wire, ask_llmock(llmock, wire)) == "Grüße, one two three."
    llmock.reply(tool_calls=[("get_weather", {"city": "Paris"}), ("get_weather", {"city": "Oslo"})])
    answer = ask_llmock(llmock, wire)
    assert answer.text.count('"name":"get_weather"') >= 2
    assert "Paris" in found(answer.events(), "arguments", "partial_json", "delta", "city")
    assert [request["status"] for request in llmock.requests()] == [200, 200]


@pytest.mark.parametrize("wire", LLMOCK_PATHS)
def test_llmock_failures(llmock: LLMock, wire: str) -> None:
    for status in (401, 429, 500, 529):
        llmock.fail(status, message="scripted", retry_after=2 if status == 429 else None)
        answer = ask_llmock(llmock, wire)
        assert (answer.status, found(answer.json(), "message")) == (status, "scripted")
        if status == 429:
            assert (answer.headers["retry-after"], answer.headers["retry-after-ms"]) == ("2", "2000")
    assert ask_llmock(llmock, wire).status == 200


@pytest.mark.parametrize("wire", LLMOCK_PATHS)
def test_llmock_broken_streams(llmock: LLMock, wire: str) -> None:
    whole = ask_llmock(llmock, wire)
    llmock.break_stream("truncate", after_chunks=2)
    polite = ask_llmock(llmock, wire)
    assert (polite.status, polite.cut, len(polite.events())) == (200, False, 2)
    llmock.break_stream("disconnect", after_chunks=2)
    rude = ask_llmock(llmock, wire)
    assert (rude.status, rude.cut, len(rude.events())) == (200, True, 2)
    llmock.break_stream("malformed", after_chunks=2)
    broken = ask_llmock(llmock, wire)
    with pytest.raises(ValueError, match=r"line 1 column"):
        broken.events()
    llmock.break_stream("stall", after_chunks=1, stall_seconds=0.1)
    start = time.monotonic()
    assert streamed_text(wire, ask_llmock(llmock, wire)) == streamed_text(wire, whole)
    assert time.monotonic() - start >= 0.1


def test_llmock_script_can_name_a_provider(llmock: LLMock) -> None:
    llmock.fail(529, provider="anthropic", times=None)
    assert ask_llmock(llmock, "openai").status == 200
    assert ask_llmock(llmock, "anthropic").json()["error"]["type"] == "overloaded_error"
    llmock.reset()
    assert ask_llmock(llmock, "anthropic").status == 200
    with pytest.raises(ValueError, match="refused the script"):
        llmock.fail(200)


def test_llmock_finish_and_pacing(llmock: LLMock) -> None:
    llmock.reply("cut", finish_reason="length")
    llmock.slow_first_token(0.1)
    start = time.monotonic()
    answer = ask_llmock(llmock, "openai")
    assert time.monotonic() - start >= 0.1
    assert answer.events()[-1]["choices"][0]["finish_reason"] == "length"


def test_llmock_takes_flags_and_stops() -> None:
    with start_llmock("--context-window", "1") as emulator:
        body = {"model": "m", "messages": [{"role": "user", "content": "far too many words for this"}]}
        answer = call(emulator.port, "POST", "/v1/chat/completions", body)
        assert (answer.status, answer.json()["error"]["code"]) == (400, "context_length_exceeded")
    assert not port_is_open(emulator.port)


# --- aimock ----------------------------------------------------------------------------------------------------------


def ask_aimock(emulator: AIMock, wire: str, user: str, *, stream: bool = True) -> Answer:
    body: dict[str, Any] = {"model": "openai/o3" if wire == "openrouter" else "some-model", "stream": stream}
    match wire:
        case "gemini":
            body = {"contents": [{"role": "user", "parts": [{"text": user}]}]}
        case "responses":
            body["input"] = user
        case _:
            body |= {"max_tokens": 99, "messages": [{"role": "user", "content": user}]}
    return call(emulator.port, "POST", ROUTES[wire], body, key=emulator.api_key)


@pytest.mark.parametrize("wire", ROUTES)
def test_aimock_text_and_calls(aimock: AIMock, wire: str) -> None:
    aimock.reply("greet", "Grüße 👋, one two three four.", chunk_size=6)
    assert streamed_text(wire, ask_aimock(aimock, wire, "please greet me")) == "Grüße 👋, one two three four."
    aimock.reply("weather", tool_calls=[("get_weather", {"city": "Paris"}), ("get_weather", {"city": "Oslo"})])
    answer = ask_aimock(aimock, wire, "weather")
    assert answer.text.count('"name":"get_weather"') >= 2
    assert "Paris" in answer.text
    assert ask_aimock(aimock, wire, "something else").status == 404
    assert [request["response"]["status"] for request in aimock.requests()] == [200, 200, 404]


@pytest.mark.parametrize("wire", ["openai", "responses", "anthropic", "gemini", "openrouter"])
def test_aimock_thinking(aimock: AIMock, wire: str) -> None:
    aimock.reply("ponder", "Answer.", thinking="Let me see.", signature="c2lnbmVk")
    answer = ask_aimock(aimock, wire, "ponder")
    match wire:
        case "openai" | "openrouter":
            assert found(answer.events(), "reasoning_content") == "Let me see."
        case "responses":
            deltas = [e for e in answer.events() if e["type"] == "response.reasoning_summary_text.delta"]
            assert found(deltas, "delta") == "Let me see."
        case "anthropic":
            deltas = [e for e in answer.events() if e["type"] == "content_block_delta"]
            assert (found(deltas, "thinking"), found(deltas, "signature")) == ("Let me see.", "c2lnbmVk")
        case _:
            parts = [event["candidates"][0]["content"]["parts"][0] for event in answer.events()]
            assert parts[0] == {"text": "Let me see.", "thought": True}


@pytest.mark.parametrize("wire", ROUTES)
def test_aimock_failures(aimock: AIMock, wire: str) -> None:
    for status in (401, 429, 500, 529):
        aimock.fail(f"e{status}", status, message="scripted", retry_after=7)
        answer = ask_aimock(aimock, wire, f"e{status}")
        assert (answer.status, found(answer.json(), "message")) == (status, "scripted")
        assert answer.headers.get("retry-after") == ("7" if status == 429 else None)


def test_aimock_fails_once_then_answers(aimock: AIMock) -> None:
    aimock.fail("again", 503, turn=0)
    aimock.reply("again", "fine", turn=1)
    assert [ask_aimock(aimock, "cohere", "again").status for _ in range(2)] == [503, 200]
    aimock.reply("other", "fine")
    aimock.fail_next(500)
    assert [ask_aimock(aimock, "ollama", "other").status for _ in range(2)] == [500, 200]


@pytest.mark.parametrize("wire", ROUTES)
def test_aimock_broken_streams(aimock: AIMock, wire: str) -> None:
    aimock.reply("chunks", "one two three four five six seven eight nine ten " * 4, cut_after_chunks=2)
    cut = ask_aimock(aimock, wire, "chunks")
    assert (cut.status, cut.cut) == (200, True)
    assert len(cut.lines() if wire == "ollama" else cut.events()) == 2
    aimock.reply("garbage", "one", malformed=True)
    assert ask_aimock(aimock, wire, "garbage").text == "{malformed json: <<<chaos>>>"


def test_aimock_finish_usage_and_pacing(aimock: AIMock) -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    aimock.reply("long", "one two", finish_reason="length", usage=usage, pacing=Pacing(first_ms=100, per_second=100))
    start = time.monotonic()
    answer = ask_aimock(aimock, "anthropic", "long")
    assert time.monotonic() - start >= 0.1
    assert [e["delta"]["stop_reason"] for e in answer.events() if e["type"] == "message_delta"] == ["max_tokens"]
    assert ask_aimock(aimock, "ollama", "long", stream=False).json()["done"] is True
    counted = ask_aimock(aimock, "cohere", "long", stream=False).json()["usage"]["tokens"]
    assert counted == {"input_tokens": 10, "output_tokens": 5}


def test_aimock_cuts_text_by_utf16_units(aimock: AIMock) -> None:
    aimock.reply("wave", "ab👋", chunk_size=3)
    events = ask_aimock(aimock, "anthropic", "wave").events()
    pieces = [event["delta"]["text"] for event in events if event["type"] == "content_block_delta"]
    assert pieces == ["ab\ud83d", "\udc4b"]


def test_aimock_wants_its_key_and_stops() -> None:
    with start_aimock(api_key="of-this-test") as emulator:
        emulator.reply("hi", "hello")
        assert ask_aimock(emulator, "openai", "hi").status == 200
        for wire in ROUTES:
            assert ask_aimock(AIMock(emulator.port, "wrong"), wire, "hi").status == 401
        assert "of-this-test" not in repr(emulator)
    assert not port_is_open(emulator.port)
