"""Slips of servers and gateways that are met on several wires: a null that is text, an index that is none, frames run
together, content beside the place where it belongs. Nothing of an answer is lost to them, and nothing passes for its
end.

source: public reports about gateways that translate one wire into another, read 2026-11; all values are invented.
"""

import json
from typing import Any

import pytest

from aikido_llm.errors import InsufficientCreditsError, MalformedStream, ServerError, StreamTruncated
from aikido_llm.providers import find
from aikido_llm.types.response import FinishReason, Response
from tests import binary
from tests.dialects.test_kinds import LABELS, ROWS, WIRES, both, sse
from tests.wire import Road, error_of, response_of

ENDS_BY_ITS_WORD = ["vllm", "anthropic", "gemini", "cohere"]


def named(*events: dict[str, Any]) -> bytes:
    return b"".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events)


def road(row: str, body: bytes, *, stream: bool = True) -> Road:
    label = LABELS.get(row, "text/event-stream")
    return Road(find(row).dialect, stream=stream, content_type=label if stream else "application/json")


def answer(row: str, body: bytes, *, stream: bool = True) -> Response:
    events = road(row, body, stream=stream).read(body)
    assert error_of(events) is None, repr(error_of(events))
    return response_of(events)


def choice(delta: Any = None, finish: Any = None, **beside: Any) -> dict[str, Any]:
    said = {"index": 0, "delta": delta, "finish_reason": finish, **beside}
    return {"id": "c1", "model": "m", "choices": [said]}


def call(arguments: str | None = None, name: str | None = None, id: str | None = None, **more: Any) -> dict[str, Any]:
    function = {key: item for key, item in (("name", name), ("arguments", arguments)) if item is not None}
    return {"tool_calls": [{**({"id": id} if id else {}), "function": function, **more}]}


LOOK = {"id": "a", "type": "function", "function": {"name": "look", "arguments": '{"a": 1}'}}


# ---------------------------------------------------------------- words


@pytest.mark.parametrize("word", ["null", "None", "undefined"])
@pytest.mark.parametrize("row", ENDS_BY_ITS_WORD)
def test_a_null_that_is_text_ends_nothing(row: str, word: str) -> None:
    for response, error in both(row, content=[{"type": "text", "text": "Hi"}] if row != "gemini" else "Hi", end=word):
        assert isinstance(error, StreamTruncated) or (response.finish_reason, response.complete) == ("other", False)


def test_a_null_that_is_text_with_every_chunk_is_not_the_end() -> None:
    chunks = [choice({"content": "Hel"}, "null"), choice({"content": "lo"}, "null")]
    assert isinstance(error_of(road("vllm", b"").read(sse(*chunks))), StreamTruncated)
    response = answer("vllm", sse(*chunks, choice({}, "stop")))
    assert (response.text, response.finish_reason, response.raw_finish_reason) == ("Hello", "stop", "stop")


def test_the_default_of_gemini_s_enumeration_yields_to_a_word() -> None:
    def chunk(text: str, word: str) -> dict[str, Any]:
        return {"candidates": [{"index": 0, "content": {"parts": [{"text": text}]}, "finishReason": word}]}

    response = answer("gemini", sse(chunk("a", "FINISH_REASON_UNSPECIFIED"), chunk("b", "STOP")))
    assert (response.text, response.finish_reason) == ("ab", "stop")


@pytest.mark.parametrize(
    ("word", "reason"),
    [("eos_token", "stop"), (1, "other"), ("content_filter: RECITATION", "content_filter"),
     ("function_call_filter: MALFORMED_FUNCTION_CALL", "error"), ("malformed_function_call", "error")],
)  # fmt: skip
def test_words_of_other_servers_on_the_chat_wire(word: Any, reason: str) -> None:
    for response, error in both("vllm", content="Hi", end=word):
        assert (response.finish_reason, response.raw_finish_reason) == (reason, str(word))
        assert (error is None) == (reason in ("stop", "other"))


# ---------------------------------------------------------------- calls


@pytest.mark.parametrize("one", [("0", "1"), (0.0, 1.0)])
def test_an_index_that_is_text_or_a_fraction_is_an_index(one: Any) -> None:
    first, second = one
    chat = answer("vllm", sse(
        choice(call('{"a"', "f", "x", index=first)), choice(call('{"b"', "g", "y", index=second)),
        choice(call(":1}", index=first)), choice(call(":2}", index=second)), choice({}, "tool_calls"),
    ))  # fmt: skip

    def event(kind: str, index: Any, **said: Any) -> dict[str, Any]:
        return {"type": f"tool-call-{kind}", "index": index, "delta": {"message": {"tool_calls": said}}}

    cohere = answer("cohere", named(
        event("start", first, id="x", function={"name": "f"}), event("start", second, id="y", function={"name": "g"}),
        event("delta", first, function={"arguments": '{"a":1}'}),
        event("delta", second, function={"arguments": '{"b":2}'}),
        {"type": "message-end", "delta": {"finish_reason": "TOOL_CALL"}},
    ))  # fmt: skip

    def block(name: str, index: Any, **said: Any) -> bytes:
        return binary.event(name, json.dumps({"contentBlockIndex": index, **said}).encode())

    starts = [block("contentBlockStart", index, start={"toolUse": {"toolUseId": id, "name": name}})
              for index, id, name in ((first, "x", "f"), (second, "y", "g"))]  # fmt: skip
    deltas = [block("contentBlockDelta", index, delta={"toolUse": {"input": text}})
              for index, text in ((first, '{"a":1}'), (second, '{"b":2}'))]  # fmt: skip
    stop, told = ({"stopReason": "tool_use"}, {"usage": {"inputTokens": 1}})
    ended = binary.event("messageStop", json.dumps(stop).encode()) + binary.event("metadata", json.dumps(told).encode())
    converse = answer("bedrock-converse", b"".join((*starts, *deltas, ended)))
    for response in (chat, cohere, converse):
        assert [(c.name, c.arguments) for c in response.tool_calls] == [("f", '{"a":1}'), ("g", '{"b":2}')]


def test_an_id_that_is_a_number_is_kept() -> None:
    for row, calls in (
        ("vllm", [{**LOOK, "id": 12}]), ("cohere", [{**LOOK, "id": 12}]),
        ("anthropic", [{"type": "tool_use", "id": 12, "name": "look", "input": {"a": 1}}]),
    ):  # fmt: skip
        for response, error in both(row, calls=calls, end={"vllm": "tool_calls"}.get(row, "tool_use")):
            assert error is None
            assert [c.id for c in response.tool_calls] == ["12"], row


def test_a_call_that_is_said_again_in_the_old_way_is_one() -> None:
    message = {"role": "assistant", "content": None, "tool_calls": [LOOK], "function_call": LOOK["function"]}
    body = {"id": "c1", "model": "m", "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}
    assert len(answer("vllm", json.dumps(body).encode(), stream=False).tool_calls) == 1
    assert len(answer("vllm", sse(choice({**message}, "tool_calls"))).tool_calls) == 1


def test_a_call_that_a_later_line_says_again_is_one() -> None:
    def line(done: bool) -> bytes:
        said = {"id": "c1", "function": {"name": "look", "arguments": {"a": 1}}}
        message = {"role": "assistant", "content": "", "tool_calls": [said]}
        return json.dumps({"model": "m", "created_at": "t", "message": message, "done": done}).encode() + b"\n"

    assert [c.arguments for c in answer("ollama", line(False) + line(True)).tool_calls] == ['{"a":1}']


def test_arguments_as_an_object_in_a_piece_of_the_messages_wire() -> None:
    events = named(
        {"type": "message_start", "message": {"id": "m", "model": "m", "usage": {"input_tokens": 3}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": "t", "name": "f"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": {"a": 1}}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
        {"type": "message_stop", "usage": {"output_tokens": 7}},
    )  # fmt: skip
    response = answer("anthropic", events)
    assert [c.arguments for c in response.tool_calls] == ['{"a":1}']
    assert (response.usage.input_tokens, response.usage.output_tokens) == (3, 7), "hosts have put counts at the end"


# ---------------------------------------------------------------- content beside its place


@pytest.mark.parametrize("stream", [True, False])
def test_content_in_the_choice_itself_is_content(stream: bool) -> None:
    said: dict[str, Any] = {
        "index": 0,
        "content": "Hi",
        "reasoning": "hm",
        "tool_calls": [LOOK],
        "finish_reason": "tool_calls",
    }
    body = {"id": "c1", "model": "m", "choices": [said]}
    response = answer("vllm", sse(body) if stream else json.dumps(body).encode(), stream=stream)
    assert (response.text, response.thinking, len(response.tool_calls)) == ("Hi", "hm", 1)
    assert response.provider_data == {}


@pytest.mark.parametrize("texts", [("Hel", "lo"), ("Hel", "Hello", "Hello")], ids=["pieces", "growing"])
def test_a_stream_of_messages_instead_of_deltas(texts: tuple[str, ...]) -> None:
    chunks = [choice(None, None, message={"role": "assistant", "content": text}) for text in texts]
    assert answer("vllm", sse(*chunks, choice({}, "stop"))).text == "Hello"


def test_calls_that_only_the_last_message_of_a_stream_has() -> None:
    last = choice({}, "tool_calls", message={"role": "assistant", "content": "Hi", "tool_calls": [LOOK]})
    response = answer("vllm", sse(choice({"content": "Hi"}), last))
    assert (response.text, [c.arguments for c in response.tool_calls]) == ("Hi", ['{"a": 1}'])


@pytest.mark.parametrize("stream", [True, False])
def test_calls_that_stand_in_a_choice_of_their_own(stream: bool) -> None:
    name = "delta" if stream else "message"
    first = {"index": 0, name: {"content": "I look."}, "finish_reason": "tool_calls"}
    second = {"index": 1, name: {"content": None, "tool_calls": [{**LOOK, "index": 0}]}, "finish_reason": "tool_calls"}
    body = {"id": "c1", "model": "m", "choices": [first, second]}
    response = answer("vllm", sse(body) if stream else json.dumps(body).encode(), stream=stream)
    assert (response.text, response.finish_reason, response.choices) == ("I look.", "tool_calls", ())
    assert [(c.id, c.name, c.arguments) for c in response.tool_calls] == [("a", "look", '{"a": 1}')]


def test_messages_beside_deltas_say_nothing_again() -> None:
    first = choice({"content": "a"}, None, message={"content": "a"})
    assert answer("vllm", sse(first, choice({"content": "b"}, "stop", message={"content": "ab"}))).text == "ab"


@pytest.mark.parametrize("details", ["hm", {"type": "reasoning.text", "text": "hm"}], ids=["text", "object"])
def test_reasoning_details_in_another_shape(details: Any) -> None:
    assert (
        answer("vllm", sse(choice({"reasoning_details": details}), choice({"content": "x"}, "stop"))).thinking == "hm"
    )


def test_a_refusal_in_an_object_is_a_refusal() -> None:
    response = response_of(road("vllm", b"").read(sse(choice({"refusal": {"text": "No."}}, "stop"))))
    assert (response.text, response.finish_reason) == ("No.", "content_filter")


def test_a_list_where_a_message_is_due_is_a_fault() -> None:
    body = sse(choice(None, "stop", message=[{"content": "Hi"}]))
    assert isinstance(error_of(road("vllm", body).read(body)), MalformedStream)
    assert answer("vllm", sse(choice({"content": "x"}), choice([], "stop"))).text == "x", "an empty one is PHP's object"


def test_counts_as_the_messages_wire_has_them_are_added_up() -> None:
    said = {"input_tokens": 10, "output_tokens": 4, "cache_read_input_tokens": 20, "cache_creation_input_tokens": 5}
    usage = answer("vllm", sse({**choice({"content": "x"}, "stop"), "usage": said})).usage
    assert (usage.input_tokens, usage.cache_read_tokens, usage.cache_write_tokens) == (35, 20, 5)
    usage = answer("vllm", sse({**choice({"content": "x"}, "stop"), "usage": {**said, "prompt_tokens": 35}})).usage
    assert (usage.input_tokens, usage.cache_read_tokens) == (35, 20), "the chat wire's own count holds them"


# ---------------------------------------------------------------- frames run together

SAID = [choice({"content": "Hel"}), choice({"content": "lo"}), choice({}, "stop")]
ENDED = sse(*SAID) + b"data: [DONE]\n\n"


@pytest.mark.parametrize("row", [row for row in ROWS if row not in ("ollama", "bedrock-converse")])
def test_events_without_a_blank_line_between_them(row: str) -> None:
    body, _ = WIRES[row](content=[{"type": "text", "text": "Hi"}] if row != "gemini" else "Hi")
    response = answer(row, body.replace(b"\n\n", b"\n"))
    assert (response.text, response.finish_reason) == ("Hi", "stop")


def test_the_field_s_name_twice() -> None:
    assert answer("vllm", b"".join(b"data: " + event + b"\n\n" for event in ENDED.split(b"\n\n")[:-1])).text == "Hello"


def test_two_lines_in_one() -> None:
    def line(text: str, done: bool) -> bytes:
        return json.dumps({"model": "m", "created_at": "t", "message": {"content": text}, "done": done}).encode()

    for stream in (True, False):
        body = line("Hel", False) + line("lo", False) + line("", True)
        assert answer("ollama", body, stream=stream).text == "Hello"
        cut = body[:-9]
        assert isinstance(error_of(road("ollama", cut, stream=stream).read(cut)), StreamTruncated | MalformedStream)


@pytest.mark.parametrize(
    ("row", "begun"),
    [("vllm", b'data: {"id":"c1","choices":[{"index":0,"delta":{"cont\n'),
     ("openai-responses", b'event: response.completed\ndata: {"type":"response.completed","response":{"id":"r\n')],
)  # fmt: skip
def test_an_error_behind_an_event_that_never_ended(row: str, begun: bytes) -> None:
    body = begun + b'data: {"type":"error","error":{"type":"upstream_error","message":"the line broke"}}\n\n'
    error = error_of(road(row, body).read(body))
    assert isinstance(error, ServerError)
    assert "the line broke" in str(error)


def test_a_heartbeat_within_an_event_is_a_fault() -> None:
    body = (
        sse(SAID[0]) + b'data: {"id":"c1","choices":[{"index":0,"delta":{"cont: heartbeat\n\nent":"y"}}]}\n\n' + ENDED
    )
    assert isinstance(error_of(road("vllm", body).read(body)), MalformedStream)


def test_one_document_on_several_lines_is_one() -> None:
    pretty = b"".join(b"data: " + line + b"\n" for line in json.dumps(SAID[0], indent=1).encode().split(b"\n")) + b"\n"
    assert answer("vllm", pretty + sse(SAID[1], SAID[2])).text == "Hello"


@pytest.mark.parametrize("holder", ["ResponseMetadata", "Response"])
def test_an_error_in_an_object_of_the_gateway(holder: str) -> None:
    said = {holder: {"RequestId": "r", "Error": {"Code": "AccountOverdueError", "Message": "overdue payment"}}}
    body = json.dumps(said).encode()
    for stream in (True, False):
        assert isinstance(error_of(road("vllm", body, stream=stream).read(body)), InsufficientCreditsError)


# ---------------------------------------------------------------- names of events


@pytest.mark.parametrize("row", ["vllm", "openai-responses", "anthropic", "gemini", "cohere"])
@pytest.mark.parametrize("name", ["Error", "ERROR"])
def test_an_event_named_error_in_any_case_is_one(row: str, name: str) -> None:
    body = f'event: {name}\ndata: {{"message": "the line broke"}}\n\n'.encode()
    assert "the line broke" in str(error_of(road(row, body).read(body)))


def test_an_error_of_the_responses_wire_under_a_gateway_s_name() -> None:
    said = {"type": "response.error", "error": {"code": "server_error", "message": "the line broke"}}
    assert "the line broke" in str(error_of(road("openai-responses", b"").read(named(said))))


@pytest.mark.parametrize("beat", [b"[PING]", b"[HEARTBEAT]", b"<keep-alive>", b"(ping)"])
@pytest.mark.parametrize("row", ["vllm", "gemini"])
def test_a_heartbeat_in_brackets_is_nothing(row: str, beat: bytes) -> None:
    body, _ = WIRES[row](content="Hi")
    assert answer(row, b"data: " + beat + b"\n\n" + body).text == "Hi"


# ---------------------------------------------------------------- Responses items


def test_a_call_that_only_the_end_of_its_arguments_names() -> None:
    done = {
        "type": "response.function_call_arguments.done",
        "output_index": 0,
        "item_id": "fc_1",
        "name": "look",
        "arguments": '{"a":1}',
    }
    end: dict[str, Any] = {"type": "response.completed", "response": {"id": "r", "status": "completed", "output": []}}
    item = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "look", "arguments": '{"a":1}'}
    (call,) = answer("openai-responses", named(done, end)).tool_calls
    assert (call.name, call.arguments) == ("look", '{"a":1}')
    told = {"type": "response.output_item.done", "output_index": 0, "item": item}
    (call,) = answer("openai-responses", named(done, told, end)).tool_calls
    assert call.id == "c1", "the id to answer to comes with the item"
    added = {"type": "response.output_item.added", "output_index": 0, "item": {**item, "name": "", "arguments": ""}}
    (call,) = answer("openai-responses", named(added, done, end)).tool_calls
    assert (call.id, call.name, call.arguments) == ("c1", "look", '{"a":1}')


def test_a_call_of_a_kind_to_come_that_nobody_answered_is_no_stop() -> None:
    item = {"type": "teleport_call", "id": "t1", "call_id": "c1", "status": "completed", "arguments": "{}"}
    body = json.dumps({"id": "r", "status": "completed", "output": [item]}).encode()
    assert answer("openai-responses", body, stream=False).finish_reason is FinishReason.other
    text = {"type": "message", "content": [{"type": "output_text", "text": "I will."}]}
    for output, reason in (([text, item], "other"), ([item, text], "stop"), ([{**item, "output": "there"}], "stop")):
        body = json.dumps({"id": "r", "status": "completed", "output": output}).encode()
        assert answer("openai-responses", body, stream=False).finish_reason == reason
