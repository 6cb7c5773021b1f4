"""Hand-written answers, one per rule and oddity of the wire: whole, in pieces, and cut off at every offset."""

import json
from typing import Any

import pytest

from aikido_llm.dialects.base import MOST_CHOICES
from aikido_llm.dialects.gemini_generate import GeminiGenerate
from aikido_llm.errors import MalformedStream, StreamTruncated
from aikido_llm.types.events import ImageEvent, TextDelta, ThinkingDelta, ToolCallDelta, ToolCallEvent, ToolCallStart
from aikido_llm.types.parts import AudioPart, ImagePart
from aikido_llm.types.response import FinishReason
from tests.dialects.gemini_generate.transcript import (
    IDS,
    LIST,
    PNG,
    STREAM,
    WHOLE,
    answer,
    blob,
    call,
    chunk,
    content,
    read,
    sse,
    text,
)
from tests.wire import Road, error_of, response_of

pytestmark = pytest.mark.deep  # cut anywhere (tests/wire.py)

# ---------------------------------------------------------------- streaming


def test_text_in_deltas() -> None:
    got = answer(chunk(text("Oslo lies")), chunk(text(" in Norway.")), chunk(text(""), finish="STOP"))
    assert got.text == "Oslo lies in Norway."
    assert (got.finish_reason, got.raw_finish_reason) == (FinishReason.stop, "STOP")
    assert (got.id, got.model) == ("aa1", "gemini-2.5-flash")
    assert got.replay == ()


def test_a_stream_that_is_cut_anywhere_is_truncated() -> None:
    body = sse(chunk(text("grüß\U0001f600")), chunk(text("e"), finish="STOP"))
    STREAM.check_prefixes(body, body.index(b"\r\n", body.index(b'"finishReason"')), error=StreamTruncated)
    listed = json.dumps([chunk(text("a")), chunk(text("b"), finish="STOP")]).encode()
    LIST.check_prefixes(listed, len(listed), error=StreamTruncated)


def test_bare_line_feeds_are_fine_too() -> None:
    body = sse(chunk(text("a")), chunk(text("b"), finish="STOP")).replace(b"\r\n", b"\n")
    assert response_of(STREAM.read_every_way(body)).text == "ab"


def test_a_list_as_the_service_prints_it() -> None:
    body = b'[{\n  "candidates": [{"content": {"parts": [{"text": "a]}"}]}}]\n}\n,\r\n{\n  "candidates": '
    body += b'[{"finishReason": "STOP"}]\n}\n]'
    assert response_of(LIST.read_every_way(body)).text == "a]}"
    LIST.check_prefixes(body, len(body))


def test_a_whole_body_is_the_same_answer() -> None:
    body = chunk(
        text("hm", thought=True), text("a"), call("f", {"x": 1}), finish="STOP", usageMetadata={"promptTokenCount": 3}
    )
    streamed = STREAM.read(sse(body))
    whole = WHOLE.read_every_way(json.dumps(body, indent=2).encode())
    assert response_of(whole) == response_of(streamed)
    assert response_of(whole).raw == body
    assert response_of(streamed).raw is None


def test_a_whole_body_without_a_finish_reason_is_truncated() -> None:
    assert isinstance(error_of(WHOLE.read(json.dumps(chunk(text("a"))).encode())), StreamTruncated)


@pytest.mark.parametrize("road", [STREAM, LIST, WHOLE])
def test_no_bytes_are_truncated(road: Road) -> None:
    assert isinstance(error_of(road.read(b"")), StreamTruncated)


def test_a_page_instead_of_an_answer() -> None:
    page = b"<html><title>502 Bad Gateway</title></html>"
    for road in (Road(GeminiGenerate(), content_type="text/html"), LIST, WHOLE):
        error = error_of(road.read_every_way(page))
        assert type(error) is MalformedStream
        assert "502 Bad Gateway" in error.message


def test_broken_json_in_the_middle_is_malformed() -> None:
    body = b'data: {"candidates": nope}\r\n\r\n' + sse(chunk(text("a"), finish="STOP"))
    assert type(error_of(STREAM.read_every_way(body))) is MalformedStream


def test_an_event_that_says_nothing_is_not_passed_over() -> None:
    events = read(chunk(text("a"), finish="STOP"), {"answer": "b"})
    assert type(error_of(events)) is MalformedStream


LAST: list[dict[str, Any]] = [
    {"candidates": [{"finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 1}},
    {"candidates": [{"finishReason": "STOP", "content": {"role": "model"}}]},
    {"candidates": [{"finishReason": "STOP", "content": {"parts": [], "role": "model"}}]},
    {"candidates": [{"finishReason": "STOP", "content": {}}]},
]  # fmt: skip


@pytest.mark.parametrize("last", LAST)
def test_the_finish_chunk_may_lack_parts_and_content(last: dict[str, Any]) -> None:
    assert answer(chunk(text("a")), last).text == "a"


def test_chunks_may_follow_the_finish_reason() -> None:
    usage = {"usageMetadata": {"promptTokenCount": 4, "candidatesTokenCount": 2}}
    got = answer(
        chunk(text("a"), finish="STOP"), {**usage, **IDS}, chunk(groundingMetadata={"retrievalQueries": ["q"]})
    )
    assert got.usage.input_tokens == 4
    assert got.provider_data["groundingMetadata"] == {"retrievalQueries": ["q"]}


def test_stop_without_any_part_is_an_empty_answer() -> None:
    got = answer(chunk(finish="STOP", usageMetadata={"promptTokenCount": 4}))
    assert (got.text, got.finish_reason) == ("", FinishReason.stop)


def test_a_relays_done_and_empty_events_are_passed_over() -> None:
    body = b"data:\n\nevent: message\n" + sse(chunk(text("a"), finish="STOP")) + b"data: [DONE]\n\n"
    assert response_of(STREAM.read_every_way(body)).text == "a"


def test_the_text_is_that_of_candidate_0() -> None:
    second = {"index": 1, "content": {"parts": [text("no")]}, "finishReason": "MAX_TOKENS"}
    two = {"candidates": [second, {"content": {"parts": [text("yes")]}}]}
    got = answer(two, {"candidates": [second]}, {"candidates": [{"finishReason": "STOP"}]})
    assert (got.text, got.raw_finish_reason) == ("yes", "STOP")


def test_candidates_that_nobody_asked_for_are_held_up_to_a_bound() -> None:
    many = [{"index": index, "content": {"parts": [text("x")]}} for index in range(MOST_CHOICES + 2)]
    error = error_of(STREAM.read(sse({"candidates": many})))
    assert isinstance(error, MalformedStream)
    assert "more candidates" in str(error)


# ---------------------------------------------------------------- thinking and signatures


def test_thoughts_are_thinking() -> None:
    got = answer(chunk(text("hm ", thought=True)), chunk(text("so", thought=True), text("yes")), chunk(finish="STOP"))
    assert (got.thinking, got.text) == ("hm so", "yes")
    assert got.replay == ()


def test_signed_parts_are_kept_apart_and_unsigned_text_is_joined() -> None:
    got = answer(
        chunk(text("hm", thought=True)), chunk(text("a")), chunk(text("b")), chunk(text("c", thoughtSignature="S1")),
        chunk(text("d", thoughtSignature="S2")), chunk(text("", thoughtSignature="S3"), finish="STOP"),
    )  # fmt: skip
    assert got.text == "abcd"
    assert got.replay == (
        text("hm", thought=True), text("ab"), text("c", thoughtSignature="S1"), text("d", thoughtSignature="S2"),
        text("", thoughtSignature="S3"),
    )  # fmt: skip


def test_an_empty_text_with_a_signature_gives_no_event() -> None:
    events = read(chunk(text("a")), chunk(text("", thoughtSignature="S"), finish="STOP"))
    assert content(events) == [TextDelta("a")]


def test_sketches_among_thoughts_are_not_output() -> None:
    events = read(chunk(blob(PNG, thought=True), text("plan", thought=True)), chunk(blob(PNG), finish="STOP"))
    assert content(events) == [ThinkingDelta("plan"), ImageEvent(ImagePart(data=PNG, content_type="image/png"))]
    assert response_of(events).replay == (text("plan", thought=True), {"inlineData": {"image": 0}})


# ---------------------------------------------------------------- calls


def test_a_call_in_the_finish_chunk_makes_stop_tool_calls() -> None:
    signed = call("geo", {"q": "Oslo"}, thoughtSignature="CqYB")
    events = read(chunk(signed, finish="STOP", finishMessage="Model generated function call(s)."))
    start, delta, done = events[:3]
    assert isinstance(start, ToolCallStart)
    assert delta == ToolCallDelta(0, '{"q":"Oslo"}')
    assert isinstance(done, ToolCallEvent)
    assert (done.call.id, done.call.name, done.call.parsed()) == (start.id, "geo", {"q": "Oslo"})
    got = response_of(events)
    assert (got.finish_reason, got.raw_finish_reason) == (FinishReason.tool_calls, "STOP")
    assert got.replay == (signed,)
    assert got.provider_data["finishMessage"] == "Model generated function call(s)."


def test_an_id_of_the_server_is_kept() -> None:
    got = answer(chunk({"functionCall": {"name": "f", "args": {}, "id": "fc1"}}, finish="STOP"))
    (only,) = got.tool_calls
    assert (only.id, only.arguments) == ("fc1", "{}")
    assert only.provider_data == {"functionCall": {"id": "fc1"}}


def test_calls_without_args_and_id_get_ids_of_their_own() -> None:
    first = answer(chunk(call("f"), call("f"), finish="STOP"))
    a, b = first.tool_calls
    assert (a.arguments, b.arguments) == ("{}", "{}")
    assert a.id != b.id
    assert a.provider_data == {"functionCall": {}}
    again = answer(chunk(call("f"), call("f"), finish="STOP"))
    assert [c.id for c in again.tool_calls] == [a.id, b.id], "the same answer gives the same ids"


def test_calls_in_several_chunks() -> None:
    got = answer(chunk(call("f", {"n": 1})), chunk(call("g", {"n": 2})), chunk(finish="STOP"))
    assert [(c.name, c.parsed()) for c in got.tool_calls] == [("f", {"n": 1}), ("g", {"n": 2})]


def test_names_that_the_model_invents_are_passed_through() -> None:
    assert answer(chunk(call("default_api:geo", {}), finish="STOP")).tool_calls[0].name == "default_api:geo"


def test_streamed_arguments() -> None:
    def piece(path: str, going: bool = True, **value: Any) -> dict[str, Any]:
        part = {"jsonPath": path, **value, **({"willContinue": True} if going else {})}
        return chunk({"functionCall": {"partialArgs": [part], "willContinue": True}})

    got = answer(
        chunk({"functionCall": {"name": "f", "willContinue": True}, "thoughtSignature": "S"}),
        piece("$.items[0].id", stringValue="O"), piece("$.items[0].id", False, stringValue="slo"),
        piece("$.items[0].price", numberValue=0.5),
        piece("$['odd key']", boolValue=True), piece("$.none", nullValue=None),
        chunk({"functionCall": {}}),
        chunk({"functionCall": {"name": "g", "willContinue": True}}), piece("$.q", stringValue="x"),
        chunk(finish="STOP"),
    )  # fmt: skip
    first, second = got.tool_calls
    assert first.parsed() == {"items": [{"id": "Oslo", "price": 0.5}], "odd key": True, "none": None}
    assert second.parsed() == {"q": "x"}, "the ending piece is missing at times"
    assert got.replay[0] == {"functionCall": {"name": "f", "args": first.parsed()}, "thoughtSignature": "S"}
    assert got.replay[1]["functionCall"]["args"] == {"q": "x"}


def test_streamed_arguments_that_the_token_limit_cuts_are_no_call() -> None:
    begun = chunk({"functionCall": {"name": "f", "willContinue": True}, "thoughtSignature": "S"})
    piece = {"functionCall": {"partialArgs": [{"jsonPath": "$.q", "stringValue": "O"}], "willContinue": True}}
    got = answer(begun, chunk(piece), chunk(finish="MAX_TOKENS"))
    assert (got.tool_calls, got.replay) == ((), ())
    assert got.finish_reason is FinishReason.length


@pytest.mark.parametrize("path", ["q", "$", "$.a[5]", "$.a" * 100, "$[", None, "$[0]", "$.s.t"])
def test_paths_that_lead_nowhere_are_malformed(path: Any) -> None:
    pieces = [{"jsonPath": "$.s", "stringValue": "x"}, {"jsonPath": path, "stringValue": "x"}]
    body = chunk({"functionCall": {"name": "f", "partialArgs": pieces}}, finish="STOP")
    assert type(error_of(STREAM.read_every_way(sse(body)))) is MalformedStream


def test_whole_calls_of_an_answer_cut_by_the_token_limit_stand() -> None:
    got = answer(chunk(call("f", {"n": 1}), finish="MAX_TOKENS"))
    assert len(got.tool_calls) == 1
    assert got.finish_reason is FinishReason.length


# ---------------------------------------------------------------- media and what only this provider has


def test_images_arrive_whole() -> None:
    events = read(chunk(text("Here: "), blob(PNG, thoughtSignature="S"), text("!")), chunk(finish="STOP"))
    assert content(events) == [
        TextDelta("Here: "),
        ImageEvent(ImagePart(data=PNG, content_type="image/png")),
        TextDelta("!"),
    ]
    assert response_of(events).replay == (
        text("Here: "), {"inlineData": {"image": 0}, "thoughtSignature": "S"}, text("!"),
    )  # fmt: skip


def test_a_line_of_megabytes() -> None:
    data = PNG + bytes(3 * 1024 * 1024)
    body = sse(chunk(blob(data), finish="STOP", usageMetadata={"promptTokenCount": 2}))
    got = response_of(STREAM.read(body[at : at + 65_536] for at in range(0, len(body), 65_536)))
    assert got.images[0].data == data
    assert got.usage.raw == {"promptTokenCount": 2}


def test_sound() -> None:
    kind = "audio/L16;codec=pcm;rate=24000"
    got = answer(chunk(blob(b"\1\2", kind)), chunk(blob(b"\3\4", kind), finish="STOP"))
    assert got.audio == (AudioPart(data=b"\1\2\3\4", content_type=kind),)


def test_broken_base64_is_malformed() -> None:
    body = chunk({"inlineData": {"mimeType": "image/png", "data": "%%"}}, finish="STOP")
    assert type(error_of(STREAM.read_every_way(sse(body)))) is MalformedStream


def test_parts_of_every_kind_are_replayed() -> None:
    code = {"executableCode": {"language": "PYTHON", "code": "1+1", "id": "c"}, "thoughtSignature": "S"}
    result = {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "2\n", "id": "c"}}
    tool = {"toolCall": {"toolType": "GOOGLE_SEARCH_WEB", "id": "t"}}
    news = {"text": "two", "somethingNew": {"x": 1}}
    got = answer(chunk(code), chunk(result), chunk(tool, news), chunk(text("!"), finish="STOP"))
    assert got.text == "two!"
    assert got.provider_data["parts"] == [news]  # the others have their own fields
    assert got.replay == (code, result, tool, news, text("!"))


def test_values_of_odd_types_are_never_fatal() -> None:
    odd = chunk(text("a", thought="yes"), finish="STOP", index=None, finishMessage=7, groundingMetadata=[1])
    got = answer({**odd, "usageMetadata": {"promptTokenCount": "3", "candidatesTokenCount": 2.0}, "modelVersion": 4})
    assert got.text == "a"
    assert (got.usage.input_tokens, got.usage.output_tokens) == (3, 2)
