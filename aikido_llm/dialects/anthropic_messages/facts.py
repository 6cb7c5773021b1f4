"""What a message says of itself beside its content: fields that Response has no place for."""

from typing import Any

from ..values import as_object

_MESSAGE = frozenset(("id", "type", "role", "model", "content", "stop_reason", "usage"))
_EVENT = frozenset(("type", "delta", "usage", "index"))


def own_fields(message: dict[str, Any]) -> dict[str, Any]:
    """Of a message object: what is neither typed nor null."""
    return _without(message, _MESSAGE)


def facts_of(said: dict[str, Any]) -> dict[str, Any]:
    """Of a message_delta, whose facts stand in `delta` and beside it, or of a whole body."""
    if said.get("type") != "message_delta":
        return own_fields(said)
    return _without(said, _EVENT) | own_fields(as_object(said.get("delta")))


def _without(said: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {key: value for key, value in said.items() if key not in names and value is not None}
