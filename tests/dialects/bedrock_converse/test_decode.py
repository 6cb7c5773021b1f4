"""Streams and bodies -> events: one test for each thing that the wire can say."""

import base64
import json
from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm.types.events import CitationEvent, ImageEvent, TextDelta, ThinkingDelta, ToolCallDelta
from tests.binary import event, message, text
from tests.dialects.bedrock_converse.bodies import (
    BODY,
    STREAM,
    body,
    delta,
    end,
    exception,
    failure,
    said,
    start,
    stop,
    stream,
)
from tests.wire import error_of, response_of

USE = {"toolUse": {"toolUseId": "t1", "name": "add"}}


def test_text() -> None:
    answer = stream(delta(text="Hel"), delta(text=""), delta(text="lo"), stop())
    events = STREAM.read_every_way(answer)
    response = response_of(events)
    assert [event.text for event in events if isinstance(event, TextDelta)] == ["Hel", "lo"]
    assert (response.text, response.finish_reason, response.raw_finish_reason) == ("Hello", "stop", "end_turn")
    assert (response.usage.input_tokens, response.usage.output_tokens) == (9, 4)
    assert response.provider_data == {"metrics": {"latencyMs": 5}}
    assert response.message.replay_for("test", "bedrock_converse") == ()
    assert response_of(BODY.read(body({"text": "Hello"}))).text == "Hello"


@pytest.mark.deep
def test_no_prefix_passes() -> None:
    whole = stream(delta(text="Hello"), stop())
    assert STREAM.check_prefixes(whole, len(whole)) >= len(whole) // 8


def test_without_metadata_it_is_cut() -> None:
    cut = (
        said("messageStart", role="assistant")
        + delta(text="Hello")
        + stop()
        + said("messageStop", stopReason="end_turn")
    )
    error = error_of(STREAM.read(cut))
    assert isinstance(error, llm.StreamTruncated)
    assert "metadata" in error.message
    assert error.partial is not None and error.partial.text == "Hello"


def test_without_an_end_it_is_cut() -> None:
    error = error_of(STREAM.read(said("messageStart", role="assistant") + delta(text="Hello")))
    assert isinstance(error, llm.StreamTruncated) and "messageStop" in error.message


def test_what_nobody_knows_is_passed_over() -> None:
    strange = message(
        bytes([4]) + b"odd?" + b"\x08" + bytes(8) + text(":event-type", "brandNew") + text(":message-type", "event"),
        b'{"new": [1]}',
    )
    answer = stream(strange, event("ping", b""), delta(text="a"), delta(newKind={"x": 1}), said("contentBlockDelta"))
    response = response_of(STREAM.read(answer))
    assert response.text == "a"
    assert response.provider_data["blocks"] == [{"newKind": {"x": 1}}]


def test_calls_side_by_side() -> None:
    other = {"toolUse": {"toolUseId": "t2", "name": "now"}}
    answer = stream(
        delta(text="I add."),
        start(1, **USE),
        delta(1, toolUse={"input": ""}),
        delta(1, toolUse={"input": '{"a"'}),
        start(2, **other),
        delta(1, toolUse={"input": ": 1}"}),
        stop(1),
        stop(2),
        reason="tool_use",
    )
    events = STREAM.read_every_way(answer)
    response = response_of(events)
    assert [(call.id, call.name, call.arguments) for call in response.tool_calls] == [
        ("t1", "add", '{"a": 1}'),
        ("t2", "now", "{}"),
    ]
    assert "".join(event.arguments for event in events if isinstance(event, ToolCallDelta)) == '{"a": 1}'
    assert response.finish_reason == "tool_calls"


def test_calls_of_a_body() -> None:
    use = {"toolUse": {"toolUseId": "t1", "name": "add", "input": {"a": [1]}}}
    (call,) = response_of(BODY.read(body(use, reason="tool_use"))).tool_calls
    assert (call.id, call.name, call.parsed()) == ("t1", "add", {"a": [1]})


def test_arguments_without_a_call() -> None:
    error = error_of(STREAM.read(stream(delta(0, toolUse={"input": "{}"}))))
    assert isinstance(error, llm.MalformedStream)


def test_signed_and_redacted_reasoning_goes_back_as_it_came() -> None:
    answer = stream(
        delta(0, reasoningContent={"text": "Two "}),
        delta(0, reasoningContent={"text": "towns."}),
        delta(0, reasoningContent={"signature": "c2ln"}),
        stop(0),
        delta(1, reasoningContent={"redactedContent": "UkVE"}),
        stop(1),
        delta(2, text="Yes."),
        stop(2),
    )
    events = STREAM.read_every_way(answer)
    response = response_of(events)
    assert [event.text for event in events if isinstance(event, ThinkingDelta)] == ["Two ", "towns."]
    assert (response.thinking, response.text) == ("Two towns.", "Yes.")
    blocks = (
        {"reasoningContent": {"reasoningText": {"text": "Two towns.", "signature": "c2ln"}}},
        {"reasoningContent": {"redactedContent": "UkVE"}},
        {"text": "Yes."},
    )
    assert response.message.replay_for("test", "bedrock_converse") == blocks
    assert response_of(BODY.read(body(*blocks))).message.replay_for("test", "bedrock_converse") == blocks


def test_reasoning_that_nobody_signed_does_not_go_back() -> None:
    answer = stream(delta(0, reasoningContent={"text": "Hm."}), stop(0), delta(1, text="Yes."), stop(1))
    assert response_of(STREAM.read(answer)).message.replay_for("test", "bedrock_converse") == ()


def test_citations_are_of_the_text_of_their_block() -> None:
    cited = {
        "title": "policy",
        "sourceContent": [{"text": "20 days"}],
        "location": {"documentChar": {"documentIndex": 0, "start": 3, "end": 10}},
    }
    answer = stream(delta(0, text="So: "), stop(0), delta(1, text="20 "), delta(1, citation=cited), stop(1))
    events = STREAM.read_every_way(answer)
    (citation,) = [event.citation for event in events if isinstance(event, CitationEvent)]
    assert (citation.start, citation.end, citation.document, citation.cited_text) == (4, 7, "policy", "20 days")
    assert citation.provider_data["location"] == cited["location"]
    replay = response_of(events).message.replay_for("test", "bedrock_converse")
    assert replay[1] == {"citationsContent": {"content": [{"text": "20 "}], "citations": [cited]}}
    whole = body({"text": "So: "}, {"citationsContent": {"content": [{"text": "20 "}], "citations": [cited]}})
    assert response_of(BODY.read(whole)).citations == response_of(events).citations


def test_a_web_citation() -> None:
    cited = {"location": {"web": {"url": "https://a.example/x", "domain": "a.example"}}}
    (citation,) = response_of(STREAM.read(stream(delta(0, text="x"), delta(0, citation=cited), stop(0)))).citations
    assert (citation.url, citation.document) == ("https://a.example/x", "")


def test_a_tool_that_the_service_ran() -> None:
    ran = {"toolUse": {"toolUseId": "s1", "name": "nova_code_interpreter", "type": "server_tool_use"}}
    result = {"toolResult": {"toolUseId": "s1", "status": "success", "type": "nova_code_interpreter_result"}}
    answer = stream(
        start(0, **ran),
        delta(0, toolUse={"input": '{"snippet": "1+1"}'}),
        stop(0),
        start(1, **result),
        delta(1, toolResult=[{"json": {"stdOut": "2"}}]),
        stop(1),
        delta(2, text="2"),
        stop(2),
    )
    response = response_of(STREAM.read_every_way(answer))
    (tool,) = response.server_tools
    assert (tool.name, tool.arguments, tool.output) == ("nova_code_interpreter", '{"snippet": "1+1"}', '{"stdOut":"2"}')
    assert (response.tool_calls, response.finish_reason) == ((), "stop")
    use, done, _ = response.message.replay_for("test", "bedrock_converse")
    assert use["toolUse"]["input"] == {"snippet": "1+1"}
    assert done["toolResult"]["content"] == [{"json": {"stdOut": "2"}}]


def test_pictures() -> None:
    png = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()
    answer = stream(start(0, image={"format": "png"}), delta(0, image={"source": {"bytes": png}}), stop(0))
    (image,) = [event.image for event in STREAM.read_every_way(answer) if isinstance(event, ImageEvent)]
    assert (image.data, image.content_type) == (b"\x89PNG\r\n\x1a\n", "image/png")
    whole = body({"image": {"format": "png", "source": {"bytes": png}}})
    assert response_of(BODY.read(whole)).images == (image,)


def test_what_a_guardrail_stopped() -> None:
    events = STREAM.read(stream(delta(text="Sorry."), stop(), reason="guardrail_intervened"))
    error = error_of(events)
    assert isinstance(error, llm.ContentFilteredError)
    assert error.partial is not None and error.partial.text == "Sorry."
    assert error.partial.usage.output_tokens == 4
    whole = body({"text": "Sorry."}, reason="guardrail_intervened", trace={"guardrail": {"actionReason": "x"}})
    error = error_of(BODY.read(whole))
    assert isinstance(error, llm.ContentFilteredError) and error.partial is not None
    assert error.partial.provider_data["trace"] == {"guardrail": {"actionReason": "x"}}


@pytest.mark.parametrize("word", ["malformed_model_output", "malformed_tool_use"])
def test_an_answer_that_the_service_could_not_read(word: str) -> None:
    error = error_of(STREAM.read(stream(delta(text="x"), stop(), reason=word)))
    assert isinstance(error, llm.ServerError) and word in error.message


EXCEPTIONS = [
    ("throttlingException", llm.RateLimitedError, 429),
    ("internalServerException", llm.ServerError, 500),
    ("modelStreamErrorException", llm.ServerError, 424),
    ("validationException", llm.InvalidRequestError, 400),
    ("serviceUnavailableException", llm.OverloadedError, 503),
    ("modelTimeoutException", llm.TimedOutError, 408),
]


@pytest.mark.parametrize(("name", "kind", "status"), EXCEPTIONS)
def test_an_exception_as_the_first_message(name: str, kind: type[llm.LLMError], status: int) -> None:
    error = error_of(STREAM.read_every_way(exception(name, message="It broke.")))
    assert isinstance(error, kind) and type(error) is kind
    assert (error.status, "It broke." in error.message) == (status, True)


@pytest.mark.parametrize(("name", "kind", "status"), EXCEPTIONS)
def test_an_exception_behind_text(name: str, kind: type[llm.LLMError], status: int) -> None:
    events = STREAM.read(
        said("messageStart", role="assistant") + delta(text="Hel") + exception(name, message="It broke.")
    )
    error = error_of(events)
    assert isinstance(error, kind) and type(error) is kind and error.status == status
    assert error.partial is not None and error.partial.text == "Hel"


def test_an_error_without_a_payload() -> None:
    error = error_of(STREAM.read(failure("InternalServerError", "An internal error")))
    assert isinstance(error, llm.ServerError) and "An internal error" in error.message


def test_an_exception_that_is_no_json() -> None:
    broken = message(text(":exception-type", "throttlingException") + text(":message-type", "exception"), b"slow down")
    error = error_of(STREAM.read(broken))
    assert isinstance(error, llm.RateLimitedError) and "slow down" in error.message


def test_what_comes_behind_the_end_is_not_read() -> None:
    events = STREAM.read(stream(delta(text="a"), stop()) + exception("throttlingException", message="late"))
    assert error_of(events) is None


def test_an_event_that_is_no_json() -> None:
    error = error_of(STREAM.read(event("contentBlockDelta", b'{"delta": {"te')))
    assert isinstance(error, llm.MalformedStream)


def test_text_of_another_shape() -> None:
    assert isinstance(error_of(STREAM.read(stream(delta(text=["a"])))), llm.MalformedStream)


@pytest.mark.parametrize(
    "whole",
    [b"{}", b"[]", b"not json", b'{"output": {}}', b'{"output": {"message": {"content": "x"}}}', body({"text": 3})],
)
def test_bodies_that_are_no_answer(whole: bytes) -> None:
    assert isinstance(error_of(BODY.read(whole)), llm.StreamError)


def test_an_error_as_the_body_of_a_200() -> None:
    error = error_of(BODY.read(b'{"__type": "ThrottlingException", "message": "slow"}'))
    assert isinstance(error, llm.RateLimitedError)


def test_a_body_without_a_reason() -> None:
    assert isinstance(error_of(BODY.read(body({"text": "a"}, reason=""))), llm.StreamTruncated)


def test_what_the_cache_gave_and_took_is_part_of_the_input() -> None:
    counts = {"inputTokens": 3, "outputTokens": 4, "cacheReadInputTokens": 10, "cacheWriteInputTokens": 20}
    told = said("messageStop", stopReason="end_turn") + said("metadata", usage=counts)
    usage = response_of(STREAM.read(said("messageStart", role="assistant") + delta(text="a") + told)).usage
    assert (usage.input_tokens, usage.cache_read_tokens, usage.cache_write_tokens) == (33, 10, 20)


def test_what_models_say_beside() -> None:
    more = {"additionalModelResponseFields": {"stop_sequence": "###"}}
    answer = said("messageStart", role="assistant") + delta(text="a") + end("stop_sequence", **more)
    assert response_of(STREAM.read(answer)).provider_data == {**more, "metrics": {"latencyMs": 5}}


USED = {"usage": {"inputTokens": 3, "outputTokens": 5}}
AS_TEXT: list[tuple[str, Any]] = [
    ("messageStart", {"role": "assistant"}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Hel"}}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "lo"}}),
    ("contentBlockStop", {"contentBlockIndex": 0}),
    ("contentBlockStart", {"contentBlockIndex": 1, "start": USE}),
    ("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"toolUse": {"input": '{"a": 1}'}}}),
    ("messageStop", {"stopReason": "tool_use"}),
    ("metadata", USED),
]


def spelled(way: str, events: list[tuple[str, Any]]) -> bytes:
    """The events as gateways write them in text."""
    match way:
        case "named":
            return "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events).encode()
        case "under a key":
            return "".join(f"data: {json.dumps({name: data})}\n\n" for name, data in events).encode()
        case "typed":
            return "".join(f"data: {json.dumps({'type': name, **data})}\n\n" for name, data in events).encode()
        case "lines":
            return "".join(f"{json.dumps({name: data})}\n" for name, data in events).encode()
        case _:
            return json.dumps([{name: data} for name, data in events]).encode()


WAYS = ("named", "under a key", "typed", "lines", "list")


@pytest.mark.parametrize("way", WAYS)
def test_events_as_text(way: str) -> None:
    events = STREAM.read_every_way(spelled(way, AS_TEXT))
    response = response_of(events)
    assert error_of(events) is None
    assert (response.text, response.finish_reason) == ("Hello", "tool_calls")
    assert [(call.name, call.parsed()) for call in response.tool_calls] == [("add", {"a": 1})]
    assert (response.usage.input_tokens, response.usage.output_tokens) == (3, 5)


@pytest.mark.parametrize("way", WAYS)
def test_events_as_text_without_their_end_are_cut(way: str) -> None:
    events = STREAM.read(spelled(way, AS_TEXT[:-2]))
    assert type(error_of(events)) is llm.StreamTruncated
    assert response_of(events).text == "Hello"


@pytest.mark.parametrize("way", WAYS)
def test_an_exception_among_events_as_text(way: str) -> None:
    failed = [*AS_TEXT[:3], ("throttlingException", {"message": "slow down"})]
    error = error_of(STREAM.read(spelled(way, failed)))
    assert type(error) is llm.RateLimitedError
    assert error.message == "slow down"


@pytest.mark.parametrize(
    "noise", [b": ping\n\n", b"event: ping\ndata: {}\n\n", b'data: {"type":"ping"}\n\n', b"data:\n\n"]
)
@pytest.mark.parametrize("way", ["named", "under a key", "typed"])
def test_heartbeats_between_events_as_text(way: str, noise: bytes) -> None:
    body = noise + spelled(way, AS_TEXT).replace(b"\n\n", b"\n\n" + noise) + b"data: [DONE]\n\n"
    assert response_of(STREAM.read_every_way(body)).text == "Hello"


@pytest.mark.parametrize(
    "bad", [b'data: {"contentBlockDelta": {"con\n\n', b'data: "Hello"\n\n', b"event: error\ndata: no\n\n"]
)
def test_a_fault_among_events_as_text(bad: bytes) -> None:
    whole = spelled("under a key", AS_TEXT[:2]) + bad + spelled("under a key", AS_TEXT[2:])
    events = STREAM.read(whole)
    assert isinstance(error_of(events), llm.ServerError)
    assert response_of(events).text == "Hel"
