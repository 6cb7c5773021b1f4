"""The judge judged: hand-written answers with known facts, and one walk over everything recorded."""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter

import pytest

from . import load
from .facts import Facts, facts_of
from .load import Exchange

recorded = pytest.mark.skipif(not load.available(), reason=load.MISSING)

# Answers that hold nothing to show, by the server's own word. Those cut by a length limit need no entry.
EMPTY = {
    "anthropic-messages-abf7d4097865e9ab": "the stop sequence came first",
    "anthropic-messages-b86e82386d352167": "an empty text block, then end_turn",
    "cohere-v2-e8515a15afb38188": "stopped while still thinking",
    "openai-chat-acae1ba5d4ba2fbb": "thought and stopped",
    "openai-chat-afd66e207257b238": "thought and stopped",
    "openai-chat-edea00e41ea10636": "thought and stopped",
    "openai-chat-cb7772aaffc0c6b0": "thought and stopped",
    "openai-chat-f516c23e4adae0cb": "audio with a transcript but no data",
    "openai-chat-c8b990a4d4383fc3": "stopped without a word",
    "openai-chat-940257107ca73fec": "an end mark, and nothing before it",
    "openai-chat-02c5434dc73f68ce": "thought and stopped",
    "openai-chat-069d415d6cfcb786": "thought and stopped",
}


def judged(protocol: str, body: str, status: int = 200) -> Facts:
    return facts_of(
        Exchange(
            id="by-hand",
            provider="nobody",
            protocol=protocol,
            model="m",
            stream=False,
            url="http://localhost/",
            request_json=None,
            status=status,
            headers={},
            body=body.encode(),
            chunk_lengths=(),
            tags=frozenset(),
            source="",
        )
    )


def sse(*events: object, end: str = "data: [DONE]\n\n") -> str:
    return "".join(f"data: {json.dumps(event)}\n\n" for event in events) + end


def delta(finish: str | None = None, **fields: object) -> dict[str, object]:
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}


# ---------------------------------------------------------------- chat


def test_chat_stream_assembles_a_call_from_its_pieces_and_reads_only_the_first_choice() -> None:
    def piece(arguments: str, **more: object) -> dict[str, object]:
        return delta(tool_calls=[{"index": 0, "function": {"arguments": arguments, **more}}])

    other = {"choices": [{"index": 1, "delta": {"content": "not me"}, "finish_reason": "length"}]}
    events = [piece("", name="add"), other, piece('{"b":1'), piece(', "a": 2}'), delta("stop")]
    facts = judged("openai-chat", sse(*events))
    assert facts.tool_calls == (("add", '{"a": 2, "b": 1}'),)
    assert (facts.text, facts.finish_reason, facts.raw_finish_reason) == ("", "tool_calls", "stop")


def test_chat_counts_one_spelling_of_a_thought() -> None:
    events = [delta(reasoning="hm", reasoning_details=[{"text": "hm"}]), delta("stop", content="yes")]
    facts = judged("openai-chat", sse(*events))
    assert (facts.thinking, facts.text) == ("hm", "yes")


@pytest.mark.parametrize(
    ("fields", "end", "finish", "error"),
    [
        ({"content": "all"}, "data: [DONE]\n\n", "other", None),
        ({"content": ""}, "data: [DONE]\n\n", "other", None),
        ({"audio": {"expires_at": 1}}, "", "stop", None),
        ({"content": "half"}, "", "error", "StreamTruncated"),
    ],
)
def test_chat_stream_without_a_finish_reason(
    fields: dict[str, object], end: str, finish: str, error: str | None
) -> None:
    facts = judged("openai-chat", sse(delta(None, **fields), end=end))
    assert (facts.finish_reason, facts.raw_finish_reason, facts.error) == (finish, None, error)


def test_chat_error_in_the_stream_ends_it() -> None:
    error = {"error": {"message": "boom", "code": 503}}
    facts = judged("openai-chat", sse(delta(content="a"), error, delta("stop", content="b")))
    assert (facts.text, facts.finish_reason, facts.error) == ("a", "error", "OverloadedError")


def test_chat_refusal_is_text_that_was_filtered() -> None:
    body = {"choices": [{"message": {"content": None, "refusal": "I will not"}, "finish_reason": "stop"}]}
    facts = judged("openai-chat", json.dumps(body))
    assert (facts.text, facts.finish_reason, facts.error) == ("I will not", "content_filter", "ContentFilteredError")


def test_chat_call_cut_by_the_length_limit_is_no_call() -> None:
    call = {"function": {"name": "f", "arguments": '{"a'}}
    body = {"choices": [{"message": {"tool_calls": [call]}, "finish_reason": "length"}]}
    facts = judged("openai-chat", json.dumps(body))
    assert (facts.tool_calls, facts.finish_reason, facts.error) == ((), "length", None)


def test_chat_usage_adds_reasoning_only_where_the_total_says_so() -> None:
    def output(total: int) -> tuple[int | None, int | None]:
        details = {"reasoning_tokens": 5}
        counts = {"prompt_tokens": 10, "completion_tokens": 3, "total_tokens": total}
        usage = judged(
            "openai-chat", sse(delta("stop"), {"usage": counts | {"completion_tokens_details": details}})
        ).usage
        assert usage is not None
        assert usage["cache_read_tokens"] is None
        return usage["output_tokens"], usage["reasoning_tokens"]

    assert output(18) == (8, 5)
    assert output(13) == (3, 3)


# ---------------------------------------------------------------- the others


def test_responses_takes_calls_from_the_items_and_text_from_the_deltas() -> None:
    call = {"type": "function_call", "name": "f", "arguments": ""}
    events: list[object] = [
        {"type": "response.reasoning_summary_text.delta", "delta": "a"},
        {"type": "response.reasoning_summary_text.delta", "delta": "b"},
        {"type": "response.output_text.delta", "delta": "hi"},
        {"type": "response.output_item.done", "item": call},
        {"type": "response.completed", "response": {"id": "r", "model": "m", "status": "completed", "output": []}},
    ]
    facts = judged("openai-responses", sse(*events, end=""))
    assert (facts.text, facts.thinking, facts.tool_calls) == ("hi", "ab", (("f", "{}"),))
    assert (facts.finish_reason, facts.id, facts.usage) == ("tool_calls", "r", None)


def test_responses_says_why_it_is_incomplete_and_that_a_queued_one_is_no_answer() -> None:
    body: dict[str, object] = {
        "status": "incomplete",
        "incomplete_details": {"reason": "max_output_tokens"},
        "output": [],
    }
    assert judged("openai-responses", json.dumps(body)).finish_reason == "length"
    assert judged("openai-responses", json.dumps({"status": "queued", "output": []})).error == "StreamTruncated"


def test_anthropic_usage_is_overwritten_and_its_cache_is_part_of_the_input() -> None:
    start = {"type": "message_start", "message": {"id": "i", "usage": {"input_tokens": 1, "output_tokens": 1}}}
    text = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "x"}}
    counts = {"input_tokens": 2, "cache_read_input_tokens": 3, "cache_creation_input_tokens": 4, "output_tokens": 9}
    end = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": counts}
    facts = judged("anthropic-messages", sse(start, text, end, {"type": "message_stop"}, end=""))
    assert facts.usage == {
        "input_tokens": 9,
        "output_tokens": 9,
        "cache_read_tokens": 3,
        "cache_write_tokens": 4,
        "reasoning_tokens": None,
    }
    assert (facts.text, facts.finish_reason) == ("x", "stop")
    assert judged("anthropic-messages", sse(start, text, end, end="")).error == "StreamTruncated"


def test_gemini_reads_all_three_framings_alike() -> None:
    first = {"candidates": [{"content": {"parts": [{"text": "a"}, {"text": "t", "thought": True}]}}]}
    counts = {"promptTokenCount": 4, "toolUsePromptTokenCount": 1, "thoughtsTokenCount": 2}
    call = {"content": {"parts": [{"functionCall": {"name": "f"}}]}, "finishReason": "STOP"}
    last = {"candidates": [call], "usageMetadata": counts}
    by_events = judged("gemini", sse(first, last, end=""))
    assert by_events == judged("gemini", json.dumps([first, last]))
    assert by_events == judged("gemini", sse(first, last, end="").replace("\n", "\r\n"))
    assert (by_events.text, by_events.thinking, by_events.tool_calls) == ("a", "t", (("f", "{}"),))
    assert by_events.finish_reason == "tool_calls"
    assert by_events.usage is not None
    assert (by_events.usage["input_tokens"], by_events.usage["output_tokens"]) == (5, 2)


def test_gemini_pictures_are_told_by_their_bytes_and_sketches_left_out() -> None:
    picture = {"mimeType": "image/png", "data": base64.b64encode(b"picture").decode()}
    parts = [{"inlineData": picture, "thought": True}, {"inlineData": picture}]
    facts = judged("gemini", json.dumps({"candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}]}))
    assert facts.images == (("image/png", hashlib.sha256(b"picture").hexdigest()),)


def test_gemini_blocked_prompt_and_a_bare_error_behind_the_events() -> None:
    blocked = judged("gemini", json.dumps({"promptFeedback": {"blockReason": "OTHER"}}))
    assert (blocked.error, blocked.finish_reason) == ("ContentFilteredError", "content_filter")
    answer = {"candidates": [{"content": {"parts": [{"text": "a"}]}, "finishReason": "STOP"}]}
    tail = json.dumps({"error": {"code": 503, "message": "busy"}}, indent=1)
    assert judged("gemini", sse(answer, end="") + tail).error == "OverloadedError"


def test_gemini_builds_streamed_arguments_path_by_path() -> None:
    def part(call: dict[str, object]) -> dict[str, object]:
        return {"candidates": [{"content": {"parts": [{"functionCall": call}]}}]}

    def piece(path: str, value: str) -> dict[str, object]:
        return part({"partialArgs": [{"jsonPath": path, "stringValue": value}], "willContinue": True})

    begin, end = part({"name": "f", "willContinue": True}), {"candidates": [{"finishReason": "STOP"}]}
    events = [begin, piece("$.list[0].name", "a"), piece("$.list[0].name", "b"), piece("$.list[1].name", "c"), end]
    assert judged("gemini", sse(*events, end="")).tool_calls == (("f", '{"list": [{"name": "ab"}, {"name": "c"}]}'),)


def test_cohere_plan_is_thinking_and_null_arguments_are_none() -> None:
    call = {"function": {"name": "now", "arguments": "null"}}
    body = {"finish_reason": "TOOL_CALL", "message": {"tool_plan": "look", "tool_calls": [call]}, "usage": {}}
    facts = judged("cohere-v2", json.dumps(body))
    assert (facts.thinking, facts.tool_calls, facts.usage) == ("look", (("now", "{}"),), None)
    assert judged("cohere-v2", sse({"type": "message-end", "delta": {"finish_reason": "ERROR"}})).error == "ServerError"


def test_ollama_lines_and_the_error_line() -> None:
    half = json.dumps({"model": "m", "message": {"content": "hel"}, "done": False})
    rest = json.dumps({"message": {"content": "lo"}, "done": True, "done_reason": "stop", "eval_count": 2})
    facts = judged("ollama-chat", f"{half}\n{rest}")
    assert (facts.text, facts.model, facts.finish_reason) == ("hello", "m", "stop")
    assert judged("ollama-chat", half).error == "StreamTruncated"
    assert judged("ollama-chat", half + '\n{"error":"it broke"}\n').error == "ServerError"


@pytest.mark.parametrize(
    ("status", "message", "error"),
    [
        (400, "This model's maximum context length is 10 tokens", "ContextLengthError"),
        (400, "Incorrect API key provided", "AuthError"),
        (400, "the model `x` does not exist", "ModelNotFoundError"),
        (400, "m does not support tools", "InvalidRequestError"),
        (402, "pay", "InsufficientCreditsError"),
        (403, "no", "AuthError"),
        (403, "Content violates usage guidelines", "ContentFilteredError"),
        (404, "no such page", "InvalidRequestError"),
        (408, "slow", "ServerError"),
        (422, "what?", "InvalidRequestError"),
        (429, "slow down, or reduce the context length", "RateLimitedError"),
        (429, "insufficient_quota", "InsufficientCreditsError"),
        (500, "oh", "ServerError"),
        (529, "oh", "OverloadedError"),
    ],
)
def test_http_errors(status: int, message: str, error: str) -> None:
    facts = judged("openai-chat", json.dumps({"error": {"message": message}}), status)
    assert facts == Facts(error=error)


# ---------------------------------------------------------------- everything recorded


@recorded
def test_every_recorded_exchange_has_facts_and_none_is_silently_empty() -> None:
    unexplained: set[str] = set()
    kinds: Counter[str] = Counter()
    for exchange in [*load.exchanges(), *load.further("openai-chat")]:
        facts = facts_of(exchange)
        shown = facts.text or facts.tool_calls or facts.images or facts.audio
        kinds["error" if facts.error else "shown" if shown else "empty"] += 1
        if facts.error is None and not shown and facts.finish_reason != "length":
            unexplained.add(exchange.id)
        unsaid = facts.finish_reason == "other" and facts.raw_finish_reason is None
        assert facts.error or unsaid or facts.finish_reason in {"stop", "tool_calls", "length", "paused"}, exchange.id
        assert (exchange.status == 200) or facts.error, exchange.id
    assert unexplained == set(EMPTY)
    assert kinds.total() > 1500
    assert kinds["shown"] > 0.8 * kinds.total()
    assert kinds["empty"] < 0.06 * kinds.total()


@recorded
def test_every_protocol_is_recorded_both_ways_and_model_lists_are_kept_apart() -> None:
    for protocol in load.PROTOCOLS:
        assert {exchange.stream for exchange in load.exchanges(protocol)} == {True, False}
    assert load.model_lists()
    assert not {e.id for e in load.model_lists()} & {e.id for e in load.exchanges()}
