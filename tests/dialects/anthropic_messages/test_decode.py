"""Hand-written answers, one per quirk of the wire: text, thinking, tools, and what is unknown."""

import pytest

from aikido_llm.codecs import json
from aikido_llm.dialects.anthropic_messages import AnthropicMessages
from aikido_llm.errors import LLMError
from aikido_llm.types.citations import Citation
from aikido_llm.types.events import (
    EndEvent,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallEvent,
    ToolCallStart,
    UsageEvent,
)
from aikido_llm.types.response import FinishReason
from aikido_llm.types.server_tools import ServerToolCall
from aikido_llm.types.tools import ToolCall
from tests.dialects.anthropic_messages.transcript import (
    PING,
    STOP,
    WHOLE,
    answer,
    begin,
    block,
    delta,
    end,
    failure,
    read,
    sse,
    stop,
    text,
    tool,
)
from tests.wire import Road, response_of

pytestmark = pytest.mark.deep  # cut anywhere (tests/wire.py)

# ---------------------------------------------------------------- the plain answer


def test_text_usage_and_end() -> None:
    body = sse(
        begin(input_tokens=31, cache_creation_input_tokens=0, cache_read_input_tokens=2048, output_tokens=2),
        block(0, "text", text=""),
        PING,
        delta(0, "text_delta", text="Blue "),
        delta(0, "text_delta", text="whales 🐋"),
        stop(0),
        end("end_turn", {"input_tokens": 31, "output_tokens": 57}, stop_sequence=None),
        STOP,
    )
    events = read(body)
    assert events[:2] == [TextDelta("Blue "), TextDelta("whales 🐋")]
    usage, last = events[2:]
    assert isinstance(usage, UsageEvent)
    assert isinstance(last, EndEvent)
    assert (usage.usage.input_tokens, usage.usage.output_tokens, usage.usage.cache_read_tokens) == (2079, 57, 2048)
    response = last.response
    assert (response.id, response.model, response.raw_finish_reason) == ("msg_1", "claude-x", "end_turn")
    assert response.finish_reason is FinishReason.stop
    assert response.replay == ()
    assert response.provider_data == {}


def test_a_whole_body_gives_the_same_response() -> None:
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "sig"},
            {"type": "text", "text": "hi", "citations": None},
            {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": [1, 2.5]}, "caller": {"type": "direct"}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {"input_tokens": 3, "output_tokens": 9, "output_tokens_details": {"thinking_tokens": 4}},
    }
    whole = answer(json.dumps(message), WHOLE)
    streamed = answer(
        sse(
            begin(input_tokens=3, output_tokens=1),
            block(0, "thinking", thinking="", signature=""),
            delta(0, "thinking_delta", thinking="hm"),
            delta(0, "signature_delta", signature="sig"),
            stop(0),
            text(1, "h", "i"),
            tool(2, "toolu_1", "", '{"a":[1,', "2.5]}", caller={"type": "direct"}),
            end("tool_use", {"output_tokens": 9, "output_tokens_details": {"thinking_tokens": 4}}),
            STOP,
        )
    )
    assert whole == streamed
    assert whole.raw == message
    assert whole.tool_calls == (ToolCall("toolu_1", "f", '{"a":[1,2.5]}'),)
    assert whole.usage.reasoning_tokens == 4


def test_a_plain_body_where_a_stream_was_asked_for() -> None:
    body = json.dumps({"id": "m", "content": [{"type": "text", "text": "x"}], "stop_reason": "end_turn"})
    assert answer(body, Road(AnthropicMessages(), content_type="application/json")).text == "x"


# ---------------------------------------------------------------- tool calls


def test_quirk_1_a_tool_without_arguments() -> None:
    for pieces in ((), ("",), ("", "{}")):
        response = answer(sse(begin(), tool(0, "toolu_1", *pieces), end("tool_use"), STOP))
        assert response.tool_calls == (ToolCall("toolu_1", "f", "{}"),)
        assert response.finish_reason is FinishReason.tool_calls


def test_arguments_in_fragments_are_kept_as_the_model_wrote_them() -> None:
    body = sse(begin(), tool(0, "t", '{"p": "a\\', "/b\\u00", 'e9"', " }"), end("tool_use"), STOP)
    events = read(body)
    assert events[0] == ToolCallStart(0, "t", "f")
    assert events[1:5] == [ToolCallDelta(0, piece) for piece in ('{"p": "a\\', "/b\\u00", 'e9"', " }")]
    (call,) = response_of(events).tool_calls
    assert call.arguments == '{"p": "a\\/b\\u00e9" }'
    assert call.parsed() == {"p": "a/bé"}


def test_parallel_calls_with_text_between_and_interleaved_deltas() -> None:
    body = sse(
        begin(),
        text(0, "Looking."),
        block(1, "tool_use", id="a", name="f", input={}),
        block(2, "tool_use", id="b", name="g", input={}),
        delta(2, "input_json_delta", partial_json='{"n":2}'),
        delta(1, "input_json_delta", partial_json='{"n":1}'),
        stop(1),
        stop(2),
        end("tool_use"),
        STOP,
    )
    events = read(body)
    assert response_of(events).tool_calls == (ToolCall("a", "f", '{"n":1}'), ToolCall("b", "g", '{"n":2}'))
    assert [e.index for e in events if isinstance(e, ToolCallEvent)] == [0, 1]


def test_an_event_named_error_is_one_with_the_data_of_a_ping_too() -> None:
    assert isinstance(failure(sse(begin(), b'event: error\ndata: {"type": "ping"}\n\n')), LLMError)


def test_quirk_2_pings_anywhere() -> None:
    body = sse(
        PING,
        begin(),
        PING,
        block(0, "tool_use", id="t", name="f", input={}),
        PING,
        PING,
        delta(0, "input_json_delta", partial_json='{"a":1}'),
        PING,
        stop(0),
        PING,
        end("tool_use"),
        PING,
        STOP,
        PING,
    )
    assert answer(body).tool_calls == (ToolCall("t", "f", '{"a":1}'),)


def test_input_that_comes_whole_with_the_start() -> None:
    start = block(0, "tool_use", id="t", name="f", input={"a": 1})
    for events in ([start, stop(0)], [start]):
        assert answer(sse(begin(), *events, end("tool_use"), STOP)).tool_calls == (ToolCall("t", "f", '{"a":1}'),)


def test_ids_that_are_missing_or_used_twice_are_made() -> None:
    body = sse(begin(), tool(0, "t"), tool(1, "t"), tool(2, ""), end("tool_use"), STOP)
    ids = [call.id for call in answer(body).tool_calls]
    assert len(set(ids)) == 3
    assert ids == [call.id for call in answer(body).tool_calls]
    assert all(ids)


def test_a_call_that_the_token_limit_cut_is_left_out() -> None:
    body = sse(
        begin(),
        tool(0, "a", "{}"),
        block(1, "tool_use", id="b", name="f", input={}),
        delta(1, "input_json_delta", partial_json='{"a":'),
        stop(1),
        end("max_tokens"),
        STOP,
    )
    response = answer(body)
    assert [call.id for call in response.tool_calls] == ["a"]
    assert response.finish_reason is FinishReason.length


def test_a_call_beside_end_turn_is_a_tool_turn() -> None:
    response = answer(sse(begin(), tool(0, "a"), end("end_turn"), STOP))
    assert (response.finish_reason, response.raw_finish_reason) == (FinishReason.tool_calls, "end_turn")


def test_server_tools_are_no_calls_and_go_back_verbatim() -> None:
    found = [{"type": "web_search_result", "url": "https://x.example", "encrypted_content": "Eq"}]
    body = sse(
        begin(),
        block(0, "server_tool_use", id="srvtoolu_1", name="web_search", input={}),
        delta(0, "input_json_delta", partial_json='{"query"'),
        delta(0, "input_json_delta", partial_json=': "x"}'),
        stop(0),
        block(1, "web_search_tool_result", tool_use_id="srvtoolu_1", content=found),
        stop(1),
        text(2, "So."),
        end("pause_turn"),
        STOP,
    )
    response = answer(body)
    blocks = [
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "x"}},
        {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": found},
    ]
    assert response.tool_calls == ()
    assert response.server_tools == (
        ServerToolCall(
            "srvtoolu_1", "web_search", "web_search", '{"query":"x"}', "completed", json.dumps(found).decode()
        ),
    )
    assert response.provider_data == {}
    assert response.replay == (*blocks, {"type": "text", "text": "So."})
    assert (response.finish_reason, response.raw_finish_reason) == (FinishReason.paused, "pause_turn")
    assert not response.complete


# ---------------------------------------------------------------- text, thinking, citations


def test_quirk_4_blocks_without_content_give_no_events() -> None:
    body = sse(
        begin(),
        block(0, "thinking", thinking="", signature=""),
        delta(0, "thinking_delta", thinking="", estimated_tokens=5),
        delta(0, "signature_delta", signature="sig"),
        stop(0),
        text(1, "", ""),
        text(2, "\n\n"),
        text(3, "hi"),
        end("end_turn"),
        STOP,
    )
    events = read(body)
    assert events[:2] == [TextDelta("\n\n"), TextDelta("hi")]
    # A blank text block would be refused when sent back; thinking whose text was left out must go back.
    assert response_of(events).replay == (
        {"type": "thinking", "thinking": "", "signature": "sig"},
        {"type": "text", "text": "hi"},
    )


def test_thinking_redacted_thinking_and_text() -> None:
    body = sse(
        begin(),
        block(0, "thinking", thinking="", signature=""),
        delta(0, "thinking_delta", thinking="Let "),
        delta(0, "thinking_delta", thinking="me see"),
        delta(0, "signature_delta", signature="Eq=="),
        stop(0),
        block(1, "redacted_thinking", data="Ej8.."),
        stop(1),
        text(2, "42"),
        end("end_turn"),
        STOP,
    )
    events = read(body)
    assert events[:3] == [ThinkingDelta("Let "), ThinkingDelta("me see"), TextDelta("42")]
    assert response_of(events).replay == (
        {"type": "thinking", "thinking": "Let me see", "signature": "Eq=="},
        {"type": "redacted_thinking", "data": "Ej8.."},
        {"type": "text", "text": "42"},
    )


def test_thinking_without_signature_is_not_sent_back() -> None:
    body = sse(
        begin(),
        block(0, "thinking", thinking="from the start"),
        delta(0, "thinking_delta", thinking=" on"),
        stop(0),
        text(1, "x"),
        end("end_turn"),
        STOP,
    )
    response = answer(body)
    assert response.thinking == "from the start on"
    assert response.replay == ()


def test_text_that_comes_with_the_start_of_its_block() -> None:
    assert answer(sse(begin(), block(0, "text", text="a"), stop(0), end("end_turn"), STOP)).text == "a"


def test_deltas_of_a_block_that_never_started() -> None:
    body = sse(begin(), delta(0, "text_delta", text="a"), delta(1, "thinking_delta", thinking="b"), end("x"), STOP)
    response = answer(body)
    assert (response.text, response.thinking) == ("a", "b")


def test_blocks_that_overlap_are_told_apart_by_index() -> None:
    body = sse(
        begin(),
        block(0, "thinking", thinking="", signature=""),
        delta(0, "thinking_delta", thinking="t"),
        block(1, "text", text=""),
        delta(1, "text_delta", text="a"),
        delta(0, "signature_delta", signature="sig"),
        delta(1, "text_delta", text="b"),
        stop(0),
        stop(1),
        end("end_turn"),
        STOP,
    )
    assert answer(body).replay == (
        {"type": "thinking", "thinking": "t", "signature": "sig"},
        {"type": "text", "text": "ab"},
    )


def test_citations_are_kept_beside_the_text_they_prove() -> None:
    cited = {"type": "char_location", "cited_text": "quack", "document_index": 0}
    body = sse(
        begin(),
        text(0, "It says "),
        block(1, "text", text="", citations=[]),
        delta(1, "text_delta", text="quack"),
        delta(1, "citations_delta", citation=cited),
        stop(1),
        end("end_turn"),
        STOP,
    )
    response = answer(body)
    assert response.text == "It says quack"
    place = {"type": "char_location", "document_index": 0}
    assert response.citations == (Citation(cited_text="quack", start=8, end=13, provider_data=place),)
    assert response.provider_data == {}
    assert response.replay == (
        {"type": "text", "text": "It says "},
        {"type": "text", "text": "quack", "citations": [cited]},
    )


def test_a_call_of_code_that_the_server_runs_keeps_its_caller() -> None:
    caller = {"type": "code_execution_20250825", "tool_id": "srvtoolu_1"}
    response = answer(sse(begin(), tool(0, "t", '{"a":1}', caller=caller), end("tool_use"), STOP))
    assert response.replay == ({"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}, "caller": caller},)


# ---------------------------------------------------------------- what is unknown


def test_quirk_12_a_fallback_block_goes_back_where_it_stood() -> None:
    """The service reads the thinking before and behind it by that border."""
    start = block(0, "fallback", **{"from": {"model": "m"}, "to": {"model": "n"}})
    response = answer(sse(begin(), start, stop(0), text(1, "x"), end("end_turn"), STOP))
    assert response.provider_data == {"blocks": [start["content_block"]]}
    assert response.replay == (start["content_block"], {"type": "text", "text": "x"})


def test_compaction_is_opaque() -> None:
    body = sse(
        begin(),
        block(0, "compaction", content=None),
        delta(0, "compaction_delta", content="summary"),
        stop(0),
        end("compaction"),
        STOP,
    )
    response = answer(body)
    assert response.replay == ({"type": "compaction", "content": "summary"},)
    assert (response.finish_reason, response.raw_finish_reason) == (FinishReason.other, "compaction")


def test_unknown_events_deltas_and_shapes_are_no_failure() -> None:
    body = sse(
        {"type": "weather_report", "index": "north", "delta": "rain", "usage": 3},
        {"type": "ping", "delta": []},
        begin(),
        block(0, "hologram", size=[1, 2]),
        delta(0, "hologram_delta", text={"x": 1}),
        stop(0),
        b"event: content_block_delta\ndata:\n\n",
        text(1, "hi"),
        end("end_turn"),
        STOP,
    )
    response = answer(body)
    assert response.text == "hi"
    assert response.provider_data == {"blocks": [{"type": "hologram", "size": [1, 2], "text": {"x": 1}}]}


def test_the_type_in_the_data_counts_not_the_name_of_the_event() -> None:
    body = sse(begin(), text(0, "x"), end("end_turn"), STOP)
    unnamed = b"\n".join(line for line in body.split(b"\n") if not line.startswith(b"event:"))
    assert answer(unnamed).text == "x"


def test_the_end_mark_of_another_wire_is_skipped() -> None:
    assert answer(sse(begin(), text(0, "x"), end("end_turn"), b"data: [DONE]\n\n", STOP)).text == "x"


def test_quirk_6_a_first_event_without_message_is_skipped() -> None:
    body = sse({"type": "message_start"}, {"amazon-bedrock-x": {}, "type": "y"}, begin(), text(0, "x"), end("end_turn"))
    assert answer(body + sse(STOP)).id == "msg_1"
