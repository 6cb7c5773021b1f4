"""The shapes of an answer.

Two of each. `PlainChunk` is what nearly every chunk of a stream is, a piece of text, reasoning or a call and nothing
else: its types turn down all others, so that the parser (C) does the checks. What it turns down is read as `Chunk`,
whose leaves are Any because servers disagree on nearly all of their types.
"""

from typing import Any, Literal

import msgspec

from ...codecs.json import Typed
from ..values import as_object, as_objects

Json = dict[str, Any]


class PlainFunction(msgspec.Struct, gc=False):
    name: str | None = None
    arguments: str | None = None


class PlainCall(msgspec.Struct, gc=False):
    function: PlainFunction
    index: int | None = None
    id: str | None = None
    custom: None = None
    extra_content: None = None


class PlainDelta(msgspec.Struct, gc=False):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[PlainCall] | None = None
    reasoning_details: Any = None
    refusal: None = None
    images: None = None
    audio: None = None
    annotations: None = None
    function_call: None = None


class PlainChoice(msgspec.Struct, gc=False):
    delta: PlainDelta
    index: Literal[0] = 0
    finish_reason: Literal[""] | None = None
    logprobs: None = None
    native_finish_reason: None = None
    error: None = None


class PlainChunk(msgspec.Struct, gc=False):
    choices: tuple[PlainChoice]
    usage: None = None
    error: None = None
    x_groq: None = None


class Message(msgspec.Struct, gc=False):
    """`choices[].delta` of a stream, `choices[].message` of a whole body: the same keys."""

    role: Any = None
    content: Any = None
    reasoning_content: Any = None
    reasoning: Any = None
    reasoning_details: Any = None
    tool_calls: Any = None
    refusal: Any = None
    images: Any = None
    audio: Any = None
    annotations: Any = None
    function_call: Any = None


NOTHING = Message()
"""What `{}` is read as."""


class Choice(msgspec.Struct, gc=False):
    delta: Message | None = None
    finish_reason: Any = None
    index: Any = None
    message: Message | None = None
    logprobs: Any = None
    native_finish_reason: Any = None
    error: Any = None


class Chunk(msgspec.Struct, gc=False):
    """A chunk of a stream or a whole body; what is rare is read untyped when it shows."""

    choices: list[Choice] | None = None
    usage: Any = None
    error: Any = None
    x_groq: Any = None


def _mend(value: Any) -> Json:
    """What is not of the shape above is left out: a server's oddity must not cost the answer."""
    chunk = as_object(value)
    choices = [_mend_choice(choice) for choice in as_objects(chunk.get("choices"))]
    return {**chunk, "choices": choices}


def _mend_choice(choice: Json) -> Json:
    mended = dict(choice)
    for key in ("delta", "message"):
        mended[key] = as_object(choice.get(key)) or None
    return mended


PLAIN = Typed(PlainChunk)
CHUNK = Typed(Chunk, _mend)
