"""What servers send in other ways than their documents say, one kind at a time, on every wire and both roads.

Heartbeats, strays, labels and other wires: `test_noise.py`. Errors: `test_envelope.py`, `test_reported_errors.py`.
Calls in pieces: `test_toolcalls.py`. Halves of characters: `tests/call/test_halves.py`.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from aikido_llm.dialects.values import as_object, is_list, is_object
from aikido_llm.errors import InsufficientCreditsError, LLMError, MalformedStream, StreamTruncated
from aikido_llm.providers import find
from aikido_llm.types.response import Response
from tests import binary
from tests.wire import Road, error_of, response_of

Build = Callable[..., tuple[bytes, bytes]]
"""(content, calls, usage, end) in the wire's own JSON -> (a stream's body, a whole body)."""

TEXTUAL = ("vllm", "openai-responses", "anthropic", "gemini", "cohere", "ollama")
ROWS = (*TEXTUAL, "bedrock-converse")
LABELS = {"ollama": "application/x-ndjson", "bedrock-converse": "application/vnd.amazon.eventstream"}


def sse(*events: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)


def listed(content: Any, calls: Any = None) -> list[Any]:
    """Content as a list of what it holds, the calls behind it."""
    several: list[Any] = content if is_list(content) else [content] if content else []
    return [*several, *(calls or ())]


def chat(content: Any = "", calls: Any = None, usage: Any = None, end: Any = "stop") -> tuple[bytes, bytes]:
    said: dict[str, Any] = {"role": "assistant", "content": content, **({"tool_calls": calls} if calls else {})}
    told: dict[str, Any] = {"usage": usage} if usage else {}
    head = {"id": "c", "model": "m"}
    delta = {**head, "choices": [{"index": 0, "delta": said, "finish_reason": None}]}
    last: dict[str, Any] = {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": end}], **told}
    whole = {**head, "choices": [{"index": 0, "message": said, "finish_reason": end}], **told}
    return sse(delta, last) + b"data: [DONE]\n\n", json.dumps(whole).encode()


def responses(content: Any = "", calls: Any = None, usage: Any = None, end: Any = "completed") -> tuple[bytes, bytes]:
    message = {"type": "message", "id": "msg", "role": "assistant", "content": content}
    output: list[Any] = [*([message] if content else []), *(calls or [])]
    response = {"id": "r", "object": "response", "model": "m", "status": end, "output": output, "usage": usage}
    items = [
        {"type": "response.output_item.done", "output_index": index, "item": item} for index, item in enumerate(output)
    ]
    created = {"type": "response.created", "response": {"id": "r", "model": "m", "status": "in_progress"}}
    last = {"type": f"response.{end}", "response": {**response, "output": []}}
    return sse(created, *items, last), json.dumps(response).encode()


def anthropic(content: Any = "", calls: Any = None, usage: Any = None, end: Any = "end_turn") -> tuple[bytes, bytes]:
    blocks = listed(content, calls)
    told: dict[str, Any] = usage or {}
    head: dict[str, Any] = {"id": "m", "type": "message", "role": "assistant", "model": "m"}
    events: list[Any] = [{"type": "message_start", "message": {**head, "content": [], "usage": told}}]
    for index, block in enumerate(blocks):
        shown = {"type": "text", "text": block} if isinstance(block, str) else block
        events += [
            {"type": "content_block_start", "index": index, "content_block": shown},
            {"type": "content_block_stop", "index": index},
        ]
    events += [{"type": "message_delta", "delta": {"stop_reason": end}, "usage": told}, {"type": "message_stop"}]
    whole = {**head, "content": blocks if calls else content, "stop_reason": end, "usage": told}
    return sse(*events), json.dumps(whole).encode()


def gemini(content: Any = "", calls: Any = None, usage: Any = None, end: Any = "STOP") -> tuple[bytes, bytes]:
    parts = listed(content, calls)
    told: dict[str, Any] = {"usage": usage} if usage else {}
    head = {"responseId": "r", "modelVersion": "m"}
    said = {**head, "candidates": [{"index": 0, "content": {"role": "model", "parts": parts}}]}
    last = {**head, "candidates": [{"index": 0, "finishReason": end}], **told}
    candidate = {"index": 0, "content": {"role": "model", "parts": parts}, "finishReason": end}
    return sse(said, last), json.dumps({**head, "candidates": [candidate], **told}).encode()


def cohere(content: Any = "", calls: Any = None, usage: Any = None, end: Any = "COMPLETE") -> tuple[bytes, bytes]:
    told: dict[str, Any] = {"usage": usage} if usage else {}
    blocks = listed(content)
    events: list[Any] = [{"type": "message-start", "id": "m", "delta": {"message": {"role": "assistant"}}}]
    events += [
        {"type": "content-start", "index": i, "delta": {"message": {"content": b}}} for i, b in enumerate(blocks)
    ]
    events += [
        {"type": "tool-call-start", "index": i, "delta": {"message": {"tool_calls": call}}}
        for i, call in enumerate(calls or ())
    ]
    events.append({"type": "message-end", "delta": {"finish_reason": end, **told}})
    message: dict[str, Any] = {"role": "assistant", "content": content, **({"tool_calls": calls} if calls else {})}
    return sse(*events), json.dumps({"id": "m", "message": message, "finish_reason": end, **told}).encode()


def ollama(content: Any = "", calls: Any = None, usage: Any = None, end: Any = "stop") -> tuple[bytes, bytes]:
    told: dict[str, Any] = {"usage": usage} if usage else {}
    message: dict[str, Any] = {"role": "assistant", "content": content, **({"tool_calls": calls} if calls else {})}
    line = {"model": "m", "created_at": "t", "message": message, "done": False}
    last = {"model": "m", "created_at": "t", "message": {"role": "assistant", "content": ""}, "done": True,
            "done_reason": end, **told}  # fmt: skip
    stream = b"".join(json.dumps(each).encode() + b"\n" for each in (line, last))
    return stream, json.dumps({**last, "message": message}).encode()


def converse(content: Any = "", calls: Any = None, usage: Any = None, end: Any = "end_turn") -> tuple[bytes, bytes]:
    blocks: list[Any] = listed(content, calls)
    events: list[tuple[str, Any]] = [("messageStart", {"role": "assistant"})]
    for index, block in enumerate(blocks):
        told: Any = {"text": block} if isinstance(block, str) else block
        used = as_object(as_object(told).get("toolUse"))
        delta = {"toolUse": {"input": json.dumps(used.get("input"))}} if used else told
        start = {"toolUse": {name: item for name, item in used.items() if name != "input"}} if used else {}
        events += [
            ("contentBlockStart", {"contentBlockIndex": index, "start": start}),
            ("contentBlockDelta", {"contentBlockIndex": index, "delta": delta}),
            ("contentBlockStop", {"contentBlockIndex": index}),
        ]
    events += [("messageStop", {"stopReason": end}), ("metadata", {"usage": usage or {}})]
    message = {"role": "assistant", "content": blocks if calls else content}
    whole = {"output": {"message": message}, "stopReason": end, "usage": usage or {}}
    stream = b"".join(binary.event(name, json.dumps(said).encode()) for name, said in events)
    return stream, json.dumps(whole).encode()


WIRES: dict[str, Build] = dict(zip(ROWS, (chat, responses, anthropic, gemini, cohere, ollama, converse), strict=True))


def both(row: str, **said: Any) -> list[tuple[Response, LLMError | None]]:
    """What each road makes of it."""
    found: list[tuple[Response, LLMError | None]] = []
    for stream, body in zip((True, False), WIRES[row](**said), strict=True):
        label = LABELS.get(row, "text/event-stream") if stream else "application/json"
        events = Road(find(row).dialect, stream=stream, content_type=label).read(body)
        found.append((response_of(events), error_of(events)))
    return found


# ---------------------------------------------------------------- usage

COUNTS: list[Any] = [
    {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16},
    {"input_tokens": 11, "output_tokens": 5},
    {"prompt_tokens": "11", "completion_tokens": 5.0},
    {"input_tokens": 11, "completion_tokens": 5},
    {"promptTokens": 11, "completionTokens": 5, "totalTokens": 16},
    {"promptTokenCount": 11, "candidatesTokenCount": 5},
    {"prompt_token_count": 11, "candidates_token_count": "5"},
    {"prompt_eval_count": 11, "eval_count": 5},
    [{"prompt_tokens": 11, "completion_tokens": 5}],
    [{"prompt_tokens": 11, "completion_tokens": 1}, {"completion_tokens": 5}],
    '{"prompt_tokens": 11, "completion_tokens": 5}',
    {"tokens": {"input_tokens": 11, "output_tokens": 5}},
]


@pytest.mark.parametrize("usage", COUNTS, ids=str)
@pytest.mark.parametrize("row", ROWS)
def test_usage_is_read_under_either_wire_s_names_and_in_other_shapes(row: str, usage: Any) -> None:
    for response, error in both(row, content="x", usage=usage):
        assert error is None
        assert (response.usage.input_tokens, response.usage.output_tokens) == (11, 5)


@pytest.mark.parametrize("usage", [[], [3, 5], "n/a", "{", "[1]", 5, True, {"usage": 3}], ids=str)
@pytest.mark.parametrize("row", ROWS)
def test_what_is_no_usage_costs_no_answer(row: str, usage: Any) -> None:
    for response, error in both(row, content="x", usage=usage):
        assert (error, response.text) == (None, "x")
        assert (response.usage.input_tokens, response.usage.output_tokens) == (None, None)


def test_a_later_count_under_another_name_is_the_later_one() -> None:
    start = {"type": "message_start", "message": {"id": "m", "usage": {"input_tokens": 3, "output_tokens": 1}}}
    end = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"completion_tokens": 5}}
    response = response_of(Road(find("anthropic").dialect).read_every_way(sse(start, end, {"type": "message_stop"})))
    assert (response.usage.input_tokens, response.usage.output_tokens) == (3, 5)


@pytest.mark.parametrize("count", [-1, 1e20, "many", None, True, [], {}])
@pytest.mark.parametrize("row", ROWS)
def test_what_is_no_count_is_none(row: str, count: Any) -> None:
    for response, error in both(row, content="x", usage={"prompt_tokens": count, "completion_tokens": 7.5}):
        assert error is None
        assert (response.usage.input_tokens, response.usage.output_tokens) == (None, 7)


# ---------------------------------------------------------------- content

SHAPES: list[Any] = [
    "Hello there",
    ["Hello ", "there"],
    [{"type": "text", "text": "Hello "}, {"type": "text", "text": "there"}],
    {"type": "text", "text": "Hello there"},
    [{"text": "Hello there"}],
    ["Hello ", {"type": "text", "text": "there"}],
]
BESIDE: dict[str, Any] = {
    "vllm": {"choices": {"index": 0, "message": "Hello there", "finish_reason": "stop"}},
    "openai-responses": {"status": "completed", "output": "Hello there"},
    "anthropic": {"type": "message", "content": "Hello there", "stop_reason": "end_turn"},
    "gemini": {"candidates": [{"content": {"text": "Hello there"}, "finishReason": "STOP"}]},
    "cohere": {"message": {"content": "Hello there"}, "finish_reason": "COMPLETE"},
    "ollama": {"response": "Hello there", "done": True},
    "bedrock-converse": {"output": {"message": {"content": "Hello there"}}, "stopReason": "end_turn"},
}
"""The text, and nothing of what it stands in as a rule."""
UNKNOWN: list[Any] = [
    [{"type": "hologram", "x": 1}],
    {"type": "hologram", "x": 1},
    [[["deep"]]],
    [{"x": "y"}],
    [{"type": "text", "content": "Hello"}],
    12.5,
    True,
]


@pytest.mark.parametrize("content", SHAPES, ids=str)
@pytest.mark.parametrize("row", ROWS)
def test_content_of_another_shape_is_read_or_told(row: str, content: Any) -> None:
    for response, error in both(row, content=content):
        if error is None:
            assert response.text == "Hello there"
            assert response.finish_reason == "stop"
        else:
            assert type(error) is MalformedStream


@pytest.mark.parametrize("row", ROWS)
def test_text_that_stands_alone_is_read(row: str) -> None:
    road = Road(find(row).dialect, stream=False, content_type="application/json")
    events = road.read_every_way(json.dumps(BESIDE[row]).encode())
    assert (error_of(events), response_of(events).text) == (None, "Hello there")


SNAKE = [
    {"candidates": [{"content": {"parts": [{"text": "Hello "}]}}], "response_id": "r", "model_version": "m"},
    {"candidates": [{"content": {"parts": [{"function_call": {"name": "f", "args": {"a": 1}}}]}}], "response_id": "r"},
    {"candidates": [{"finish_reason": "STOP"}], "usage_metadata": {"prompt_token_count": 3}, "response_id": "r"},
]


def test_gemini_in_snake_case_is_gemini() -> None:
    response = response_of(Road(find("gemini").dialect).read_every_way(sse(*SNAKE)))
    assert (response.text, response.tool_calls[0].parsed(), response.finish_reason) == (
        "Hello ",
        {"a": 1},
        "tool_calls",
    )
    assert (response.id, response.model, response.usage.input_tokens) == ("r", "m", 3)
    assert response.provider_data == {}


@pytest.mark.parametrize("content", UNKNOWN, ids=str)
@pytest.mark.parametrize("row", ROWS)
def test_content_that_nobody_can_read_is_never_an_empty_stop(row: str, content: Any) -> None:
    for response, error in both(row, content=content):
        if error is None:
            assert response.text or response.finish_reason != "stop", (response, content)


# ---------------------------------------------------------------- calls


def function(row: str, name: str | None, arguments: Any, id: str = "c1") -> dict[str, Any]:
    """A whole call as the wire has it; name None: it has none."""
    named = {} if name is None else {"name": name}
    text = json.dumps(arguments)
    match row:
        case "vllm" | "cohere":
            return {"id": id, "type": "function", "index": 0, "function": {**named, "arguments": text}}
        case "openai-responses":
            return {
                "type": "function_call",
                "id": "fc",
                "call_id": id,
                **named,
                "arguments": text,
                "status": "completed",
            }
        case "anthropic":
            return {"type": "tool_use", "id": id, **named, "input": arguments}
        case "gemini":
            return {"functionCall": {**named, "args": arguments}}
        case "bedrock-converse":
            return {"toolUse": {"toolUseId": id, **named, "input": arguments}}
        case _:
            return {"function": {**named, "arguments": arguments}}


@pytest.mark.parametrize("row", ROWS)
def test_a_call_without_a_name_never_vanishes(row: str) -> None:
    for response, error in both(row, calls=[function(row, None, {"a": 1})]):
        assert type(error) is MalformedStream or response.tool_calls, (response, error)
        assert error is None or error.permanent, "it was paid, and asked again it ends no better"


def renamed(value: Any, own: tuple[str, ...], name: str) -> Any:
    """With this name for the arguments of the call."""
    if is_list(value):
        return [renamed(item, own, name) for item in value]
    if not is_object(value):
        return value
    return {(name if key in own else key): renamed(item, own, name) for key, item in value.items()}


@pytest.mark.parametrize("name", ["arguments", "input", "args", "parameters"])
@pytest.mark.parametrize("row", TEXTUAL)
def test_arguments_under_the_name_of_another_wire_are_arguments(row: str, name: str) -> None:
    call = renamed(function(row, "look", {"a": 1}), ("arguments", "input", "args"), name)
    for response, error in both(row, calls=[call]):
        assert (error, [call.parsed() for call in response.tool_calls]) == (None, [{"a": 1}])


@pytest.mark.parametrize("row", ["vllm", "cohere", "ollama"])
def test_a_call_that_has_its_name_beside_its_id_is_a_call(row: str) -> None:
    called = function(row, "look", {"a": 1})
    flat = {**{key: item for key, item in called.items() if key != "function"}, **called["function"]}
    for end in ({}, {"end": CALL_WORDS.get(row, "stop")}):
        for response, error in both(row, calls=[flat], **end):
            assert (error, [(call.name, call.parsed()) for call in response.tool_calls]) == (None, [("look", {"a": 1})])


CALL_WORDS = {"vllm": "tool_calls", "anthropic": "tool_use", "cohere": "TOOL_CALL", "bedrock-converse": "tool_use"}


@pytest.mark.parametrize("row", CALL_WORDS)
def test_a_word_that_says_calls_without_any_is_a_fault(row: str) -> None:
    for _, error in both(row, content="x", end=CALL_WORDS[row]):
        assert type(error) is MalformedStream


@pytest.mark.parametrize("row", ROWS)
def test_whole_calls_beside_any_good_word_are_calls(row: str) -> None:
    for response, error in both(row, calls=[function(row, "look", {"a": 1})]):
        assert error is None
        assert [(call.name, call.parsed()) for call in response.tool_calls] == [("look", {"a": 1})]
        assert response.finish_reason == "tool_calls"


CONTAINERS: list[Any] = [
    json.dumps([{"id": "c1", "function": {"name": "look", "arguments": '{"a": 1}'}}]),
    {"0": {"id": "c1", "function": {"name": "look", "arguments": '{"a": 1}'}}},
    [[{"id": "c1", "function": {"name": "look", "arguments": '{"a": 1}'}}]],
    [{"tool_call": {"name": "look", "arguments": {"a": 1}}}],
    ["look"],
    "look",
    5,
]


@pytest.mark.parametrize("calls", CONTAINERS, ids=str)
@pytest.mark.parametrize("row", ["vllm", "cohere", "ollama"])
def test_calls_in_another_shape_never_vanish(row: str, calls: Any) -> None:
    for response, error in both(row, calls=calls) if row != "cohere" else both_of_cohere(calls):
        if error is None:
            assert [(call.name, call.parsed()) for call in response.tool_calls] == [("look", {"a": 1})]
        else:
            assert type(error) is MalformedStream


def both_of_cohere(calls: Any) -> list[tuple[Response, LLMError | None]]:
    """A list of calls is one event's for the builder above."""
    body = json.dumps({"id": "m", "message": {"content": [], "tool_calls": calls}, "finish_reason": "COMPLETE"})
    events = Road(find("cohere").dialect, stream=False, content_type="application/json").read(body.encode())
    return [(response_of(events), error_of(events))]


@pytest.mark.parametrize("calls", ["", [], None, False, [{}]], ids=str)
def test_no_calls_in_any_shape_are_none(calls: Any) -> None:
    for row in ("vllm", "ollama"):
        for response, error in both(row, content="x", calls=[calls] if calls is False else calls):
            assert (error is None) == (calls is not False)
            assert response.tool_calls == ()


def test_a_flat_call_goes_on_flat() -> None:
    pieces: list[Any] = [{"index": 0, "id": "c1", "name": "look", "arguments": ""}, {"index": 0, "arguments": '{"a":'}]
    pieces.append({"index": 0, "arguments": " 1}"})
    chunks: list[Any] = [{"id": "c", "choices": [{"index": 0, "delta": {"tool_calls": [piece]}}]} for piece in pieces]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]})
    (call,) = response_of(Road(find("vllm").dialect).read_every_way(sse(*chunks))).tool_calls
    assert (call.name, call.parsed()) == ("look", {"a": 1})


# ---------------------------------------------------------------- reasoning


@pytest.mark.parametrize("said", ["hm", {"text": "hm"}, [{"type": "text", "text": "hm"}], ["h", "m"]], ids=str)
@pytest.mark.parametrize("name", ["thinking", "reasoning", "reasoning_content", "reasoning_text"])
@pytest.mark.parametrize("row", ["vllm", "cohere", "ollama"])
def test_reasoning_under_the_name_of_another_wire_is_reasoning(row: str, name: str, said: Any) -> None:
    if name == "thinking" and row != "vllm" and not isinstance(said, str):
        return  # the wire's own name, whose shape its own tests hold
    message = {"role": "assistant", "content": "x", name: said}
    bodies: dict[str, Any] = {
        "vllm": {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]},
        "cohere": {"id": "m", "message": message, "finish_reason": "COMPLETE"},
        "ollama": {"model": "m", "message": message, "done": True, "done_reason": "stop"},
    }
    road = Road(find(row).dialect, stream=False, content_type="application/json")
    events = road.read_every_way(json.dumps(bodies[row]).encode())
    assert (error_of(events), response_of(events).thinking, response_of(events).text) == (None, "hm", "x")


@pytest.mark.parametrize("kind", ["reasoning", "reasoning_content", "thinking"])
@pytest.mark.parametrize("row", ["cohere", "anthropic"])
def test_a_block_of_reasoning_is_reasoning_whatever_it_is_called(row: str, kind: str) -> None:
    for response, error in both(row, content=[{"type": kind, kind: "hm"}, {"type": "text", "text": "x"}]):
        assert (error, response.thinking, response.text) == (None, "hm", "x")


LAST = '{"c": "cat /home", "d": 1}'


def restated(row: str, *pieces: str) -> bytes:
    """A stream in which a call's arguments come in these pieces."""
    if row == "vllm":
        first = {"index": 0, "id": "c1", "function": {"name": "look", "arguments": ""}}
        parts = [[first], *([{"index": 0, "function": {"arguments": piece}}] for piece in pieces)]
        chunks = [{"id": "c", "model": "m", "choices": [{"index": 0, "delta": {"tool_calls": p}}]} for p in parts]
        return sse(*chunks, {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]})
    if row == "anthropic":
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
        events = [{"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas]
        block: dict[str, Any] = {"type": "tool_use", "id": "c1", "name": "look", "input": {}}
        return sse({"type": "message_start", "message": {"id": "m", "model": "m"}},
                   {"type": "content_block_start", "index": 0, "content_block": block}, *events,
                   {"type": "content_block_stop", "index": 0},
                   {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
                   {"type": "message_stop"})  # fmt: skip
    if row == "bedrock-converse":
        told: list[tuple[str, Any]] = [
            ("contentBlockStart", {"contentBlockIndex": 0, "start": {"toolUse": {"toolUseId": "c1", "name": "look"}}}),
            *(("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"toolUse": {"input": p}}}) for p in pieces),
            ("messageStop", {"stopReason": "tool_use"}),
            ("metadata", {}),
        ]
        return b"".join(binary.event(name, json.dumps(data).encode()) for name, data in told)
    start = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": ""}}
    said = [{"message": {"tool_calls": {"function": {"arguments": piece}}}} for piece in pieces]
    calls = [{"type": "tool-call-delta", "index": 0, "delta": delta} for delta in said]
    return sse({"type": "message-start", "id": "m"},
               {"type": "tool-call-start", "index": 0, "delta": {"message": {"tool_calls": start}}}, *calls,
               {"type": "message-end", "delta": {"finish_reason": "TOOL_CALL"}})  # fmt: skip


@pytest.mark.parametrize("row", CALL_WORDS)
@pytest.mark.parametrize(
    "pieces",
    [
        ('{"c": "ls"}', '{"c": "ls"}'),
        ('{"c": "cat"}', '{"c": "cat /home"}', LAST),
        ('{"c": ', '"ls"}', '{"c": "ls"}'),
        ("{}", '{"c": "ls"}'),
        ("null", '{"c": "ls"}'),
        ('{"c": "ls"}', "{}"),
        ('{"c": ', '"ls"}', " {}", "null"),
    ],
)
def test_arguments_that_are_said_again_are_said_once(row: str, pieces: tuple[str, ...]) -> None:
    events = Road(find(row).dialect, content_type=LABELS.get(row, "text/event-stream")).read(restated(row, *pieces))
    assert error_of(events) is None
    meant = json.loads(LAST) if LAST in pieces else {"c": "ls"}
    assert [call.parsed() for call in response_of(events).tool_calls] == [meant]


@pytest.mark.parametrize("row", CALL_WORDS)
def test_arguments_that_do_not_agree_are_a_fault(row: str) -> None:
    road = Road(find(row).dialect, content_type=LABELS.get(row, "text/event-stream"))
    assert type(error_of(road.read(restated(row, '{"c": 1}', '{"d": 2}')))) is MalformedStream


# ---------------------------------------------------------------- ends


@pytest.mark.parametrize("row", ROWS)
def test_a_stream_without_its_end_is_cut_and_a_whole_body_with_garbage_behind_it_is_not(row: str) -> None:
    stream, body = WIRES[row](content="one two")
    last = stream.rindex(b"\n\n" if row != "ollama" else b"\n", 0, -2) if row in TEXTUAL else -5
    cut = stream[:last]
    if row == "vllm":
        cut = cut[: cut.rindex(b"data:")]
    events = Road(find(row).dialect, content_type=LABELS.get(row, "text/event-stream"))
    assert type(error_of(events.read(cut))) is StreamTruncated
    whole = Road(find(row).dialect, stream=False, content_type="application/json")
    for behind in (b"garbage", b"\0", b"}"):
        error = error_of(whole.read(body + behind))
        assert not isinstance(error, StreamTruncated), (behind, error)


# ---------------------------------------------------------------- errors where an answer was due

NO_MONEY: list[Any] = [
    {"error": {"message": "insufficient balance"}},
    [{"error": {"message": "insufficient balance"}}],
    {"error": True, "reason": "insufficient balance"},
    {"title": "Payment Required", "status": 402},
]


@pytest.mark.parametrize("said", NO_MONEY, ids=str)
@pytest.mark.parametrize("row", TEXTUAL)
def test_an_envelope_in_any_place_is_the_error_that_it_tells(row: str, said: Any) -> None:
    stream, _ = WIRES[row](content="Hi")
    text = json.dumps(said).encode()
    first = stream.index(b"\n") + 1 if row == "ollama" else stream.index(b"\n\n") + 2
    forms = [text + b"\n\n"] if row == "ollama" else [b"data: " + text + b"\n\n", text + b"\n\n"]
    label = "application/x-ndjson" if row == "ollama" else "text/event-stream"
    for form in forms:
        before = [] if form[:1] == b"[" else [form + stream]  # what begins as a list is no stream
        for body in (*before, stream[:first] + form + stream[first:], form):
            error = error_of(Road(find(row).dialect, content_type=label).read(body))
            assert type(error) is InsufficientCreditsError, (body, error)
    for asked in (True, False):
        for indent in (None, 2):
            body = json.dumps(said, indent=indent).encode()
            error = error_of(Road(find(row).dialect, stream=asked, content_type="application/json").read(body))
            assert type(error) is InsufficientCreditsError, (body, error)
