"""The needed fields of a stream's events.

Every field is optional and of any type: what servers put there varies (null deltas, missing indexes), and one odd value
must not cost the stream. Fields not named here (obfuscation, logprobs, sequence_number, partial images) are skipped.
"""

from typing import Any, cast

from msgspec import Struct

from ..._json import Typed


class StreamEvent(Struct, gc=False):
    """One event. item: an output item; response: the whole answer's object, on the first and the last events."""

    type: Any = None
    delta: Any = None
    output_index: Any = None
    content_index: Any = None
    summary_index: Any = None
    item_id: Any = None
    text: Any = None
    refusal: Any = None
    arguments: Any = None
    annotation: Any = None
    item: Any = None
    response: Any = None
    error: Any = None


EVENT = Typed(StreamEvent)


def string_of(value: Any) -> str:
    """The value if it is text, else ""."""
    return value if isinstance(value, str) else ""


def object_of(value: Any) -> dict[str, Any]:
    """The value if it is an object, else an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def list_of(value: Any) -> list[Any]:
    """The value if it is an array, else an empty one."""
    return cast("list[object]", value) if isinstance(value, list) else []


def objects_of(value: Any) -> list[dict[str, Any]]:
    """The objects of an array."""
    return [cast("dict[str, Any]", item) for item in list_of(value) if isinstance(item, dict)]
