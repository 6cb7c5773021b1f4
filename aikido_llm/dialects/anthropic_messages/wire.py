"""The fields we read of each event. Everything may be missing; what is not named here is skipped while parsing.

The few events that tell facts of the whole message (`message_start`, `message_delta`) and deltas of unknown types are
read untyped, so that nothing of them is lost.
"""

from typing import Any, Literal

import msgspec

from ...codecs.json import Typed
from ..toolcalls import arguments_text
from ..values import is_object

# Types of events and deltas whose shape we rely on. Any other may come one day with fields of other types.
EVENTS = (
    *("message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta"),
    "message_stop",
)
DELTAS = ("text_delta", "thinking_delta", "signature_delta", "input_json_delta", "citations_delta")


class PlainDelta(msgspec.Struct, gc=False):
    text: str | None = None
    thinking: str | None = None
    partial_json: str | None = None


class PlainEvent(msgspec.Struct, gc=False):
    """What nearly every event is: its type turns down all others, so that the parser (C) does the check."""

    type: Literal["content_block_delta"]
    delta: PlainDelta
    index: int | None = None


class Delta(PlainDelta, gc=False):
    """`delta` of a content_block_delta."""

    type: str | None = None
    signature: str | None = None
    citation: Any = None


class Event(msgspec.Struct, gc=False):
    """The data of one server-sent event; what it is stands in `type`, whatever the name of the event."""

    type: str | None = None
    index: int | None = None
    delta: Delta | None = None
    content_block: Any = None
    message: Any = None
    error: Any = None
    request_id: Any = None


def _mend(value: Any) -> Any:
    """New types are announced as possible: an unknown one is no failure, whatever it holds."""
    if not is_object(value):
        return value
    kind = value.get("type")
    if kind not in EVENTS:
        kept = ("error", "request_id", "message")
        return {"type": kind if isinstance(kind, str) else None} | {key: value.get(key) for key in kept}
    delta = value.get("delta")
    if kind == "content_block_delta" and is_object(delta) and is_object(delta.get("partial_json")):
        delta = {**delta, "partial_json": arguments_text(delta["partial_json"])}
        value = {**value, "delta": delta}
    known = kind == "content_block_delta" and is_object(delta) and delta.get("type") in (*DELTAS, None)
    return value if known or not is_object(delta) else {**value, "delta": None}


PLAIN = Typed(PlainEvent)
EVENT = Typed(Event, _mend)
