"""Calls that the caller answers, of every kind: read, answered in the form that each wants, sent back."""

import base64
import json
from typing import Any

import pytest
from attrs import evolve

from aikido_llm.codecs import json as _json
from aikido_llm.errors import InvalidRequestError, UnsupportedFeatureError
from aikido_llm.serialize import from_dict, to_dict
from aikido_llm.testing.wires.responses_rules import check
from aikido_llm.types.messages import Message, assistant, tool, user
from aikido_llm.types.parts import ImagePart
from aikido_llm.types.request import Request
from aikido_llm.types.response import FinishReason, Response
from aikido_llm.types.server_tools import ServerTool
from aikido_llm.types.tools import CustomTool, ToolCall
from tests.dialects.openai_responses.test_decode import (
    DIALECT,
    REASONING,
    Json,
    added,
    answer,
    body,
    completed,
    created,
    done,
    event,
    read_whole,
    said,
)
from tests.wire import ANY_REQUEST, Road, response_of

PNG = b"\x89PNG\r\n\x1a\n screen"
CHECK = {"id": "cu_sc_1", "code": "malicious", "message": "Look twice"}
EXEC = {"type": "exec", "command": ["ls"], "env": {"A": "b"}}
ITEMS: dict[str, Json] = {
    "custom": {"type": "custom_tool_call", "id": "ctc_1", "call_id": "c1", "name": "note", "input": "buy milk"},
    "computer": {
        "type": "computer_call",
        "id": "cu_1",
        "call_id": "c1",
        "status": "completed",
        "action": {"type": "click", "x": 1, "y": 2, "keys": None},
        "pending_safety_checks": [CHECK],
    },
    "local_shell": {"type": "local_shell_call", "id": "l_1", "call_id": "c1", "status": "completed", "action": EXEC},
    "shell": {
        "type": "shell_call",
        "id": "sh_1",
        "call_id": "c1",
        "status": "completed",
        "action": {"commands": ["ls"], "max_output_length": 99, "timeout_ms": None},
    },
    "apply_patch": {
        "type": "apply_patch_call",
        "id": "apc_1",
        "call_id": "c1",
        "status": "completed",
        "operation": {"type": "delete_file", "path": "a.txt"},
    },
    "mcp_approval": {
        "type": "mcp_approval_request",
        "id": "mcpr_1",
        "name": "roll",
        "server_label": "dice",
        "arguments": '{"sides": 6}',
    },
    "tool_search": {
        "type": "tool_search_call",
        "id": "tsc_1",
        "call_id": "c1",
        "status": "completed",
        "execution": "client",
        "arguments": {"goal": "weather"},
    },
}
RESULTS: dict[str, Any] = {"computer": [ImagePart(data=PNG)], "tool_search": "[]", "mcp_approval": "yes"}


def ask(*items: Json) -> Response:
    return evolve(response_of(read_whole(body(*items))), provider="test")


def sent(*messages: Message, checked: bool = True, **fields: Any) -> list[Json]:
    request = Request((user("hi"), *messages), model="m", **fields)
    asked: Json = json.loads(_json.dumps(DIALECT.encode(request, stream=False, provider="test").body))
    if checked:
        check(asked)
    found: list[Json] = asked["input"][1:]
    return found


def answered(kind: str, result: Any, **how: Any) -> Json:
    response = ask(ITEMS[kind])
    return sent(response.message, tool(response.tool_calls[0], result, **how))[-1]


@pytest.mark.deep
@pytest.mark.parametrize("kind", ITEMS)
def test_the_turn_waits_for_the_caller_and_is_the_same_on_both_roads(kind: str) -> None:
    item = ITEMS[kind]
    response = response_of(read_whole(body(item)))
    (call,) = response.tool_calls
    assert (call.kind, response.finish_reason) == (kind, FinishReason.tool_calls)
    assert call.id == item.get("call_id", item["id"])
    started = {**item, "input": ""} if kind == "custom" else item
    assert answer(created(), added(0, **started), done(0, **item), completed(output=[item])) == response
    assert answer(created(), completed(output=[item])) == response


@pytest.mark.parametrize("kind", ITEMS)
def test_the_call_and_its_result_go_back_as_the_service_wants_them(kind: str) -> None:
    response = ask(REASONING, ITEMS[kind])
    result = tool(response.tool_calls[0], RESULTS.get(kind, "saved"))
    assert "null" not in json.dumps(sent(response.message, result))
    by_hand = assistant(tool_calls=response.tool_calls)  # the same turn without the wire's own items
    assert sent(by_hand, result)[-1] == sent(response.message, result)[-1]
    assert sent(by_hand, result)[0].items() >= {"type": ITEMS[kind]["type"]}.items()


def test_what_a_call_asks_is_in_its_arguments() -> None:
    assert ask(ITEMS["custom"]).tool_calls[0].arguments == "buy milk"
    assert ask(ITEMS["shell"]).tool_calls[0].parsed()["action"]["commands"] == ["ls"]
    assert ask(ITEMS["apply_patch"]).tool_calls[0].parsed() == {"operation": ITEMS["apply_patch"]["operation"]}
    assert ask(ITEMS["computer"]).tool_calls[0].parsed()["pending_safety_checks"] == [CHECK]
    approval = ask(ITEMS["mcp_approval"]).tool_calls[0]
    assert (approval.name, approval.parsed()) == ("roll", {"sides": 6})
    assert approval.provider_data == {"server_label": "dice"}


@pytest.mark.deep
def test_the_text_of_a_custom_call_comes_in_pieces() -> None:
    piece = "custom_tool_call_input"
    events = [
        added(0, **{**ITEMS["custom"], "input": ""}),
        event(f"{piece}.delta", output_index=0, item_id="ctc_1", delta="buy "),
        event(f"{piece}.delta", output_index=0, item_id="ctc_1", delta="milk"),
        event(f"{piece}.done", output_index=0, item_id="ctc_1", input="buy milk"),
        done(0, **ITEMS["custom"]),
    ]
    assert answer(created(), *events, completed()).tool_calls == (ToolCall("c1", "note", "buy milk", kind="custom"),)


def test_a_call_that_the_limit_cut_off_is_not_handed_out() -> None:
    cut = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    whole, half = {**ITEMS["custom"], "status": "completed"}, {**ITEMS["custom"], "status": "incomplete"}
    assert len(response_of(read_whole(body(whole, **cut))).tool_calls) == 1
    response = response_of(read_whole(body(REASONING, half, **cut)))
    assert (response.tool_calls, response.replay, response.finish_reason) == ((), (), FinishReason.length)


def test_answers_to_calls_of_the_computer() -> None:
    item = answered("computer", [ImagePart(data=PNG)])
    uri = "data:image/png;base64," + base64.b64encode(PNG).decode()
    assert item["output"] == {"type": "computer_screenshot", "image_url": uri}
    assert item["acknowledged_safety_checks"] == [CHECK]
    for wrong in ("done", [ImagePart(data=PNG), ImagePart(data=PNG)]):
        with pytest.raises(UnsupportedFeatureError, match="one picture"):
            answered("computer", wrong)


def test_answers_to_shells_and_patches() -> None:
    ended = {"type": "exit", "exit_code": 0}
    assert answered("shell", "a.txt") == {
        "type": "shell_call_output",
        "call_id": "c1",
        "max_output_length": 99,
        "output": [{"stdout": "a.txt", "stderr": "", "outcome": ended}],
    }
    failed = answered("shell", "no such file", is_error=True)["output"]
    assert failed == [{"stdout": "", "stderr": "no such file", "outcome": {"type": "exit", "exit_code": 1}}]
    own = [{"stdout": "a", "stderr": "", "outcome": {"type": "timeout"}}]
    assert answered("shell", json.dumps(own))["output"] == own
    assert answered("local_shell", "a.txt")["output"] == "a.txt"
    patched = {"type": "apply_patch_call_output", "call_id": "c1", "status": "completed"}
    assert answered("apply_patch", "") == patched
    assert answered("apply_patch", "no such file", is_error=True) == {
        **patched,
        "status": "failed",
        "output": "no such file",
    }


@pytest.mark.parametrize(
    ("said", "approve", "reason"),
    [
        ("yes", True, None),
        ("Approved.", True, None),
        ("no", False, None),
        ("too dangerous", False, "too dangerous"),
        ("", False, None),
        ('{"approve": true, "reason": "fine"}', True, "fine"),
        ('{"approve": "true"}', False, None),
    ],
)
def test_nothing_is_approved_that_was_not_said_to_be(said: str, approve: bool, reason: str | None) -> None:
    item = answered("mcp_approval", said)
    assert (item["approve"], item.get("reason"), item["approval_request_id"]) == (approve, reason, "mcpr_1")
    assert answered("mcp_approval", said, is_error=True)["approve"] is False


def test_found_tools_are_a_list() -> None:
    tools: list[Json] = [{"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}}]
    assert answered("tool_search", json.dumps(tools))["tools"] == tools
    with pytest.raises(InvalidRequestError, match="JSON list"):
        answered("tool_search", "none")


def test_the_caller_of_a_call_is_named_by_the_call_and_by_its_output() -> None:
    program = {"type": "program", "id": "cm_1", "call_id": "p", "code": "await tools.stock()", "fingerprint": "fp"}
    caller = {"type": "program", "caller_id": "p"}
    stock = {"type": "function_call", "id": "fc_1", "call_id": "f", "name": "stock", "arguments": "{}"}
    response = ask({**program}, {**stock, "caller": caller, "status": "in_progress"})
    assert response.tool_calls[0].provider_data == {"caller": caller}
    ran, call, output = sent(response.message, tool(response.tool_calls[0], "7"))
    assert (ran, call["caller"], output["caller"]) == (program, caller, caller)
    alone = ask({**stock, "caller": caller})
    assert sent(alone.message, tool(alone.tool_calls[0], "7"))[0]["caller"] == caller


def test_a_kind_that_this_wire_has_not_goes_on_as_a_function() -> None:
    call = ToolCall("c9", "paint", "a whale", kind="brush")
    made, output = sent(assistant(tool_calls=[call]), tool(call, "done"))
    assert (made["type"], made["arguments"]) == ("function_call", '{"input":"a whale"}')
    assert output == {"type": "function_call_output", "call_id": "c9", "output": "done"}


def test_a_custom_call_that_was_not_offered_is_one_of_the_servers() -> None:
    """Some hosts run searches of their own as custom calls."""
    found = {**ITEMS["custom"], "status": "completed", "name": "keyword_search"}
    hosted = Request(ANY_REQUEST.messages, tools=[ServerTool("x_search"), CustomTool("note")])
    road = Road(DIALECT, stream=False, content_type="application/json", request=hosted)
    response = response_of(road.read(json.dumps(body(found, said("Hi"), ITEMS["custom"])).encode()))
    assert [call.name for call in response.tool_calls] == ["note"]
    assert [(tool.name, tool.arguments) for tool in response.server_tools] == [("keyword_search", "buy milk")]


@pytest.mark.parametrize("kind", ITEMS)
def test_a_result_is_in_its_form_where_the_provider_keeps_the_call(kind: str) -> None:
    call = ask(ITEMS[kind]).tool_calls[0]
    result = tool(call, RESULTS.get(kind, "saved"))
    assert from_dict(to_dict(result), Message) == result
    assert sent(result, previous_response_id="resp_1") == [sent(assistant(tool_calls=[call]), result)[-1]]


def test_the_caller_of_a_kept_call_goes_back_with_its_result() -> None:
    caller = {"caller": {"type": "program", "caller_id": "p"}}
    for call, said_too in ((ToolCall("c1", "f", "{}", caller), caller), (ToolCall("c1", "f", "{}"), {}), ("c1", {})):
        output = {"type": "function_call_output", "call_id": "c1", "output": "7", **said_too}
        assert sent(tool(call, "7"), conversation="conv_1") == [output]
