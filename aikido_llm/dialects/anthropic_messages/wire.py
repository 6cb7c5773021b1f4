"""The fields we read of each event. Everything may be missing; what is not named here is skipped while parsing."""

from typing import Any, Literal, TypeGuard

import msgspec

from ...codecs.json import Typed

# Types of events and deltas whose shape we rely on. Any other may come one day with fields of other types.
_EVENTS = ("message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta")
_DELTAS = ("text_delta", "thinking_delta", "signature_delta", "input_json_delta", "citations_delta", "compaction_delta")


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
    """`delta` of a content_block_delta, and of a message_delta."""

    type: str | None = None
    signature: str | None = None
    citation: Any = None
    content: Any = None
    stop_reason: str | None = None
    stop_sequence: Any = None
    stop_details: Any = None
    container: Any = None


class Event(msgspec.Struct, gc=False):
    """The data of one server-sent event; what it is stands in `type`, whatever the name of the event."""

    type: str | None = None
    index: int | None = None
    delta: Delta | None = None
    content_block: Any = None
    message: Any = None
    usage: Any = None
    context_management: Any = None
    error: Any = None
    request_id: Any = None


def _mend(value: Any) -> Any:
    """New types are announced as possible: an unknown one is no failure, whatever it holds."""
    if not is_object(value):
        return value
    kind = value.get("type")
    if kind not in _EVENTS:
        kept = ("error", "request_id", "message")
        return {"type": kind if isinstance(kind, str) else None} | {key: value.get(key) for key in kept}
    delta = value.get("delta")
    if kind == "content_block_delta" and is_object(delta) and delta.get("type") not in _DELTAS:
        return {**value, "delta": None}
    return value


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def text_of(value: object) -> str:
    """A string, or "" for anything else."""
    return value if isinstance(value, str) else ""


def count_of(value: object) -> int | None:
    """A number of tokens; None for anything that is none."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e15:
        return None
    return int(value)


def objects_of(value: object) -> list[dict[str, Any]]:
    """The objects of a list; [] for anything else."""
    return [item for item in value if is_object(item)] if is_list(value) else []


PLAIN = Typed(PlainEvent)
EVENT = Typed(Event, _mend)
