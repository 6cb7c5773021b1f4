"""Tools that Anthropic runs itself: told while they run, typed at the end, and sent back as they came."""

from typing import Any

import pytest
from attrs import evolve

from aikido_llm.codecs import json
from aikido_llm.types.events import ServerToolEvent, ServerToolStart, ToolCallEvent
from aikido_llm.types.messages import tool as result_of
from aikido_llm.types.messages import user
from aikido_llm.types.request import Request
from aikido_llm.types.response import FinishReason, Response
from aikido_llm.types.server_tools import ServerToolCall
from tests.dialects.anthropic_messages.transcript import (
    ROAD,
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
)

pytestmark = pytest.mark.deep  # cut anywhere (tests/wire.py)

SEARCH: dict[str, Any] = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "q"}}
CODE: dict[str, Any] = {"type": "server_tool_use", "id": "srvtoolu_2", "name": "code_execution", "input": {"code": "1"}}
BY_CODE: dict[str, Any] = {
    "type": "tool_use", "id": "toolu_1", "name": "stock", "input": {"sku": "k"},
    "caller": {"type": "code_execution_20260120", "tool_id": "srvtoolu_2"},
}  # fmt: skip


def whole(*blocks: dict[str, Any], reason: str = "end_turn", **fields: Any) -> Response:
    body = json.dumps({"id": "m", "model": "claude-x", "content": blocks, "stop_reason": reason, **fields})
    return evolve(answer(body, WHOLE), provider="anthropic")


def result(kind: str, id: str, content: Any, **fields: Any) -> dict[str, Any]:
    return {"type": f"{kind}_tool_result", "tool_use_id": id, "content": content, **fields}


@pytest.mark.parametrize(
    ("name", "kind", "content", "failed"),
    [
        ("web_search", "web_search", [{"type": "web_search_result", "url": "u", "encrypted_content": "E"}], False),
        ("web_search", "web_search", {"type": "web_search_tool_result_error", "error_code": "too_many_requests"}, True),
        ("web_fetch", "web_fetch", {"type": "web_fetch_result", "url": "u", "content": {"type": "document"}}, False),
        ("web_fetch", "web_fetch", {"type": "web_fetch_tool_error", "error_code": "url_too_long"}, True),
        ("code_execution", "code_execution", {"type": "code_execution_result", "stdout": "", "return_code": 1}, False),
        ("bash_code_execution", "bash_code_execution", {"type": "bash_code_execution_result", "stdout": "x"}, False),
        ("text_editor_code_execution", "text_editor_code_execution",
         {"type": "text_editor_code_execution_tool_result_error", "error_code": "unavailable"}, True),
        ("tool_search_tool_regex", "tool_search",
         {"type": "tool_search_tool_search_result", "tool_references": [{"type": "tool_reference"}]}, False),
    ],
)  # fmt: skip
def test_each_tool_with_its_result(name: str, kind: str, content: Any, failed: bool) -> None:
    call = {**SEARCH, "name": name}
    response = whole(call, result(kind, "srvtoolu_1", content), {"type": "text", "text": "So."})
    told = ServerToolCall("srvtoolu_1", name, name, '{"query":"q"}', "completed", json.text(content))
    assert response.server_tools == (evolve(told, status="failed" if failed else "completed"),)
    assert response.provider_data == {}
    assert response.replay == (call, result(kind, "srvtoolu_1", content), {"type": "text", "text": "So."})


def test_a_tool_of_an_mcp_server() -> None:
    call = {"type": "mcp_tool_use", "id": "mcptoolu_1", "name": "echo", "server_name": "files", "input": {"a": 1}}
    good = result("mcp", "mcptoolu_1", [{"type": "text", "text": "hi"}], is_error=False)
    bad = result("mcp", "mcptoolu_1", "no such file", is_error=True)
    (done,), (failed,) = whole(call, good).server_tools, whole(call, bad).server_tools
    assert (done.name, done.kind, done.status, done.output) == ("echo", "mcp", "completed", json.text(good["content"]))
    assert done.provider_data == {"server_name": "files"}
    assert (failed.status, failed.output) == ("failed", "no such file")


def test_the_stream_tells_it_while_it_runs_and_ends_in_the_same_response() -> None:
    found = result("web_search", "srvtoolu_1", [{"type": "web_search_result", "url": "https://x.example"}])
    body = sse(
        begin("m"),
        block(0, "server_tool_use", id="srvtoolu_1", name="web_search", input={}),
        delta(0, "input_json_delta", partial_json=""),
        delta(0, "input_json_delta", partial_json='{"query": '),
        delta(0, "input_json_delta", partial_json='"q"}'),
        stop(0),
        block(1, **{**found, "kind": found["type"]}),
        stop(1),
        text(2, "So."),
        end("end_turn"),
        STOP,
    )
    events = read(body)
    assert events[0] == ServerToolStart(0, "srvtoolu_1", "web_search")
    assert isinstance(events[1], ServerToolEvent)
    streamed = answer(body)
    expected = whole(SEARCH, found, {"type": "text", "text": "So."})
    assert streamed.server_tools == expected.server_tools == (events[1].call,)
    assert streamed.replay == expected.replay


def test_what_has_no_result_is_open_and_calls_and_server_tools_share_one_count() -> None:
    response = whole(CODE, BY_CODE, reason="tool_use", container={"id": "container_9", "expires_at": "2030-01-01"})
    assert [tool.status for tool in response.server_tools] == ["open"]
    (call,) = response.tool_calls
    assert call.provider_data == {"caller": BY_CODE["caller"]}
    events = WHOLE.read(json.dumps({"content": [CODE, BY_CODE], "stop_reason": "tool_use"}))
    assert [event.index for event in events if isinstance(event, ServerToolStart | ServerToolEvent)] == [0, 0]
    assert [event.index for event in events if isinstance(event, ToolCallEvent)] == [1]


def test_a_result_whose_call_was_in_an_earlier_answer() -> None:
    later = result("code_execution", "srvtoolu_2", {"type": "code_execution_result", "stdout": "7"})
    (tool,) = whole(later, {"type": "text", "text": "7"}).server_tools
    assert (tool.id, tool.name, tool.arguments, tool.status) == ("srvtoolu_2", "code_execution", "", "completed")


def test_a_paused_turn_goes_back_as_it_is() -> None:
    """Also one of text alone, and with the blanks at its end."""
    for blocks in ([SEARCH], [{"type": "text", "text": "Let me look. "}], [{"type": "text", "text": "a"}, SEARCH]):
        response = whole(*blocks, reason="pause_turn")
        assert response.finish_reason is FinishReason.paused
        assert not response.complete
        sent = ROAD.dialect.encode(
            Request([user("go"), response.message], model="m"), stream=False, provider="anthropic"
        ).body
        assert sent is not None
        assert sent["messages"][1] == {"role": "assistant", "content": blocks}


def test_a_tool_that_the_answer_breaks_off_in_has_no_end() -> None:
    body = sse(begin(), block(0, "server_tool_use", id="s", name="web_search", input={}))
    error = failure(body)
    assert error.partial is not None
    assert error.partial.server_tools == ()


# ---------------------------------------------------------------- shapes


def test_content_as_text_or_as_one_block_is_read() -> None:
    for content in ("hi", ["hi"], {"type": "text", "text": "hi"}):
        body = json.dumps({"id": "m", "content": content, "stop_reason": "end_turn"})
        assert answer(body, WHOLE).text == "hi"


@pytest.mark.parametrize("content", [7, [7], [["x"]], [{"type": "text", "text": {"value": "hi"}}], True])
def test_content_of_another_shape_is_no_empty_answer(content: Any) -> None:
    error = failure(json.dumps({"id": "m", "content": content, "stop_reason": "end_turn"}), WHOLE)
    assert type(error).__name__ == "MalformedStream"


def test_an_answer_of_unknown_blocks_alone_is_not_an_empty_stop() -> None:
    response = whole({"type": "hologram", "data": "x"})
    assert response.finish_reason is FinishReason.other
    assert response.provider_data == {"blocks": [{"type": "hologram", "data": "x"}]}


def test_content_that_comes_with_the_start_of_the_message_is_not_lost() -> None:
    start = begin()
    start["message"]["content"] = [{"type": "text", "text": "early"}]
    assert answer(sse(start, end("end_turn"), STOP)).text == "early"
    assert answer(sse(start, text(0, "early"), end("end_turn"), STOP)).text == "early"


def test_arguments_that_belong_to_no_call_are_an_error() -> None:
    piece = delta(3, "input_json_delta", partial_json='{"a":1}')
    assert "never began" in failure(sse(begin(), text(0, "x"), piece, end("tool_use"), STOP)).message


def test_arguments_under_another_index_belong_to_the_one_call_that_is_open() -> None:
    start = block(1, "tool_use", id="t", name="f", input={})
    body = sse(begin(), start, delta(0, "input_json_delta", partial_json='{"a":1}'), stop(1), end("tool_use"), STOP)
    assert [call.arguments for call in answer(body).tool_calls] == ['{"a":1}']


def test_text_in_the_place_of_a_call_does_not_spoil_its_arguments() -> None:
    start = block(0, "server_tool_use", id="s", name="web_search", input={})
    body = sse(
        begin(),
        start,
        delta(0, "input_json_delta", partial_json='{"query":'),
        delta(0, "text_delta", text="Look"),
        delta(0, "text_delta", text="ing."),
        delta(0, "input_json_delta", partial_json='"q"}'),
        stop(0),
        end("pause_turn"),
        STOP,
    )
    response = answer(body)
    assert response.text == "Looking."
    assert response.server_tools[0].arguments == '{"query":"q"}'


# ---------------------------------------------------------------- nothing is lost


def test_unknown_fields_of_the_message_and_of_its_blocks_are_kept_on_both_roads() -> None:
    message = {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x", "mood": "calm",
        "content": [{"type": "text", "text": "x", "tone": 3}],
        "stop_reason": "end_turn", "stop_sequence": None, "diagnostics": {"cache_miss_reason": None}, "weather": "wind",
    }  # fmt: skip
    start = begin()
    start["message"]["mood"] = "calm"
    said = end("end_turn", None, diagnostics={"cache_miss_reason": None})
    streamed = answer(sse(start, text(0, "x", tone=3), {**said, "weather": "wind"}, STOP))
    assert streamed.provider_data == {
        "mood": "calm",
        "weather": "wind",
        "diagnostics": {"cache_miss_reason": None},
        "blocks": [{"type": "text", "tone": 3}],
    }
    assert answer(json.dumps(message), WHOLE) == streamed


def test_a_call_of_a_toolset_is_of_its_kind_and_goes_back_with_it() -> None:
    call = {"type": "tool_use", "id": "t1", "name": "left_click", "input": {"x": 1}, "toolset_name": "computer"}
    response = whole(call, reason="tool_use")
    assert (response.tool_calls[0].kind, response.tool_calls[0].name) == ("computer", "left_click")
    request = Request([user("go"), response.message, result_of(response.tool_calls[0], "ok")], model="m")
    sent = ROAD.dialect.encode(request, stream=False, provider="anthropic").body
    assert sent is not None
    assert sent["messages"][1]["content"] == [call]
