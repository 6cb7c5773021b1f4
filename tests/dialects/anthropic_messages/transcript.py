"""Writes answers of this wire by hand, and reads them in every way."""

import json
from typing import Any

from aikido_llm.dialects.anthropic_messages import AnthropicMessages
from aikido_llm.errors import LLMError, StreamTruncated
from aikido_llm.types.events import Event
from aikido_llm.types.response import Response
from tests.wire import Road, error_of, response_of

ROAD = Road(AnthropicMessages())
WHOLE = Road(AnthropicMessages(), stream=False, content_type="application/json")
PING = b'event: ping\ndata: {"type": "ping"}\n\n'
STOP: dict[str, Any] = {"type": "message_stop"}


def sse(*events: dict[str, Any] | bytes) -> bytes:
    """Events as the server writes them: named, one line of data, a blank before the last brace."""
    written = [
        event
        if isinstance(event, bytes)
        else f"event: {event['type']}\ndata: {json.dumps(event)[:-1]}   }}\n\n".encode()
        for event in events
    ]
    return b"".join(written)


def begin(id: str = "msg_1", **usage: Any) -> dict[str, Any]:
    message: dict[str, Any] = {
        "id": id,
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": [],
        "usage": usage,
    }
    return {"type": "message_start", "message": message}


def block(index: int, kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": {**fields, "type": kind}}


def delta(index: int, kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **fields}}


def stop(index: int) -> dict[str, Any]:
    return {"type": "content_block_stop", "index": index}


def end(reason: str | None, usage: dict[str, Any] | None = None, **facts: Any) -> dict[str, Any]:
    return {"type": "message_delta", "delta": {"stop_reason": reason, **facts}, "usage": usage}


def text(index: int, *pieces: str, **start: Any) -> bytes:
    return sse(
        block(index, "text", text="", **start), *(delta(index, "text_delta", text=p) for p in pieces), stop(index)
    )


def tool(index: int, id: str, *pieces: str, **start: Any) -> bytes:
    return sse(
        block(index, "tool_use", id=id, name="f", input={}, **start),
        *(delta(index, "input_json_delta", partial_json=p) for p in pieces),
        stop(index),
    )


def read(body: bytes, road: Road = ROAD) -> list[Event]:
    """Every way of feeding gives the same; every cut before the end mark is StreamTruncated."""
    events = road.read_every_way(body)
    if road is ROAD and b'"message_stop"' in body:
        end_mark = body.index(b"}", body.index(b'"message_stop"')) + 1
        road.check_prefixes(body, end_mark, error=StreamTruncated)
    return events


def answer(body: bytes, road: Road = ROAD) -> Response:
    events = read(body, road)
    assert error_of(events) is None
    return response_of(events)


def failure(body: bytes, road: Road = ROAD) -> LLMError:
    error = error_of(road.read_every_way(body))
    assert error is not None
    return error
