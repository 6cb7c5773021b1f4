"""The response object and the output items of OpenAI Responses. Source: OpenAI API reference, read 2026-11."""

from typing import Any

from attrs import frozen

from ...codecs import json
from ...codecs.base64 import encode
from ...types.citations import Citation
from ...types.parts import ImagePart
from ...types.response import FinishReason
from ...types.server_tools import ServerToolCall
from ...types.tools import ToolCall
from ...types.usage import Usage
from ..answer import Answer
from .base import Received
from .pieces import finish_of, image_bytes, known, made_id, model_of
from .rules import as_list, as_object

_CREATED = 1_780_000_000


@frozen
class Item:
    """One item of the output: as response.output_item.added shows it, and as it is in the end."""

    opened: dict[str, Any]
    whole: dict[str, Any]


def items_of(answer: Answer, request: Received) -> list[Item]:
    """reasoning, message, images, calls: each what the answer has of it."""
    items = _reasoning(answer, request)
    items += [_server_tool(tool, number, answer, request) for number, tool in enumerate(answer.server_tools)]
    refusal = answer.message if finish_of(answer) is FinishReason.content_filter else ""
    if answer.text or refusal:
        items.append(_message(answer, request, refusal))
    items += [_image(image, number, answer, request) for number, image in enumerate(answer.images)]
    if answer.images and not answer.text and not refusal:
        items.append(_message(answer, request, ""))  # a message stands behind a picture, though it says nothing
    items += [_call(call, number, answer, request) for number, call in enumerate(answer.tool_calls)]
    if items and finish_of(answer) is FinishReason.length and "status" in items[-1].whole:
        items[-1] = Item(items[-1].opened, items[-1].whole | {"status": "incomplete"})
    return items


def _reasoning(answer: Answer, request: Received) -> list[Item]:
    if not answer.thinking and not answer.signature:
        return []
    asked = as_list((as_object(request.body) or {}).get("include")) or []
    encrypted = "reasoning.encrypted_content" in asked
    identity = {"id": "rs_" + made_id(answer, request, 48, "reasoning"), "type": "reasoning"}
    opened: dict[str, Any] = identity | {"summary": list[Any]()}
    whole: dict[str, Any] = dict(opened)
    if encrypted:
        secret = answer.signature or "gAAAA" + made_id(answer, request, 59, "encrypted")
        opened["encrypted_content"] = secret[
            : len(secret) // 2
        ]  # what the first event holds is not what must be sent back
        whole["encrypted_content"] = secret
    if answer.thinking:
        whole["summary"] = [{"type": "summary_text", "text": answer.thinking}]
    return [Item(opened, whole)]


def _message(answer: Answer, request: Received, refusal: str) -> Item:
    identity = {"id": "msg_" + made_id(answer, request, 48, "message"), "type": "message"}
    part: dict[str, Any] = {"type": "refusal", "refusal": refusal}
    if not refusal:
        notes = [_annotation(citation) for citation in answer.citations]
        part = {"type": "output_text", "annotations": notes, "logprobs": [], "text": answer.text}
    opened: dict[str, Any] = {**identity, "status": "in_progress", "content": [], "role": "assistant"}
    return Item(opened, {**identity, "status": "completed", "content": [part], "role": "assistant"})


def _annotation(citation: Citation) -> dict[str, Any]:
    """Of a file's the place is told by an index in the list of files, here always the first."""
    if citation.document:
        return {"type": "file_citation", "file_id": citation.document, "filename": citation.title, "index": 0}
    place = {"start_index": citation.start, "end_index": citation.end}
    return {"type": "url_citation", **place, "url": citation.url, "title": citation.title}


def _server_tool(tool: ServerToolCall, number: int, answer: Answer, request: Received) -> Item:
    """An item of the tool's own shape, as far as the description goes."""
    kind = "mcp_call" if tool.kind == "mcp" else f"{tool.kind}_call"
    id = tool.id or kind[:2] + "_" + made_id(answer, request, 48, f"tool {number}")
    match tool.kind:
        case "web_search":
            told: dict[str, Any] = {"action": json.loads(tool.arguments or '{"type":"search"}')}
        case "file_search":
            told = {**json.loads(tool.arguments or '{"queries":[]}'), "results": json.loads(tool.output or "null")}
        case "code_interpreter":
            told = {"code": tool.arguments, "container_id": "cntr_1", "outputs": json.loads(tool.output or "null")}
        case "mcp":
            told = {"name": tool.name, "arguments": tool.arguments, "output": tool.output or None, "error": None}
            told |= {"server_label": "server", "approval_request_id": None}
        case _:
            raise ValueError(f"the Responses wire is not played with the tool {tool.kind!r} of a server")
    status = "in_progress" if tool.status == "open" else tool.status
    opened = {name: value for name, value in told.items() if name in ("name", "server_label", "container_id")}
    identity = {"id": id, "type": kind}
    return Item({**identity, "status": "in_progress", **opened}, {**identity, "status": status, **told})


def _call(call: ToolCall, number: int, answer: Answer, request: Received) -> Item:
    """A call that the caller answers. Of other kinds than a function's and a custom tool's, the arguments are the
    fields of the item."""
    data = dict(call.provider_data or {})
    match call.kind:
        case "function" | "custom":
            kind, prefix, said = ("function_call", "fc_", "arguments") if call.kind == "function" else _CUSTOM
            fields: dict[str, Any] = {said: call.arguments, "call_id": call.id, "name": call.name}
        case "mcp_approval":
            kind, prefix, said = "mcp_approval_request", "mcpr_", ""
            fields = {"name": call.name, "arguments": call.arguments, "server_label": "server"}
        case _:
            kind, prefix, said = f"{call.kind}_call", call.kind[:2] + "_", ""
            fields = {"call_id": call.id, **call.parsed()}
    id = call.id if call.kind == "mcp_approval" else prefix + made_id(answer, request, 48, f"call {number}")
    identity = {"id": id, "type": kind}
    if call.kind == "mcp_approval":  # has no status (API reference, "MCP approval request", read 2026-11)
        whole = {**identity, **fields, **data}
        return Item(whole, whole)
    opened = {**identity, "status": "in_progress", **fields, **({said: ""} if said else {}), **data}
    return Item(opened, {**identity, "status": "completed", **fields, **data})


_CUSTOM = ("custom_tool_call", "ctc_", "input")


def _image(image: ImagePart, number: int, answer: Answer, request: Received) -> Item:
    """The picture is in the finished item only, as bare base64."""
    identity = {"id": "ig_" + made_id(answer, request, 48, f"image {number}"), "type": "image_generation_call"}
    whole = {
        **identity,
        "status": "completed",
        "background": "opaque",
        "output_format": (image.content_type or "image/png").removeprefix("image/"),
        "quality": "high",
        "result": encode(image_bytes(image)),
        "revised_prompt": "A picture of the test server.",
        "size": "1024x1024",
    }
    return Item({**identity, "status": "in_progress"}, whole)


def in_background(request: Received) -> bool:
    """Whether the answer is made, and kept, without a reader."""
    return (as_object(request.body) or {}).get("background") is True


def id_of(answer: Answer, request: Received) -> str:
    return answer.id or "resp_" + made_id(answer, request, 48)


def response_of(answer: Answer, request: Received, status: str, output: list[Any]) -> dict[str, Any]:
    """The response object. It repeats most of the request, which is why it is longer than the answer in it."""
    asked = as_object(request.body) or {}
    finish = finish_of(answer)
    if finish is FinishReason.other:
        raise ValueError("openai_responses has no word for the finish reason other")
    refused = finish is FinishReason.content_filter and answer.message
    status = "completed" if refused and status == "incomplete" else status
    reason = "max_output_tokens" if finish is FinishReason.length else "content_filter"
    error = {"code": answer.code or "server_error", "message": answer.message or "The server had an error."}
    running = status in ("queued", "in_progress")
    return {
        "id": id_of(answer, request),
        "object": "response",
        "created_at": _CREATED,
        "status": status,
        "background": in_background(request),
        "completed_at": _CREATED + 1 if status == "completed" else None,
        "error": error if status == "failed" else None,
        "frequency_penalty": 0.0,
        "incomplete_details": {"reason": reason} if status == "incomplete" else None,
        **_repeated(asked),
        "max_tool_calls": None,
        "model": model_of(answer, request),
        "moderation": None,
        "output": output,
        "presence_penalty": 0.0,
        "prompt_cache_retention": "in_memory",
        "safety_identifier": None,
        "top_logprobs": 0,
        "truncation": "disabled",
        "usage": None if running or status == "failed" else _usage(answer.usage),
        "user": None,
    }


def _repeated(asked: dict[str, Any]) -> dict[str, Any]:
    """What the response says of its own request."""
    reasoning = as_object(asked.get("reasoning")) or {}
    text = as_object(asked.get("text")) or {}
    usual: dict[str, Any] = {
        "instructions": None,
        "max_output_tokens": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "prompt_cache_key": None,
        "service_tier": "auto",
        "store": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
    }
    return {name: asked.get(name, value) for name, value in usual.items()} | {
        "reasoning": {"effort": reasoning.get("effort"), "summary": reasoning.get("summary")},
        "text": {"format": text.get("format", {"type": "text"}), "verbosity": text.get("verbosity", "medium")},
    }


def _usage(usage: Usage) -> dict[str, Any] | None:
    """Cache counts are parts of the input, reasoning is a part of the output."""
    cache = known(cached_tokens=usage.cache_read_tokens, cache_write_tokens=usage.cache_write_tokens)
    reasoning = known(reasoning_tokens=usage.reasoning_tokens)
    counts = known(input_tokens=usage.input_tokens)
    counts |= {"input_tokens_details": cache} if cache else {}
    counts |= known(output_tokens=usage.output_tokens)
    counts |= {"output_tokens_details": reasoning} if reasoning else {}
    return counts | known(total_tokens=usage.total_tokens) or None
