"""The needed fields of a stream's events.

Every field is optional and of any type: what servers put there varies (null deltas, missing indexes), and one odd value
must not cost the stream. Fields not named here (obfuscation, logprobs, sequence_number, partial images) are skipped.
What only few events have (an item, the response) is read in a second pass, so that the many are read faster.
"""

from typing import Any, Literal, TypedDict

from msgspec import Struct

from ...codecs import json
from ...codecs.json import Typed


class TextEvent(Struct, gc=False):
    """What most events are, a piece of text: its types turn down all others, so that the parser (C) does the check."""

    type: Literal["response.output_text.delta"]
    delta: str
    output_index: int
    content_index: int


class StreamEvent(Struct, gc=False):
    """One event of any kind."""

    type: Any = None
    delta: Any = None
    output_index: Any = None
    content_index: Any = None
    summary_index: Any = None
    item_id: Any = None
    text: Any = None
    refusal: Any = None
    arguments: Any = None


class ResponseHead(TypedDict, total=False):
    """What is read of the response's object, on the first and the last events.

    Not its output: the items came before, and a picture of many megabytes would be built a second time."""

    id: Any
    model: Any
    status: Any
    error: Any
    incomplete_details: Any
    usage: Any


class ResponseEvent(Struct, gc=False):
    response: ResponseHead | None = None


TEXT = Typed(TextEvent)
EVENT = Typed(StreamEvent)
_RESPONSE = Typed(ResponseEvent)


def response_of(data: bytes) -> dict[str, Any]:
    """The response of an event, without its output; empty when there is none."""
    try:
        return dict(_RESPONSE.decode(data).response or {})
    except ValueError:  # something else stands there
        return {}


def field_of(data: bytes, name: str) -> Any:
    """One field of an event, whole."""
    return json.loads_object(data).get(name)
