"""Hand-written answers, one per rule of the wire: read whole, in pieces, byte by byte, and cut at every offset."""

import base64
import json
from collections.abc import Sequence
from typing import Any

import pytest

from aikido_llm.dialects.openai_responses import OpenAIResponses
from aikido_llm.errors import (
    ContentFilteredError,
    InsufficientCreditsError,
    InvalidRequestError,
    MalformedStream,
    OverloadedError,
    ServerError,
    StreamTruncated,
)
from aikido_llm.framing import WHOLE
from aikido_llm.retry import is_retryable
from aikido_llm.types.citations import Citation
from aikido_llm.types.events import Event, ImageEvent, TextDelta, ThinkingDelta, ToolCallDelta, ToolCallStart
from aikido_llm.types.exchange import ResumeToken
from aikido_llm.types.parts import ImagePart
from aikido_llm.types.request import Request
from aikido_llm.types.response import FinishReason, Response
from aikido_llm.types.server_tools import ServerToolCall
from aikido_llm.types.tools import ToolCall
from tests.wire import ANY_REQUEST, Road, error_of, response_of

pytestmark = pytest.mark.deep  # cut anywhere (tests/wire.py)

DIALECT = OpenAIResponses()
USAGE = {
    "input_tokens": 30,
    "input_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 2},
    "output_tokens": 12,
    "output_tokens_details": {"reasoning_tokens": 4},
    "total_tokens": 42,
}
PNG = b"\x89PNG\r\n\x1a\n picture"
Json = dict[str, Any]


def event(kind: str, **fields: Any) -> Json:
    return {"type": f"response.{kind}", **fields}


def created() -> Json:
    return event("created", response={"id": "resp_1", "model": "m-2026", "status": "in_progress", "usage": None})


def completed(status: str = "completed", **fields: Any) -> Json:
    return event(status, response={"id": "resp_1", "model": "m-2026", "status": status, "usage": USAGE, **fields})


def added(index: int, **item: Any) -> Json:
    return event("output_item.added", output_index=index, item=item)


def done(index: int, **item: Any) -> Json:
    return event("output_item.done", output_index=index, item=item)


def text(delta: Any, index: int = 0, part: int = 0) -> Json:
    return event("output_text.delta", output_index=index, content_index=part, item_id="msg_1", delta=delta)


def said(value: str, **fields: Any) -> Json:
    """A finished message item."""
    parts: list[Json] = [{"type": "output_text", "text": value, "annotations": []}]
    return {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": parts, **fields}


def called(name: str = "add", arguments: Any = '{"a":1}', id: str = "call_1", **fields: Any) -> Json:
    """A finished function_call item."""
    return {"type": "function_call", "id": "fc_1", "call_id": id, "name": name, "arguments": arguments, **fields}


def sse(events: Sequence[Json], *, names: bool = True) -> bytes:
    lines = [(f"event: {e['type']}\n" if names else "") + f"data: {json.dumps(e)}\n\n" for e in events]
    return "".join(lines).encode()


def read(*events: Json, dialect: OpenAIResponses = DIALECT, request: Request = ANY_REQUEST) -> list[Event]:
    """The events of a stream, after it was cut at every offset before its last event's end."""
    body = sse(events)
    road = Road(dialect, request=request)
    road.check_prefixes(body, len(body.rstrip()))
    assert isinstance(error_of(road.read(body[: len(body.rstrip()) - 1])), StreamTruncated)
    return road.read_every_way(body)


def read_whole(body: Json, dialect: OpenAIResponses = DIALECT) -> list[Event]:
    road = Road(dialect, stream=False, content_type="application/json")
    return road.read_every_way(json.dumps(body).encode())


def answer(*events: Json, **how: Any) -> Response:
    found = read(*events, **how)
    assert error_of(found) is None
    return response_of(found)


def body(*output: Json, **fields: Any) -> Json:
    return {"id": "resp_1", "model": "m-2026", "status": "completed", "output": list(output), "usage": USAGE} | fields


# ------------------------------------------------------------------------------------------------------ text


def test_text_comes_delta_by_delta_and_is_not_repeated_by_the_finished_values() -> None:
    events = read(
        created(),
        added(0, type="message", id="msg_1", content=[]),
        event("content_part.added", output_index=0, content_index=0, part={"type": "output_text", "text": ""}),
        text("Hi "),
        text("there"),
        event("output_text.done", output_index=0, content_index=0, text="Hi there"),
        event("content_part.done", output_index=0, content_index=0, part={"type": "output_text", "text": "Hi there"}),
        done(0, **said("Hi there")),
        completed(output=[said("Hi there")]),
    )
    assert [e for e in events if isinstance(e, TextDelta)] == [TextDelta("Hi "), TextDelta("there")]
    response = response_of(events)
    assert response.text == "Hi there"
    assert (response.id, response.model) == ("resp_1", "m-2026")
    assert response.finish_reason is FinishReason.stop
    assert response.raw_finish_reason == "completed"
    assert response.replay == ()  # text says it all


def test_usage_by_the_invariants() -> None:
    usage = answer(created(), text("x"), completed()).usage
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (30, 12, 42)
    assert (usage.cache_read_tokens, usage.cache_write_tokens, usage.reasoning_tokens) == (8, 2, 4)
    assert usage.raw == USAGE


def test_a_part_of_the_usage_is_never_more_than_its_whole_and_a_missing_count_is_none() -> None:
    counts = {"input_tokens": 5, "input_tokens_details": {"cached_tokens": 9}, "output_tokens": 2}
    counts |= {"output_tokens_details": {"reasoning_tokens": 7}}
    usage = answer(created(), completed(usage=counts)).usage
    assert (usage.cache_read_tokens, usage.reasoning_tokens, usage.cache_write_tokens) == (5, 2, None)


@pytest.mark.parametrize(("counts", "dollars"), [({"cost": 0.25}, 0.25), ({"cost_in_usd_ticks": 2521500}, 0.00025215)])
def test_cost_in_dollars_and_in_ticks(counts: Json, dollars: float) -> None:
    assert answer(created(), completed(usage={"input_tokens": 1, **counts})).usage.cost_usd == pytest.approx(dollars)


def test_text_that_only_a_finished_value_brings_is_delivered_once() -> None:
    only_part = answer(created(), event("output_text.done", output_index=0, content_index=0, text="Hi"), completed())
    only_item = answer(created(), done(0, **said("Hi")), completed(output=[said("Hi")]))
    only_end = answer(created(), completed(output=[said("Hi")]))
    assert only_part.text == only_item.text == only_end.text == "Hi"


def test_the_remainder_of_missing_deltas_is_delivered() -> None:
    events = read(
        created(), text("Hel"), event("output_text.done", output_index=0, content_index=0, text="Hello"), completed()
    )
    assert [e for e in events if isinstance(e, TextDelta)] == [TextDelta("Hel"), TextDelta("lo")]


def test_deltas_stand_where_the_finished_text_differs() -> None:
    response = answer(created(), text("Hi  there"), done(0, **said("Hi there")), completed())
    assert response.text == "Hi  there"


def test_null_and_empty_deltas_and_indexes_that_are_missing_are_borne() -> None:
    response = answer(
        created(),
        event("output_item.added", item={"type": "message", "id": "a"}),
        event("output_text.delta", delta=None),
        event("output_text.delta", delta=""),
        event("output_text.delta", delta="Hi", item_id="a"),
        event("output_text.done", text="Hi"),
        event("output_item.done", item=said("Hi", id="a")),
        completed(),
    )
    assert response.text == "Hi"


def test_items_are_told_apart_by_index_while_ids_rotate() -> None:
    events = [
        created(),
        added(0, type="message", id="x1"),
        {**text("A", 0), "item_id": "x2"},
        added(1, **called(arguments="", id="call_1")),
        {**event("function_call_arguments.delta", output_index=1, delta='{"a":1}'), "item_id": "x3"},
        {**text("B", 0), "item_id": "x4"},
        done(0, **said("AB", id="x5")),
        done(1, **called(id="call_1")),
        completed(),
    ]
    response = answer(*events)
    assert response.text == "AB"
    assert response.tool_calls == (ToolCall("call_1", "add", '{"a":1}'),)


def test_an_index_used_again_after_its_item_is_finished_means_another_item() -> None:
    response = answer(
        created(),
        added(0, type="message", id="a"),
        text("one "),
        done(0, **said("one ")),
        added(0, type="message", id="b"),
        text("two"),
        done(0, **said("two")),
        completed(),
    )
    assert response.text == "one two"


def test_events_without_names_comments_and_a_done_mark_are_read() -> None:
    stream = b": keepalive\n\n" + sse([created(), text("Hi"), completed()], names=False) + b"data: [DONE]\n\n"
    assert response_of(Road(DIALECT).read_every_way(stream)).text == "Hi"
    early = sse([created(), text("Hi")]) + b"data: [DONE]\n\ndata: null\n\ndata:\n\n" + sse([completed()])
    assert response_of(Road(DIALECT).read_every_way(early)).text == "Hi"


def test_a_done_mark_is_not_the_end_of_the_answer() -> None:
    stream = sse([created(), text("Hi")]) + b"data: [DONE]\n\n"
    assert isinstance(error_of(Road(DIALECT).read_every_way(stream)), StreamTruncated)


def test_the_name_of_the_event_serves_where_the_payload_has_no_type() -> None:
    stream = b'event: response.output_text.delta\ndata: {"delta":"Hi"}\n\n' + sse([completed()])
    assert response_of(Road(DIALECT).read_every_way(stream)).text == "Hi"


def test_nothing_after_the_end_mark_is_read() -> None:
    stream = sse([created(), text("Hi"), completed(), text("more")]) + b"garbage\n\n"
    assert response_of(Road(DIALECT).read_every_way(stream)).text == "Hi"


# ------------------------------------------------------------------------------------------------------ thinking


def test_summaries_and_open_reasoning_are_thinking() -> None:
    events = read(
        created(),
        added(0, type="reasoning", id="rs_1", summary=[]),
        event("reasoning_summary_part.added", output_index=0, summary_index=0, part={}),
        event("reasoning_summary_text.delta", output_index=0, summary_index=0, delta="Let me "),
        event("reasoning_summary_text.done", output_index=0, summary_index=0, text="Let me see"),
        event("reasoning_summary_text.delta", output_index=0, summary_index=1, delta=". Yes"),
        event("reasoning_text.delta", output_index=0, content_index=0, delta=" raw"),
        done(
            0,
            type="reasoning",
            id="rs_1",
            summary=[{"type": "summary_text", "text": "Let me see"}, {"type": "summary_text", "text": ". Yes"}],
            content=[{"type": "reasoning_text", "text": " raw"}],
        ),
        text("42", 1),
        completed(),
    )
    thoughts = [e for e in events if isinstance(e, ThinkingDelta)]
    assert thoughts == [
        *(ThinkingDelta("Let me "), ThinkingDelta("see")),
        *(ThinkingDelta("\n\n. Yes"), ThinkingDelta("\n\n raw")),  # no wire event says that a part is over
    ]
    assert response_of(events).thinking == "Let me see\n\n. Yes\n\n raw"


REASONING: Json = {
    "type": "reasoning",
    "id": "rs_1",
    "status": None,
    "summary": [{"type": "summary_text", "text": "hm"}],
    "encrypted_content": "gAAA",
}


def test_encrypted_reasoning_is_taken_from_the_finished_item_and_replayed_without_ids() -> None:
    response = answer(
        created(),
        added(0, **{**REASONING, "summary": [], "encrypted_content": "an early value"}),
        done(0, **REASONING),
        added(1, **called(arguments="")),
        done(1, **called(status="completed")),
        completed(),
    )
    assert response.thinking == "hm"
    assert response.replay == (
        {"type": "reasoning", "summary": REASONING["summary"], "encrypted_content": "gAAA"},
        {"type": "function_call", "call_id": "call_1", "name": "add", "arguments": '{"a":1}'},
    )


def test_reasoning_that_is_not_encrypted_is_not_replayed() -> None:
    bare = {**REASONING, "encrypted_content": None}
    assert response_of(read_whole(body(bare, said("x")))).replay == ()


def test_a_stored_answer_is_replayed_with_its_ids() -> None:
    bare = {**REASONING, "encrypted_content": None}
    response = response_of(read_whole(body(bare, said("x")), OpenAIResponses(store=True)))
    assert [item["id"] for item in response.replay] == ["rs_1", "msg_1"]
    asked = Request(messages=ANY_REQUEST.messages, extra={"store": True})
    assert (
        answer(created(), done(0, **bare), done(1, **said("x")), completed(), request=asked).replay == response.replay
    )


def test_open_reasoning_is_replayed_where_the_host_wants_it() -> None:
    reasoning = {"type": "reasoning", "id": "rs_1", "summary": [], "content": [{"type": "reasoning_text", "text": "a"}]}
    output = body({**reasoning, "encrypted_content": None}, called())
    assert response_of(read_whole(output)).replay == ()
    items = response_of(read_whole(output, OpenAIResponses(replays_open_reasoning=True))).replay
    assert items[0] == reasoning


def test_reasoning_that_led_to_nothing_is_not_replayed() -> None:
    cut = body(REASONING, status="incomplete", incomplete_details={"reason": "max_output_tokens"})
    assert response_of(read_whole(cut)).replay == ()


def test_the_phase_of_a_message_is_replayed_and_its_annotations_are_not() -> None:
    part = {"type": "output_text", "text": "Hi", "annotations": [{"url": "u"}], "logprobs": [{"token": "Hi"}]}
    response = response_of(read_whole(body(said("Hi", phase="commentary", content=[part]))))
    text_part = {"type": "output_text", "text": "Hi"}
    assert response.replay == ({"type": "message", "role": "assistant", "content": [text_part], "phase": "commentary"},)
    assert response.provider_data["logprobs"] == [{"token": "Hi"}]  # without a number it is none of ours


# ------------------------------------------------------------------------------------------------------ tool calls


def test_a_call_in_fragments() -> None:
    events = read(
        created(),
        added(0, **called(arguments="")),
        event("function_call_arguments.delta", output_index=0, delta='{"a"'),
        event("function_call_arguments.delta", output_index=0, delta=":1}"),
        event("function_call_arguments.done", output_index=0, arguments='{"a":1}'),
        done(0, **called()),
        completed(output=[called()]),
    )
    starts_and_deltas = [e for e in events if isinstance(e, ToolCallStart | ToolCallDelta)]
    assert starts_and_deltas == [
        ToolCallStart(0, "call_1", "add"),
        ToolCallDelta(0, '{"a"'),
        ToolCallDelta(0, ":1}"),
    ]
    response = response_of(events)
    assert response.tool_calls == (ToolCall("call_1", "add", '{"a":1}'),)
    assert response.finish_reason is FinishReason.tool_calls
    assert response.raw_finish_reason == "completed"
    assert response.replay == ()  # the call says it all


def test_two_calls_interleaved() -> None:
    response = answer(
        created(),
        added(0, **called("add", "", "call_a")),
        added(1, **called("mul", "", "call_b")),
        event("function_call_arguments.delta", output_index=1, delta='{"b":'),
        event("function_call_arguments.delta", output_index=0, delta='{"a":1}'),
        event("function_call_arguments.delta", output_index=1, delta="2}"),
        done(1, **called("mul", '{"b":2}', "call_b")),
        done(0, **called("add", '{"a":1}', "call_a")),
        completed(),
    )
    assert response.tool_calls == (ToolCall("call_a", "add", '{"a":1}'), ToolCall("call_b", "mul", '{"b":2}'))


@pytest.mark.parametrize("arguments", ['{"a": 1}', {"a": 1}])
def test_arguments_that_only_a_finished_value_brings(arguments: Any) -> None:
    by_part = event("function_call_arguments.done", output_index=0, arguments=arguments)
    for events in (
        [added(0, **called(arguments="")), by_part, done(0, **called(arguments=arguments))],
        [added(0, **called(arguments="")), done(0, **called(arguments=arguments))],
        [done(0, **called(arguments=arguments))],
    ):
        (call,) = answer(created(), *events, completed()).tool_calls
        assert call.parsed() == {"a": 1}


@pytest.mark.parametrize("arguments", ["", None])
def test_a_call_without_arguments_has_an_empty_object(arguments: Any) -> None:
    response = answer(created(), added(0, **called(arguments="")), done(0, **called(arguments=arguments)), completed())
    assert response.tool_calls == (ToolCall("call_1", "add", "{}"),)


def test_a_name_that_comes_last_and_a_call_without_id() -> None:
    response = answer(
        created(),
        event("function_call_arguments.delta", output_index=0, delta='{"a":1}'),
        done(0, type="function_call", name="add", arguments='{"a":1}'),
        completed(),
    )
    (call,) = response.tool_calls
    assert (call.name, call.arguments) == ("add", '{"a":1}')
    assert call.id.startswith("call_")
    again = response_of(read_whole(body({"type": "function_call", "name": "add", "arguments": '{"a":1}'})))
    assert again.tool_calls == response.tool_calls  # the id is made from the answer's


def test_a_call_that_the_token_limit_cut_is_not_run_nor_replayed() -> None:
    response = answer(
        created(),
        done(0, **REASONING),
        added(1, **called(arguments="")),
        event("function_call_arguments.delta", output_index=1, delta='{"a": 4'),
        done(1, **called(arguments='{"a": 4', status="incomplete")),
        completed("incomplete", incomplete_details={"reason": "max_output_tokens"}),
    )
    assert response.finish_reason is FinishReason.length
    assert response.raw_finish_reason == "max_output_tokens"
    assert response.tool_calls == ()
    assert response.replay == ()


def test_a_namespace_goes_back_with_its_call() -> None:
    (item,) = response_of(read_whole(body(called(namespace="files", status="completed", item_id="x")))).replay
    assert item["namespace"] == "files"
    assert "item_id" not in item


# ------------------------------------------------------------------------------------------------------ other items


def drawn(**fields: Any) -> Json:
    return {"type": "image_generation_call", "id": "ig_1", "status": "completed", "output_format": "png"} | fields


def test_only_the_final_picture_is_handed_out() -> None:
    events = read(
        created(),
        added(0, type="image_generation_call", id="ig_1", status="in_progress"),
        event("image_generation_call.partial_image", output_index=0, partial_image_b64="AAAA", partial_image_index=0),
        done(0, **drawn(result=base64.b64encode(PNG).decode(), revised_prompt="a cat")),
        completed(),
    )
    assert [e for e in events if isinstance(e, ImageEvent)] == [
        ImageEvent(ImagePart(data=PNG, content_type="image/png"))
    ]
    response = response_of(events)
    assert response.provider_data == {}
    assert response.server_tools == (
        ServerToolCall("ig_1", "image_generation", "image_generation", "a cat", provider_data={"output_format": "png"}),
    )
    assert response.replay == (
        {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": {"image": 0}},
    )


def test_a_picture_without_a_format_is_sniffed_and_one_without_data_is_no_picture() -> None:
    sniffed = drawn(result=base64.b64encode(PNG).decode(), output_format=None)
    response = response_of(read_whole(body(drawn(result=None), sniffed)))
    assert [image.content_type for image in response.images] == ["image/png"]
    assert len(response.replay) == 1


def test_citations_come_once_whether_announced_or_not() -> None:
    first, second = {"type": "url_citation", "url": "a"}, {"type": "url_citation", "url": "b"}
    part = {"type": "output_text", "text": "Hi", "annotations": [first, second]}
    response = answer(
        created(),
        text("Hi"),
        event("output_text.annotation.added", output_index=0, content_index=0, annotation=first),
        done(0, **said("Hi", content=[part])),
        completed(),
    )
    kind = {"type": "url_citation"}
    assert response.citations == (Citation("a", provider_data=kind), Citation("b", provider_data=kind))
    assert response.provider_data == {}
    assert response_of(read_whole(body(said("Hi", content=[part])))).citations == response.citations


def test_tools_of_the_server_and_unknown_things_are_kept_and_replayed() -> None:
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"query": "q"}}
    odd_part = {"type": "hologram", "data": 1}
    response = answer(
        created(),
        added(0, **{**search, "status": "in_progress"}),
        event("web_search_call.searching", output_index=0),
        event("brand_new.event", error=None, anything=[1]),
        done(0, **search),
        done(1, type="message", content=[odd_part, {"type": "output_text", "text": "Hi"}]),
        completed(),
    )
    assert response.text == "Hi"
    assert response.provider_data == {"parts": [odd_part]}
    assert response.server_tools == (ServerToolCall("ws_1", "web_search", "web_search", '{"query":"q"}'),)
    assert response.replay[0] == {"type": "web_search_call", "status": "completed", "action": {"query": "q"}}


# ------------------------------------------------------------------------------------------------------ endings


def test_a_refusal_is_text_and_ends_in_content_filtered() -> None:
    refused = said("", content=[{"type": "refusal", "refusal": "I cannot"}])
    events = read(
        created(),
        event("refusal.delta", output_index=0, content_index=0, delta="I "),
        event("refusal.delta", output_index=0, content_index=0, delta="cannot"),
        event("refusal.done", output_index=0, content_index=0, refusal="I cannot"),
        done(0, **refused),
        completed(),
    )
    error = error_of(events)
    assert isinstance(error, ContentFilteredError)
    assert "I cannot" in error.message
    response = response_of(events)
    assert (response.text, response.finish_reason) == ("I cannot", FinishReason.content_filter)
    assert response.usage.output_tokens == 12
    assert isinstance(error_of(read_whole(body(refused))), ContentFilteredError)


def test_a_refusal_that_only_a_finished_value_brings() -> None:
    by_part = read(created(), event("refusal.done", output_index=0, content_index=0, refusal="No"), completed())
    by_item = read(created(), done(0, **said("", content=[{"type": "refusal", "refusal": "No"}])), completed())
    for events in (by_part, by_item):
        assert isinstance(error_of(events), ContentFilteredError)
        assert response_of(events).text == "No"


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("max_output_tokens", FinishReason.length),
        ("max_tokens", FinishReason.length),
        ("something_new", FinishReason.other),
    ],
)
def test_incomplete_answers(reason: str, finish: FinishReason) -> None:
    response = answer(created(), text("x"), completed("incomplete", incomplete_details={"reason": reason}))
    assert (response.finish_reason, response.raw_finish_reason) == (finish, reason)
    whole = read_whole(body(said("x"), status="incomplete", incomplete_details={"reason": reason}))
    assert (response_of(whole).finish_reason, response_of(whole).raw_finish_reason) == (finish, reason)


def test_an_answer_that_is_incomplete_for_an_unknown_reason_within_a_call_broke_off() -> None:
    events = read(
        created(),
        added(0, **called(arguments="")),
        event("function_call_arguments.delta", output_index=0, delta='{"a'),
        completed("incomplete", incomplete_details={"reason": "something_new"}),
    )
    assert isinstance(error_of(events), StreamTruncated)
    assert response_of(events).tool_calls == ()


def test_a_filtered_answer() -> None:
    events = read(created(), text("x"), completed("incomplete", incomplete_details={"reason": "content_filter"}))
    assert isinstance(error_of(events), ContentFilteredError)
    assert response_of(events).text == "x"
    assert response_of(events).raw_finish_reason == "content_filter"


def test_a_failed_response_is_its_error_with_usage_and_no_open_calls() -> None:
    failed = completed("failed", error={"code": "server_error", "message": "The model broke"})
    events = read(created(), text("x"), added(1, **called(arguments="")), failed)
    error = error_of(events)
    assert type(error) is ServerError
    assert error.code == "server_error"
    response = response_of(events)
    assert (response.text, response.tool_calls, response.usage.input_tokens) == ("x", (), 30)
    whole = error_of(read_whole(body(said("x"), status="failed", error={"code": "server_error", "message": "m"})))
    assert type(whole) is ServerError


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_failure_without_a_reason(status: str) -> None:
    error = error_of(read_whole(body(status=status, error=None)))
    assert type(error) is ServerError
    assert status in error.message


def test_an_error_event_nested_or_flat() -> None:
    facts = {"type": "insufficient_quota", "code": "insufficient_quota", "message": "You exceeded your current quota"}
    nested = read(created(), text("x"), {"type": "error", "error": facts})
    flat = read(created(), text("x"), {"type": "error", "code": "insufficient_quota", "message": "over", "param": None})
    for events in (nested, flat):
        error = error_of(events)
        assert isinstance(error, InsufficientCreditsError)
        assert error.code == "insufficient_quota"
        assert response_of(events).text == "x"


@pytest.mark.parametrize(
    "tail",
    [
        b'data: {"error": {"message": "overloaded", "code": 503}}\n\n',
        b'event: error\ndata: {"error": {"message": "overloaded", "code": 503}}\n\n',
        b'{"error": {"message": "overloaded", "code": 503}}\n\n',
        b'{"type": "error", "message": "overloaded", "code": 503}\n\n',
        b'data: {"object": "error", "type": "server_error", "message": "overloaded", "code": 503}\n\n',
        b'data: {"message": "overloaded", "status": 503}\n\n',
    ],
)
def test_an_error_that_a_proxy_writes_into_the_stream(tail: bytes) -> None:
    error = error_of(Road(DIALECT).read_every_way(sse([created(), text("x")]) + tail))
    assert isinstance(error, OverloadedError)
    assert error.status == 503


def test_bytes_that_are_no_event_are_ignored_unless_they_are_an_error() -> None:
    stream = b'{"note": 1}\n<html>\n\n{"type": "note"}\n\ndata: {"type": "ping", "message": "x"}\n\n'
    stream += sse([created(), text("Hi"), completed()])
    assert response_of(Road(DIALECT).read_every_way(stream)).text == "Hi"


def test_broken_json_in_the_middle_is_malformed() -> None:
    stream = sse([created(), text("x")]) + b"data: {oops\n\n" + sse([completed()])
    events = Road(DIALECT).read_every_way(stream)
    assert type(error_of(events)) is MalformedStream
    assert response_of(events).text == "x"


# ------------------------------------------------------------------------------------------------------ whole bodies


def test_a_whole_body_is_read_as_a_stream_is() -> None:
    output = [REASONING, said("Hi"), called()]
    streamed = answer(created(), *[done(place, **item) for place, item in enumerate(output)], completed(output=output))
    whole = response_of(read_whole(body(*output)))
    assert whole == streamed
    assert whole.raw == body(*output)
    assert streamed.raw is None


def test_a_stream_that_is_answered_with_one_body() -> None:
    road = Road(DIALECT, content_type="application/json")
    assert response_of(road.read_every_way(b"\n  \n" + json.dumps(body(said("Hi"))).encode())).text == "Hi"


def test_a_whole_body_without_output() -> None:
    no_output = {"id": "resp_1", "status": "completed"}
    assert response_of(read_whole(no_output)).finish_reason is FinishReason.stop


def test_a_whole_body_without_status_is_complete_when_it_has_output() -> None:
    answered = body(said("Hi"))
    del answered["status"]
    assert response_of(read_whole(answered)).finish_reason is FinishReason.stop


@pytest.mark.parametrize("status", ["queued", "in_progress"])
def test_an_answer_made_in_the_background_has_not_come(status: str) -> None:
    """It is not asked for again, which would be another one: the error says how to take it up."""
    events = read_whole(body(status=status))
    error = error_of(events)
    assert isinstance(error, StreamTruncated)
    assert "resp_1" in error.message
    assert error.code == status
    assert not is_retryable(error)
    assert error.resume == ResumeToken("resp_1")
    assert response_of(events).raw_finish_reason == status


def test_a_stream_of_the_background_that_breaks_off_says_behind_which_event() -> None:
    numbered = [{**e, "sequence_number": 4 + n} for n, e in enumerate((created(), text("Hel"), text("lo")))]
    asked = Request(messages=ANY_REQUEST.messages, background=True)
    for pieces in ([sse(numbered)], [sse([event]) for event in numbered]):
        error = error_of(Road(DIALECT, request=asked).read([*pieces, b": alive\n\n"]))
        assert error is not None
        assert error.resume == ResumeToken("resp_1", after=6)
        assert not is_retryable(error)
    plain = error_of(Road(DIALECT).read(sse(numbered)))
    assert plain is not None
    assert plain.resume is None
    assert is_retryable(plain)


def test_the_decoder_of_a_stream_that_broke_off_reads_on_in_whole_bodies() -> None:
    asked = Request(messages=ANY_REQUEST.messages, background=True)
    decoder, out = DIALECT.decoder(asked), list[Event]()
    for e in (created(), text("Hel")):
        decoder.feed([("", json.dumps(e).encode())], out)
    assert decoder.resume() == ResumeToken("resp_1")
    for status, so_far in (("in_progress", "Hello"), ("completed", "Hello there")):
        decoder.feed([(WHOLE, json.dumps(body(said(so_far), status=status)).encode())], out)
        assert decoder.done is (status == "completed")
    decoder.close(out)
    assert "".join(e.text for e in out if isinstance(e, TextDelta)) == "Hello there"


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (
            {"code": "The service is currently unavailable", "error": "Timed out waiting for first token"},
            OverloadedError,
        ),
        ({"error": {"message": "no such thing", "type": "invalid_request_error"}}, InvalidRequestError),
        ({"detail": "it broke"}, ServerError),
        ({"something": "else"}, MalformedStream),
    ],
)
def test_a_200_that_is_no_answer(reply: Json, kind: type[Exception]) -> None:
    assert type(error_of(read_whole(reply))) is kind


def test_a_page_instead_of_json() -> None:
    road = Road(DIALECT, content_type="text/html")
    error = error_of(road.read_every_way(b"<html><head><title>Bad gateway</title></head></html>"))
    assert isinstance(error, MalformedStream)
    assert "Bad gateway" in error.message


def test_values_of_any_type_are_borne() -> None:
    """Whatever JSON stands in a field, there are events or a typed error."""
    odd: list[Any] = [None, True, 0, -1, 1.5, 10**400, "x", "\ud800", [], [1], {}, {"a": []}]
    fields = ("delta", "output_index", "content_index", "item_id", "text", "arguments", "item", "response", "type")
    kinds = ("output_text.delta", "output_text.done", "function_call_arguments.done", "output_item.done", "completed")
    for value in odd:
        for kind in kinds:
            for name in fields:
                stream = [created(), {**event(kind, delta="x"), name: value}, completed()]
                Road(DIALECT).read(sse(stream, names=False))
        for item in (said("x"), called(), REASONING, drawn(result="AAAA")):
            for name in item:
                read_whole(body({**item, name: value}))
        read_whole(body(said("x", content=[value]), usage=value, error=value, incomplete_details=value, status=value))
        read_whole(body(said("x"), usage={"input_tokens": value, "output_tokens_details": value, "cost": value}))
        Road(DIALECT).read(sse([{"type": "error", "error": value, "message": value, "code": value}]))


def test_what_the_last_event_says_beside_the_response_is_kept() -> None:
    """As some gateways tell the cost; in a whole body it stands among the response's own fields."""
    last = {**completed(output=[said("Hi")]), "gateway_usage": {"units": 3}}
    assert answer(created(), last).provider_data == {"gateway_usage": {"units": 3}}
    assert response_of(read_whole({**body(said("Hi")), "gateway_usage": {"units": 3}})).provider_data == {
        "gateway_usage": {"units": 3}
    }
