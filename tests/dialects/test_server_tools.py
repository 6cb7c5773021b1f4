"""Tools that a provider runs itself, as they begin and end, in one count with the calls."""

from aikido_llm.dialects.server_tools import ServerTools
from aikido_llm.dialects.toolcalls import ToolCalls
from aikido_llm.types.events import Event, ServerToolEvent, ServerToolStart, ToolCallStart
from aikido_llm.types.server_tools import ServerToolCall


def test_calls_and_server_tools_are_counted_together() -> None:
    out: list[Event] = []
    calls = ToolCalls()
    tools = ServerTools(calls.next_index)
    calls.delta(out, 0, "c1", "f")
    search = tools.start(out, "s1", "web_search", "web_search", '{"query":"x"}')
    calls.delta(out, 1, "c2", "g")
    tools.end(out, search, "[]")
    assert out == [
        ToolCallStart(0, "c1", "f"),
        ServerToolStart(1, "s1", "web_search"),
        ToolCallStart(2, "c2", "g"),
        ServerToolEvent(1, ServerToolCall("s1", "web_search", "web_search", '{"query":"x"}', "completed", "[]")),
    ]


def test_what_has_no_result_is_open_in_the_order_of_its_start() -> None:
    out: list[Event] = []
    tools = ServerTools(ToolCalls().next_index)
    first, second = tools.start(out, "a", "f", "f"), tools.start(out, "b", "g", "g")
    third = tools.start(out, "c", "h", "h")
    assert tools.running("b") is second
    tools.end(out, second, "boom", failed=True)
    assert tools.running("b") is None
    tools.leave_open(out)
    tools.leave_open(out)
    ends = [event for event in out if isinstance(event, ServerToolEvent)]
    assert [(event.index, event.call.status) for event in ends] == [
        (second.index, "failed"),
        (first.index, "open"),
        (third.index, "open"),
    ]


def test_of_two_tools_with_one_id_the_latest_gets_the_result() -> None:
    out: list[Event] = []
    tools = ServerTools(ToolCalls().next_index)
    first, second = tools.start(out, "", "f", "f"), tools.start(out, "", "f", "f")
    assert tools.running("") is second
    tools.end(out, second)
    tools.end(out, first)
    tools.leave_open(out)
    assert [event.index for event in out if isinstance(event, ServerToolEvent)] == [1, 0]
