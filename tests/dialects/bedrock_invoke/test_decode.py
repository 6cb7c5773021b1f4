"""Streams and bodies -> events: what the service puts around Claude's Messages, and what it says itself."""

import json
from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm.dialects.bedrock_invoke import BedrockInvoke
from tests.binary import event, exception, message, text, wrapped
from tests.wire import Road, error_of, response_of

DIALECT = BedrockInvoke()
STREAM = Road(DIALECT, content_type="application/vnd.amazon.eventstream")
BODY = Road(DIALECT, stream=False, content_type="application/json")
METRICS = {"inputTokenCount": 9, "invocationLatency": 412}
BEGUN = {"type": "message_start", "message": {"id": "msg_bdrk_1", "model": "claude", "usage": {"input_tokens": 9}}}


def said(**event: Any) -> bytes:
    return wrapped(json.dumps(event).encode())


def words(of: str) -> bytes:
    return said(type="content_block_delta", index=0, delta={"type": "text_delta", "text": of})


def end(**beside: Any) -> bytes:
    stop = said(type="message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 4})
    return stop + said(type="message_stop", **beside)


def stream(*pieces: bytes, **beside: Any) -> bytes:
    return said(**BEGUN) + b"".join(pieces) + end(**beside)


def body(**more: Any) -> bytes:
    content = [{"type": "text", "text": "Hello"}]
    counts = {"input_tokens": 9, "output_tokens": 4}
    whole = {"id": "msg_bdrk_1", "type": "message", "content": content, "stop_reason": "end_turn", "usage": counts}
    return json.dumps({**whole, **more}).encode()


def test_text_and_what_the_service_measured() -> None:
    answer = stream(words("Hel"), words("lo"), **{"amazon-bedrock-invocationMetrics": METRICS})
    for response in (response_of(STREAM.read_every_way(answer)), response_of(BODY.read_every_way(body()))):
        assert (response.text, response.finish_reason, response.raw_finish_reason) == ("Hello", "stop", "end_turn")
        assert (response.usage.input_tokens, response.usage.output_tokens) == (9, 4)
        assert (response.id, response.wire) == ("msg_bdrk_1", "anthropic_messages")
    response = response_of(STREAM.read(answer))
    assert (response.usage.raw or {})["amazon-bedrock-invocationMetrics"] == METRICS
    assert response.provider_data == {}


def block(index: int, opened: dict[str, Any], *deltas: dict[str, Any]) -> bytes:
    pieces = [said(type="content_block_delta", index=index, delta=delta) for delta in deltas]
    begun = said(type="content_block_start", index=index, content_block=opened)
    return begun + b"".join(pieces) + said(type="content_block_stop", index=index)


def test_a_call_in_pieces() -> None:
    opened: dict[str, Any] = {"type": "tool_use", "id": "toolu_bdrk_1", "name": "add", "input": {}}
    parts = ({"type": "input_json_delta", "partial_json": piece} for piece in ("", '{"a"', ":1}"))
    (call,) = response_of(STREAM.read_every_way(stream(block(0, opened, *parts)))).tool_calls
    assert (call.id, call.name, call.parsed()) == ("toolu_bdrk_1", "add", {"a": 1})


def test_signed_thinking_is_kept_for_the_next_turn() -> None:
    deltas = ({"type": "thinking_delta", "thinking": "Hm."}, {"type": "signature_delta", "signature": "c2ln"})
    thought = block(0, {"type": "thinking", "thinking": "", "signature": ""}, *deltas)
    response = response_of(STREAM.read_every_way(stream(thought, words("Yes."))))
    assert (response.thinking, response.text) == ("Hm.", "Yes.")
    kept = response.message.replay_for("test", "anthropic_messages")
    assert kept[0] == {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}


def test_a_refusal() -> None:
    stop = said(type="message_delta", delta={"stop_reason": "refusal"}) + said(type="message_stop")
    error = error_of(STREAM.read_every_way(said(**BEGUN) + words("I") + stop))
    assert isinstance(error, llm.ContentFilteredError)


def test_a_second_beginning_is_a_fault() -> None:
    other = {"type": "message_start", "message": {"id": "msg_bdrk_2"}}
    assert isinstance(error_of(STREAM.read_every_way(said(**BEGUN) + words("a") + said(**other))), llm.MalformedStream)


def test_without_its_end_it_is_cut() -> None:
    error = error_of(STREAM.read_every_way(said(**BEGUN) + words("Hello")))
    assert isinstance(error, llm.StreamTruncated)
    assert error.partial is not None and error.partial.text == "Hello"


@pytest.mark.deep
def test_no_prefix_passes() -> None:
    whole = stream(words("Hello"))
    assert STREAM.check_prefixes(whole, len(whole)) >= len(whole) // 8


@pytest.mark.parametrize("before", [b"", said(**BEGUN), said(**BEGUN) + words("Hel")], ids=["first", "second", "later"])
@pytest.mark.parametrize(
    ("name", "kind", "status"),
    [
        ("throttlingException", llm.RateLimitedError, 429),
        ("internalServerException", llm.ServerError, 500),
        ("modelStreamErrorException", llm.ServerError, 424),
        ("modelTimeoutException", llm.TimedOutError, 408),
        ("serviceUnavailableException", llm.OverloadedError, 503),
        ("validationException", llm.InvalidRequestError, 400),
    ],
)
def test_exceptions_are_errors_wherever_they_stand(
    before: bytes, name: str, kind: type[llm.LLMError], status: int
) -> None:
    for thrown in (exception(name, b'{"message":"It broke."}'), event(name, b'{"message":"It broke."}')):
        events = STREAM.read_every_way(before + thrown)
        error = error_of(events)
        assert error is not None
        assert type(error) is kind, error
        assert (error.status, error.code, error.message) == (status, name, "It broke.")
        assert response_of(events).text == ("Hel" if b"H" in before and len(before) > 300 else "")


def test_what_comes_behind_the_end_is_not_read() -> None:
    events = STREAM.read(stream(words("Hello")) + exception("internalServerException", b'{"message":"late"}'))
    assert error_of(events) is None and response_of(events).text == "Hello"


def test_an_error_message_without_a_payload() -> None:
    failed = message(text(":message-type", "error") + text(":error-code", "Slow") + text(":error-message", "too much"))
    error = error_of(STREAM.read_every_way(said(**BEGUN) + failed))
    assert isinstance(error, llm.ServerError) and error.message == "too much"


def test_an_error_of_the_models_maker() -> None:
    failed = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    for answer in (wrapped(json.dumps(failed).encode()), said(**BEGUN) + wrapped(json.dumps(failed).encode())):
        assert isinstance(error_of(STREAM.read_every_way(answer)), llm.OverloadedError)


@pytest.mark.parametrize("road", [STREAM, BODY], ids=["stream", "body"])
def test_a_guardrail_that_stepped_in(road: Road) -> None:
    trace = {"guardrail": {"actionReason": "Guardrail blocked."}}
    beside = {"amazon-bedrock-guardrailAction": "INTERVENED", "amazon-bedrock-trace": trace}
    answer = stream(words("Hello"), **beside) if road.stream else body(**beside)
    events = road.read_every_way(answer)
    error, response = error_of(events), response_of(events)
    assert isinstance(error, llm.ContentFilteredError)
    assert (response.text, response.finish_reason) == ("Hello", "content_filter")
    assert response.provider_data["amazon-bedrock-trace"] == trace
    beside["amazon-bedrock-guardrailAction"] = "NONE"
    assert error_of(road.read(stream(words("Hello"), **beside) if road.stream else body(**beside))) is None


OTHERS = [
    {"messageStart": {"role": "assistant"}},
    {"outputText": "hi", "index": 0, "completionReason": "FINISH"},
    {"generation": "hi", "prompt_token_count": 3, "stop_reason": None},
    {"outputs": [{"text": "hi", "stop_reason": None}]},
    {"choices": [{"delta": {"content": "", "role": "assistant"}, "index": 0}], "object": "chat.completion.chunk"},
    {"is_finished": False, "event_type": "text-generation", "text": "hi"},
    {"type": "completion", "completion": " hi", "stop_reason": None},
]


@pytest.mark.parametrize("other", OTHERS, ids=lambda other: next(iter(other)))
def test_other_makers_answers_are_refused_by_name(other: dict[str, Any]) -> None:
    answer = json.dumps(other).encode()
    for road, sent in ((STREAM, wrapped(answer) * 2), (BODY, answer)):
        error = error_of(road.read_every_way(sent))
        assert isinstance(error, llm.MalformedStream), error
        assert "bedrock-converse" in error.message and not llm.is_retryable(error)


def test_what_only_looks_like_an_event_is_nothing() -> None:
    noise = event("initial-response") + event("chunk", b'{"p":"abc"}') + event("chunk", b'{"bytes":""}')
    noise += said(type="ping") + event("somethingNew", b'{"a":1}')
    answer = noise + said(**BEGUN) + noise + words("Hello") + noise + end()
    assert response_of(STREAM.read_every_way(answer)).text == "Hello"


def test_half_an_event_is_a_fault() -> None:
    broken = wrapped(json.dumps(BEGUN).encode()[:40])
    assert isinstance(error_of(STREAM.read_every_way(broken)), llm.MalformedStream)
    assert isinstance(error_of(STREAM.read_every_way(event("chunk", b'{"bytes":"***"}'))), llm.MalformedStream)


def test_a_body_where_a_stream_was_asked_for() -> None:
    assert response_of(STREAM.read_every_way(body())).text == "Hello"
