"""How an answer ends: finish reasons, blocks, usage, and errors inside a 200."""

import json
import sys

import pytest

from aikido_llm.errors import ContentFilteredError, OverloadedError, RateLimitedError, ServerError, StreamTruncated
from aikido_llm.types.events import Event
from aikido_llm.types.response import FinishReason
from tests.dialects.gemini_generate.transcript import (
    LIST,
    SAFETY,
    STREAM,
    WHOLE,
    answer,
    call,
    chunk,
    read,
    sse,
    text,
)
from tests.wire import ANY_REQUEST, Road, error_of, response_of

pytestmark = pytest.mark.deep  # cut anywhere (tests/wire.py)

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


@pytest.mark.parametrize("at", [0, 30, 63, 64, 65, 150])
def test_counts_that_one_chunk_of_many_in_a_read_has_are_kept(at: int) -> None:
    pieces = [chunk(text("a"), usageMetadata={"promptTokenCount": 4, "candidatesTokenCount": n}) for n in range(150)]
    pieces.insert(at, chunk(text("a"), usageMetadata={"cachedContentTokenCount": 3}))
    last = {"promptTokenCount": 4, "candidatesTokenCount": 200}
    got = answer(*pieces, chunk(finish="STOP", usageMetadata=last))
    assert got.text == "a" * 151
    assert (got.usage.input_tokens, got.usage.output_tokens, got.usage.cache_read_tokens) == (4, 200, 3)
    assert got.usage.raw == last


def test_a_long_chunk_is_not_kept_for_its_usage() -> None:
    decoder = STREAM.dialect.decoder(ANY_REQUEST)
    counts = {"promptTokenCount": 3}
    begun, long = (json.dumps(chunk(text("a" * size), usageMetadata=counts)).encode() for size in (1, 100_000))
    decoder.feed([("", begun)], [])
    held = sys.getrefcount(long)
    decoder.feed([("", long)], [])
    assert sys.getrefcount(long) == held
    usage = decoder.usage()
    assert usage is not None
    assert usage.raw == counts


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


CODE = {"executableCode": {"code": "1+1", "language": "PYTHON"}}
RESULT = {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "2"}}


def test_a_stop_for_code_that_the_service_runs_is_not_the_end() -> None:
    chunks = [chunk(text("a")), chunk(CODE, finish="STOP"), chunk(RESULT), chunk(text("b")), chunk(finish="STOP")]
    whole = read(*chunks)
    assert error_of(whole) is None
    assert response_of(whole).text == "ab"
    for size in range(1, len(chunks)):
        assert isinstance(error_of(read(*chunks[:size])), StreamTruncated), size
