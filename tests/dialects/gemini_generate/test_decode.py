"""Hand-written answers, one per rule and oddity of the wire: whole, in pieces, and cut off at every offset."""

import base64
import json
from typing import Any

import pytest

from aikido_llm.dialects.gemini_generate import GeminiGenerate
from aikido_llm.errors import (
    ContentFilteredError,
    MalformedStream,
    OverloadedError,
    RateLimitedError,
    ServerError,
    StreamTruncated,
)
from aikido_llm.types.events import (
    AudioEvent,
    Event,
    ImageEvent,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallEvent,
    ToolCallStart,
)
from aikido_llm.types.messages import AudioPart, ImagePart
from aikido_llm.types.response import FinishReason, Response
from tests.wire import Road, error_of, response_of

STREAM = Road(GeminiGenerate())
LIST = Road(GeminiGenerate(), content_type="application/json")
WHOLE = Road(GeminiGenerate(), stream=False, content_type="application/json")

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(40))
IDS = {"modelVersion": "gemini-2.5-flash", "responseId": "aa1"}
SAFETY = [{"category": "HARM_CATEGORY_HARASSMENT", "probability": "HIGH", "blocked": True}]


def chunk(*parts: dict[str, Any], finish: Any = None, **fields: Any) -> dict[str, Any]:
    """A chunk of candidate 0. fields go into the candidate, but for those of the chunk itself."""
    candidate: dict[str, Any] = {"index": 0}
    if parts:
        candidate["content"] = {"parts": list(parts), "role": "model"}
    if finish is not None:
        candidate["finishReason"] = finish
    outer: dict[str, Any] = {name: fields.pop(name) for name in ("usageMetadata", "promptFeedback") if name in fields}
    return {"candidates": [{**candidate, **fields}], **outer, **IDS}


def sse(*chunks: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(c, ensure_ascii=False).encode() + b"\r\n\r\n" for c in chunks)


def read(*chunks: Any) -> list[Event]:
    """The events of these chunks, the same in every framing; every prefix of the stream is StreamTruncated."""
    body = sse(*chunks)
    events = STREAM.read_every_way(body)
    assert content(LIST.read_every_way(json.dumps(chunks, indent=2).encode())) == content(events)
    if error_of(events) is None:
        ends = body.index(b'"finishReason"')
        STREAM.check_prefixes(body, body.index(b"\r\n", ends))
    return events


def content(events: list[Event]) -> list[Event]:
    return [e for e in events if isinstance(e, TextDelta | ThinkingDelta | ToolCallEvent | ImageEvent | AudioEvent)]


def answer(*chunks: Any) -> Response:
    events = read(*chunks)
    assert error_of(events) is None, error_of(events)
    return response_of(events)


def text(value: str, **more: Any) -> dict[str, Any]:
    return {"text": value, **more}


def call(name: str, args: Any = None, **more: Any) -> dict[str, Any]:
    return {"functionCall": {"name": name, **({} if args is None else {"args": args})}, **more}


def blob(data: bytes, kind: str = "image/png", **more: Any) -> dict[str, Any]:
    return {"inlineData": {"mimeType": kind, "data": base64.b64encode(data).decode()}, **more}


# ---------------------------------------------------------------- streaming


def test_text_in_deltas() -> None:
    got = answer(chunk(text("Oslo lies")), chunk(text(" in Norway.")), chunk(text(""), finish="STOP"))
    assert got.text == "Oslo lies in Norway."
    assert (got.finish_reason, got.raw_finish_reason) == (FinishReason.stop, "STOP")
    assert (got.id, got.model) == ("aa1", "gemini-2.5-flash")
    assert got.replay == ()


def test_a_stream_that_is_cut_anywhere_is_truncated() -> None:
    body = sse(chunk(text("grüß\U0001f600")), chunk(text("e"), finish="STOP"))
    for size in range(body.index(b"\r\n", body.index(b'"finishReason"'))):
        assert isinstance(error_of(STREAM.read(body[:size])), StreamTruncated), size
    listed = json.dumps([chunk(text("a")), chunk(text("b"), finish="STOP")]).encode()
    for size in range(len(listed)):
        assert isinstance(error_of(LIST.read(listed[:size])), StreamTruncated), size


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
    events = read(chunk(text("a"), finish="STOP"), {})
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
        chunk(text("a"), finish="STOP"), {**usage, **IDS}, chunk(groundingMetadata={"webSearchQueries": ["q"]})
    )
    assert got.usage.input_tokens == 4
    assert got.provider_data["groundingMetadata"] == {"webSearchQueries": ["q"]}


def test_stop_without_any_part_is_an_empty_answer() -> None:
    got = answer(chunk(finish="STOP", usageMetadata={"promptTokenCount": 4}))
    assert (got.text, got.finish_reason) == ("", FinishReason.stop)


def test_a_relays_done_and_empty_events_are_passed_over() -> None:
    body = b"data:\n\nevent: message\n" + sse(chunk(text("a"), finish="STOP")) + b"data: [DONE]\n\n"
    assert response_of(STREAM.read_every_way(body)).text == "a"


def test_only_candidate_0_is_read() -> None:
    second = {"index": 1, "content": {"parts": [text("no")]}, "finishReason": "MAX_TOKENS"}
    two = {"candidates": [second, {"content": {"parts": [text("yes")]}}]}
    got = answer(two, {"candidates": [second]}, {"candidates": [{"finishReason": "STOP"}]})
    assert (got.text, got.raw_finish_reason) == ("yes", "STOP")


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


def test_code_and_server_tools_are_kept_and_replayed() -> None:
    code = {"executableCode": {"language": "PYTHON", "code": "1+1", "id": "c"}, "thoughtSignature": "S"}
    result = {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "2\n", "id": "c"}}
    tool = {"toolCall": {"toolType": "GOOGLE_SEARCH_WEB", "id": "t"}}
    news = {"text": "two", "somethingNew": {"x": 1}}
    got = answer(chunk(code), chunk(result), chunk(tool, news), chunk(text("!"), finish="STOP"))
    assert got.text == "two!"
    assert got.provider_data["parts"] == [code, result, tool, news]
    assert got.replay == (code, result, tool, news, text("!"))


def test_grounding_and_citations_are_kept() -> None:
    web = {"groundingChunks": [{"web": {"uri": "https://example.com"}}]}
    got = answer(
        chunk(text("a"), groundingMetadata={}, urlContextMetadata={"urlMetadata": [1]}),
        chunk(text("b"), groundingMetadata=web, citationMetadata={"citationSources": [{"uri": "u1"}]}),
        chunk(finish="STOP", citationMetadata={"citations": [{"uri": "u2"}]}, avgLogprobs=-0.5, safetyRatings=SAFETY),
    )
    assert got.provider_data == {
        "groundingMetadata": web, "urlContextMetadata": {"urlMetadata": [1]},
        "citations": [{"uri": "u1"}, {"uri": "u2"}],
        "avgLogprobs": -0.5, "safetyRatings": SAFETY,
    }  # fmt: skip


def test_values_of_odd_types_are_never_fatal() -> None:
    odd = chunk(
        {"text": 5}, text("a", thought="yes"), finish="STOP", index=None, finishMessage=7, groundingMetadata=[1]
    )
    got = answer({**odd, "usageMetadata": {"promptTokenCount": "3", "candidatesTokenCount": 2.0}, "modelVersion": 4})
    assert got.text == "a"
    assert (got.usage.input_tokens, got.usage.output_tokens) == (None, 2)


# ---------------------------------------------------------------- finish reasons


def test_max_tokens_with_nothing_to_show() -> None:
    got = answer(chunk(finish="MAX_TOKENS", usageMetadata={"promptTokenCount": 5, "thoughtsTokenCount": 99}))
    assert (got.text, got.finish_reason) == ("", FinishReason.length)
    assert (got.usage.output_tokens, got.usage.reasoning_tokens) == (99, 99)


@pytest.mark.parametrize("word", [
    "SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "RECITATION", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_RECITATION", "MODEL_ARMOR",
])  # fmt: skip
def test_what_a_policy_ended_is_filtered_after_its_text(word: str) -> None:
    events = read(
        chunk(text("so far")), chunk(finish=word, usageMetadata={"promptTokenCount": 5}, safetyRatings=SAFETY)
    )
    error = error_of(events)
    assert type(error) is ContentFilteredError
    assert error.code == word
    assert error.partial is not None
    assert (error.partial.text, error.partial.usage.input_tokens) == ("so far", 5)
    assert error.partial.finish_reason is FinishReason.content_filter
    assert error.partial.raw_finish_reason == word


@pytest.mark.parametrize("word", [
    "LANGUAGE", "OTHER", "FINISH_REASON_UNSPECIFIED", "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL",
    "TOO_MANY_TOOL_CALLS", "MALFORMED_RESPONSE", "MISSING_THOUGHT_SIGNATURE", "NO_IMAGE", "IMAGE_OTHER",
])  # fmt: skip
def test_a_failure_of_the_model_is_a_server_error_and_its_calls_do_not_count(word: str) -> None:
    events = read(chunk(call("nope", {}, thoughtSignature="S")), chunk(finish=word, finishMessage="it went wrong"))
    error = error_of(events)
    assert type(error) is ServerError
    assert error.code == word
    assert "it went wrong" in error.message
    assert error.partial is not None
    assert (error.partial.tool_calls, error.partial.replay) == ((), ())


def test_a_failure_without_content() -> None:
    for word in ("MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL"):
        assert type(error_of(read({"candidates": [{"finishReason": word}]}))) is ServerError


def test_an_unknown_finish_reason_is_other() -> None:
    got = answer(chunk(text("a"), finish="BRAND_NEW"))
    assert (got.finish_reason, got.raw_finish_reason) == (FinishReason.other, "BRAND_NEW")


@pytest.mark.parametrize(("number", "reason"), [(1, FinishReason.stop), (2, FinishReason.length)])
def test_numbers_for_enums(number: int, reason: FinishReason) -> None:
    got = answer(chunk(text("a"), finish=number))
    assert (got.finish_reason, got.raw_finish_reason) == (reason, str(number))


def test_the_first_reason_counts_unless_a_worse_one_follows() -> None:
    assert answer(chunk(text("a"), finish="STOP"), chunk(finish="MAX_TOKENS")).raw_finish_reason == "STOP"
    events = read(chunk(text("a"), finish="STOP"), chunk(finish="RECITATION"), chunk(finish="STOP"))
    assert isinstance(error_of(events), ContentFilteredError)


def test_a_blocked_prompt_is_filtered() -> None:
    for reason in ("SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "IMAGE_SAFETY", "MODEL_ARMOR", "JAILBREAK"):
        feedback = {"blockReason": reason, "safetyRatings": SAFETY}
        events = read({"promptFeedback": feedback, "usageMetadata": {"promptTokenCount": 20}})
        error = error_of(events)
        assert type(error) is ContentFilteredError
        assert error.code == reason
        assert error.partial is not None
        assert error.partial.usage.input_tokens == 20
        assert error.partial.provider_data["promptFeedback"] == feedback


def test_feedback_without_a_block_is_no_block() -> None:
    assert answer(chunk(text("a"), finish="STOP", promptFeedback={"safetyRatings": SAFETY})).text == "a"


# ---------------------------------------------------------------- usage


def test_usage_is_cumulative_and_the_last_one_wins() -> None:
    counts = {"promptTokenCount": 14, "candidatesTokenCount": 3, "thoughtsTokenCount": 44, "totalTokenCount": 61}
    last = {**counts, "candidatesTokenCount": 7, "toolUsePromptTokenCount": 6, "cachedContentTokenCount": 9}
    got = answer(chunk(text("a"), usageMetadata=counts), chunk(finish="STOP", usageMetadata=last)).usage
    assert (got.input_tokens, got.output_tokens) == (20, 51)
    assert (got.cache_read_tokens, got.cache_write_tokens, got.reasoning_tokens) == (9, None, 44)
    assert got.raw == last


def test_counts_that_a_later_chunk_leaves_out_are_kept() -> None:
    first = {
        "promptTokenCount": 46,
        "candidatesTokenCount": 51,
        "thoughtsTokenCount": 101,
        "cachedContentTokenCount": 4,
    }
    first["toolUsePromptTokenCount"] = 2
    got = answer(
        chunk(text("a"), usageMetadata=first), chunk(finish="STOP", usageMetadata={"totalTokenCount": 46})
    ).usage
    assert (got.input_tokens, got.output_tokens, got.cache_read_tokens, got.reasoning_tokens) == (48, 152, 4, 101)


def test_a_part_is_never_larger_than_its_whole() -> None:
    got = answer(chunk(finish="STOP", usageMetadata={"promptTokenCount": 3, "cachedContentTokenCount": 9})).usage
    assert (got.input_tokens, got.cache_read_tokens, got.output_tokens) == (3, 3, None)


def test_usage_is_told_on_a_broken_stream() -> None:
    events = STREAM.read(sse(chunk(text("a"), usageMetadata={"promptTokenCount": 3})))
    assert isinstance(error_of(events), StreamTruncated)
    assert response_of(events).usage.input_tokens == 3


# ---------------------------------------------------------------- errors inside a 200

BUSY = {"error": {"code": 503, "message": "This model is currently experiencing high demand.", "status": "UNAVAILABLE"}}


def check_busy(events: list[Event]) -> None:
    error = error_of(events)
    assert type(error) is OverloadedError
    assert (error.status, error.code) == (503, "UNAVAILABLE")
    assert error.partial is not None
    assert error.partial.text == "Part"


@pytest.mark.parametrize("finish", [None, "STOP"])
def test_an_error_as_an_event_as_an_element_and_bare(finish: str | None) -> None:
    check_busy(read(chunk(text("Part"), finish=finish), BUSY))
    bare = json.dumps(BUSY, indent=2).encode().replace(b"\n", b"\r\n")
    for body in (bare, b"[" + bare + b"]", b'{"error": {}}\n'.replace(b"{}", json.dumps(BUSY["error"]).encode())):
        check_busy(STREAM.read_every_way(sse(chunk(text("Part"), finish=finish)) + body))


def test_a_bare_error_that_breaks_off_is_no_success() -> None:
    body = sse(chunk(text("Part"), finish="STOP")) + b'{\n  "error": {\n    "code": 5'
    assert isinstance(error_of(STREAM.read(body)), StreamTruncated)


def test_an_error_behind_the_list() -> None:
    body = json.dumps([chunk(text("Part"), finish="STOP")]).encode() + json.dumps(BUSY).encode()
    check_busy(LIST.read_every_way(body))


@pytest.mark.parametrize("road", [LIST, WHOLE])
@pytest.mark.parametrize("wrapped", [True, False])
def test_an_error_as_the_whole_body_of_a_200(road: Road, wrapped: bool) -> None:
    body = json.dumps([BUSY] if wrapped else BUSY).encode()
    assert type(error_of(road.read_every_way(body))) is OverloadedError


def test_other_stray_lines_are_passed_over() -> None:
    body = b": ping\n\nretry: 5\n\nwhat is this\n\n{not json}\n\n" + sse(chunk(text("a"), finish="STOP"))
    assert response_of(STREAM.read_every_way(body)).text == "a"


def test_an_error_that_is_only_words() -> None:
    assert type(error_of(read({"error": "sorry"}))) is ServerError
    assert type(error_of(read({"error": {"code": 429, "message": "slow down"}}))) is RateLimitedError
