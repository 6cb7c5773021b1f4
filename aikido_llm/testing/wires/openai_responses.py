"""OpenAI Responses from the server's side. Source: OpenAI API reference, read 2026-11; recorded streams."""

from typing import Any
from urllib.parse import unquote

from ...types.response import FinishReason
from ..answer import Answer
from . import batches, openai_verbs, responses_rules
from .base import Proof, Received, Route, Standing
from .openai_hosts import bearer_or_api_key
from .pieces import deltas, finish_of, fragments, made_id, write, write_pretty
from .responses_items import Item, id_of, in_background, items_of, response_of
from .rules import as_list, as_object, refusal

_ERRORS: dict[int, tuple[str, str | None]] = {  # status: (type, code)
    400: ("invalid_request_error", None),
    401: ("invalid_request_error", "invalid_api_key"),
    403: ("invalid_request_error", "unsupported_country_region_territory"),
    404: ("invalid_request_error", "model_not_found"),
    429: ("requests", "rate_limit_exceeded"),
    500: ("server_error", "server_error"),
    503: ("service_unavailable_error", "server_is_overloaded"),
}


class OpenAIResponses:
    """POST /v1/responses, GET /v1/models; with `background`, GET /v1/responses/ID and POST /v1/responses/ID/cancel.

    finish_reason content_filter: an answer that broke off, or, with the answer's `message`, a refusal in these words.
    finish_reason error: response.failed with the answer's `code` and `message`.
    Encrypted reasoning (the answer's `signature`) is sent when the request's `include` asks for it.
    """

    name = "openai_responses"
    base_path = "/v1"
    hosts = ("server_tools", "citations")
    routes = (
        *openai_verbs.RESPONSES,
        Route("chat", "POST", "(?:/openai)?/v1/responses"),
        Route("models", "GET", "(?:/openai)?/v1/models"),
        Route("retrieve", "GET", "(?:/openai)?/v1/responses/[^/]+"),
        Route("cancel", "POST", "(?:/openai)?/v1/responses/[^/]+/cancel"),
        *batches.OPENAI,
    )
    stream_type = "text/event-stream; charset=utf-8"

    def key(self, request: Received) -> str | None:
        return bearer_or_api_key(request)

    def wants_stream(self, request: Received) -> bool:
        return (as_object(request.body) or {}).get("stream") is True

    def check(self, request: Received) -> str | None:
        return refusal(responses_rules.check, request.body)

    def issued(self, answer: Answer, request: Received) -> list[Proof]:
        return _proofs([item.whole for item in items_of(answer, request)])

    def returned(self, request: Received) -> list[Proof]:
        return _proofs(as_list((as_object(request.body) or {}).get("input")) or [])

    def stream(self, answer: Answer, request: Received) -> list[bytes]:
        finish = finish_of(answer)
        started = response_of(answer, request, "in_progress", [])
        events: list[dict[str, Any]] = [{"type": "response.created", "response": started}]
        if in_background(request):
            queued = started | {"status": "queued"}
            events = [{"type": f"response.{step}", "response": queued} for step in ("created", "queued")]
        events.append({"type": "response.in_progress", "response": started})
        items = items_of(answer, request)
        for index, item in enumerate(items):
            events += _item_events(item, index, answer, request)
        whole = response_of(answer, request, _status(finish), [item.whole for item in items])
        if finish is FinishReason.error:
            error = {"type": _failure_type(answer), **whole["error"], "param": None}
            events += [
                {"type": "error", "error": error},
                {"type": "response.failed", "response": whole | {"output": []}},
            ]
        else:
            events.append({"type": f"response.{whole['status']}", "response": whole})
        return [_event(event, number) for number, event in enumerate(events)]

    def body(self, answer: Answer, request: Received) -> bytes:
        return self.standing(answer, request, "queued" if in_background(request) else "whole")

    def standing(self, answer: Answer, request: Received, status: Standing) -> bytes:
        word = "in_progress" if status == "running" else status
        if status != "whole":
            return write_pretty(response_of(answer, request, word, [])).encode()
        output = [item.whole for item in items_of(answer, request)]
        return write_pretty(response_of(answer, request, _status(finish_of(answer)), output)).encode()

    def kept_id(self, answer: Answer, request: Received) -> str:
        return id_of(answer, request) if in_background(request) else ""

    def asked_id(self, request: Received) -> str:
        return unquote(request.path.split("/")[3])

    def behind(self, events: list[bytes], request: Received) -> list[bytes]:
        """An event's number is its place."""
        after = request.query.get("starting_after")
        return events if after is None else events[int(after) + 1 :]

    def check_further(self, request: Received) -> str | None:
        return openai_verbs.check(request)

    def further(self, answer: Answer, request: Received) -> bytes:
        return openai_verbs.body(answer, request)

    def error(self, status: int, message: str, code: str = "") -> bytes:
        fallback = ("invalid_request_error", None) if status < 500 else ("server_error", "server_error")
        kind, usual = _ERRORS.get(status, fallback)
        if code in {"insufficient_quota", "tokens"}:
            kind = code
        param = {"context_length_exceeded": "input", "model_not_found": "model"}.get(code or usual or "")
        return write_pretty(
            {"error": {"message": message, "type": kind, "param": param, "code": code or usual}}
        ).encode()

    def error_event(self, message: str, code: str = "") -> bytes:
        error = {"type": code or "server_error", "code": code or "server_error", "message": message, "param": None}
        return _event({"type": "error", "error": error}, 2)

    def models(self, names: tuple[str, ...], request: Received) -> bytes:
        made = [
            {"id": name, "object": "model", "created": 1_780_000_000 + number, "owned_by": "system"}
            for number, name in enumerate(names)
        ]
        return write_pretty({"object": "list", "data": made}).encode()


def _proofs(items: list[Any]) -> list[Proof]:
    """Of the reasoning that is encrypted: the summary stands beside it."""
    thoughts = [item for one in items if (item := as_object(one)) is not None and item.get("type") == "reasoning"]
    return [
        Proof(write(thought.get("summary") or []), str(thought["encrypted_content"]))
        for thought in thoughts
        if thought.get("encrypted_content")
    ]


def _event(event: dict[str, Any], number: int) -> bytes:
    return f"event: {event['type']}\ndata: {write(event | {'sequence_number': number})}\n\n".encode()


def _status(finish: FinishReason) -> str:
    return {
        FinishReason.length: "incomplete",
        FinishReason.content_filter: "incomplete",
        FinishReason.error: "failed",
    }.get(finish, "completed")


def _failure_type(answer: Answer) -> str:
    return answer.code or "server_error"


def _item_events(item: Item, index: int, answer: Answer, request: Received) -> list[dict[str, Any]]:
    """One output item: added, filled, done. Every event between says which item it fills."""
    place = {"item_id": item.whole["id"], "output_index": index}
    filled = _FILLED.get(item.whole["type"], _no_events)(item, place, answer, request)
    return [
        {"type": "response.output_item.added", "item": item.opened, "output_index": index},
        *filled,
        {"type": "response.output_item.done", "item": item.whole, "output_index": index},
    ]


def _obfuscated(change: dict[str, Any], answer: Answer, request: Received) -> dict[str, Any]:
    """A delta with the padding that hides its length."""
    length = 16 - len(change["delta"]) % 16
    return change | {"obfuscation": made_id(answer, request, length, "padding")}


def _summary_events(item: Item, place: dict[str, Any], answer: Answer, request: Received) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    for number, part in enumerate(item.whole["summary"]):
        here = place | {"summary_index": number}
        kind = "response.reasoning_summary_text"
        events.append({"type": "response.reasoning_summary_part.added", **here, "part": part | {"text": ""}})
        for piece in deltas(part["text"], answer.chunk):
            events.append(_obfuscated({"type": f"{kind}.delta", **here, "delta": piece}, answer, request))
        events.append({"type": f"{kind}.done", **here, "text": part["text"]})
        events.append({"type": "response.reasoning_summary_part.done", **here, "part": part})
    return events


def _message_events(item: Item, place: dict[str, Any], answer: Answer, request: Received) -> list[dict[str, Any]]:
    here, part = place | {"content_index": 0}, item.whole["content"][0]
    if part["type"] == "refusal":
        kind, key, extra = "response.refusal", "refusal", dict[str, Any]()
    else:
        kind, key, extra = "response.output_text", "text", {"logprobs": list[Any]()}
    opened = {**part, key: "", **({"annotations": list[Any]()} if key == "text" else {})}
    events: list[dict[str, Any]] = [{"type": "response.content_part.added", **here, "part": opened}]
    for piece in deltas(part[key], answer.chunk):
        change = {"type": f"{kind}.delta", **here, "delta": piece, **extra}
        events.append(change if key == "refusal" else _obfuscated(change, answer, request))
    for number, note in enumerate(part.get("annotations", [])):
        about = {"annotation_index": number, "annotation": note}
        events.append({"type": "response.output_text.annotation.added", **here, **about})
    events.append({"type": f"{kind}.done", **here, key: part[key], **extra})
    return [*events, {"type": "response.content_part.done", **here, "part": part}]


def _image_events(item: Item, place: dict[str, Any], answer: Answer, request: Received) -> list[dict[str, Any]]:
    steps = ("in_progress", "generating", "completed")
    return [{"type": f"response.image_generation_call.{step}", **place} for step in steps]


def _tool_events(item: Item, place: dict[str, Any], answer: Answer, request: Received) -> list[dict[str, Any]]:
    kind = f"response.{item.whole['type']}"
    return [{"type": f"{kind}.in_progress", **place}, {"type": f"{kind}.{item.whole['status']}", **place}]


def _no_events(item: Item, place: dict[str, Any], answer: Answer, request: Received) -> list[dict[str, Any]]:
    """A call of another kind comes whole."""
    return []


def _call_events(item: Item, place: dict[str, Any], answer: Answer, request: Received) -> list[dict[str, Any]]:
    custom = item.whole["type"] == "custom_tool_call"
    kind, said = ("custom_tool_call_input", "input") if custom else ("function_call_arguments", "arguments")
    pieces = deltas(item.whole[said], answer.chunk) if custom else fragments(item.whole[said], answer.chunk)
    events = [
        _obfuscated({"type": f"response.{kind}.delta", **place, "delta": piece}, answer, request) for piece in pieces
    ]
    return [*events, {"type": f"response.{kind}.done", **place, said: item.whole[said]}]


_FILLED = {
    "reasoning": _summary_events,
    "message": _message_events,
    "image_generation_call": _image_events,
    "function_call": _call_events,
    "custom_tool_call": _call_events,
    **dict.fromkeys(("web_search_call", "file_search_call", "code_interpreter_call", "mcp_call"), _tool_events),
}
