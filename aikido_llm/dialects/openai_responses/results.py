"""Tool results -> the items that answer each kind of call.

source: OpenAI guides "Computer use", "Shell", "Apply patch", "MCP and connectors", "Local shell", and openai 2026-08,
types/responses/response_input_item_param.py, read 2026-11.
"""

from typing import Any

from ...codecs import json
from ...errors import InvalidRequestError, UnsupportedFeatureError
from ...types.messages import Message
from ...types.parts import ImagePart
from ...types.tools import ToolCall
from .. import media
from ..turns import plain_text
from ..values import as_object, as_objects, is_list
from .calls import is_known

_YES = {"true", "yes", "y", "ok", "approve", "approved", "allow", "allowed"}
_NO = {"false", "no", "n", "deny", "denied", "reject", "rejected", "refuse", "refused"}


def result_item(result: Message, call: ToolCall | None, id: str, content: Any) -> dict[str, Any]:
    """The answer to a call. call: None for one of which nothing but its id is known: it counts as a function's.

    id: the call's, as this wire takes it. content: the result as text, or as parts in this wire's words. That a
    function or a custom tool failed is said by the content alone.
    raises: InvalidRequestError, UnsupportedFeatureError for a result that cannot answer such a call.
    """
    kind = call.kind if call is not None and is_known(call) else "function"
    caller = (call.provider_data or {}).get("caller") if call is not None else None
    from_program = {"caller": caller} if caller is not None else {}
    match kind:
        case "custom":
            return {"type": "custom_tool_call_output", "call_id": id, "output": content, **from_program}
        case "computer":
            return _screenshot(result, call, id)
        case "shell":
            return {"type": "shell_call_output", "call_id": id, **_shell(result, call), **from_program}
        case "local_shell":
            # The reference asks for the call's id under one name, the service under the other.
            return {"type": "local_shell_call_output", "id": id, "call_id": id, "output": _text(result)}
        case "apply_patch":
            said = {"output": _text(result)} if _text(result) else {}
            status = "failed" if result.is_error else "completed"
            return {"type": "apply_patch_call_output", "call_id": id, "status": status, **said, **from_program}
        case "mcp_approval":
            return {"type": "mcp_approval_response", "approval_request_id": id, **_approval(result)}
        case "tool_search":
            found = {"execution": "client", "status": "completed", "tools": _tools(result)}
            return {"type": "tool_search_output", "call_id": id, **found}
        case _:
            return {"type": "function_call_output", "call_id": id, "output": content, **from_program}


def _text(result: Message) -> str:
    return plain_text(result, "the result of such a call")


def _request(call: ToolCall | None) -> dict[str, Any]:
    """What the call asked for; it reads, or the call would not be of its kind (see `is_known`)."""
    return call.parsed() if call is not None else {}


def _screenshot(result: Message, call: ToolCall | None, id: str) -> dict[str, Any]:
    """Who answers the call has seen the safety checks that came with it, which the service wants to be told."""
    pictures = [part for part in result.parts if isinstance(part, ImagePart)]
    if len(pictures) != 1 or len(result.parts) != 1:
        raise UnsupportedFeatureError("a computer call is answered with one picture of the screen, and nothing else")
    shown = {"type": "computer_screenshot", "image_url": media.data_uri(pictures[0], "image/png")}
    checks = as_objects(_request(call).get("pending_safety_checks"))
    seen = {"acknowledged_safety_checks": checks} if checks else {}
    return {"type": "computer_call_output", "call_id": id, "output": shown, **seen}


def _shell(result: Message, call: ToolCall | None) -> dict[str, Any]:
    """The output of each command, if the result is a JSON list of these (stdout, stderr, outcome), else one text."""
    text = _text(result)
    most = as_object(_request(call).get("action")).get("max_output_length")
    bound = {"max_output_length": most} if isinstance(most, int) else {}
    try:
        said: Any = json.loads(text)
    except ValueError:
        said = None
    if is_list(said) and said and all("outcome" in as_object(one) for one in said):
        return {"output": said, **bound}
    outcome = {"type": "exit", "exit_code": 1 if result.is_error else 0}
    streams = {"stdout": "", "stderr": text} if result.is_error else {"stdout": text, "stderr": ""}
    return {"output": [{**streams, "outcome": outcome}], **bound}


def _approval(result: Message) -> dict[str, Any]:
    """A word that says yes or no, `{"approve": ..., "reason": ...}`, or else the reason of a refusal: nothing is
    approved that was not said to be."""
    text = _text(result).strip()
    word = text.casefold().rstrip(".!")
    if not result.is_error and word in _YES:
        return {"approve": True}
    if word in _NO:
        return {"approve": False}
    try:
        said = json.loads_object(text)
    except ValueError:
        said = {"reason": text}
    approve = said.get("approve") is True and not result.is_error
    reason = said.get("reason")
    return {"approve": approve, "reason": reason} if isinstance(reason, str) and reason else {"approve": approve}


def _tools(result: Message) -> list[Any]:
    """The tools that a search of the caller's found: a JSON list of them, in this wire's words."""
    try:
        found: Any = json.loads(_text(result))
    except ValueError:
        found = None
    if not is_list(found):
        raise InvalidRequestError("a tool search is answered with a JSON list of tools, in the wire's own words")
    return found
