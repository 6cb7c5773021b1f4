"""The shape of nearly every chunk of a stream: a piece of text, reasoning or a call, and nothing else that matters.

Its types turn down all others, so that the parser (C) does the checks: a key that is not named here, or a value where
nothing is expected, makes the chunk one that is read in full, key by key, because servers disagree on nearly all types.
What names the frame rather than the answer is skipped here; chunks that are read in full (the first and the last are
always among them) tell it. The keys stand in the order in which hosts send them: the parser looks there first.
"""

from typing import Any, Literal, TypeAlias

import msgspec

from ...codecs.json import Typed

Json = dict[str, Any]


class PlainFunction(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    name: str | None = None
    arguments: str | None = None


class PlainCall(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    function: PlainFunction
    index: int | None = None
    id: str | None = None
    type: Literal["function", ""] | None = None
    custom: None = None
    extra_content: None = None


class PlainDelta(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    role: Any = None
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_details: Any = None
    tool_calls: list[PlainCall] | None = None
    refusal: None = None
    images: None = None
    audio: None = None
    annotations: None = None
    function_call: None = None
    token_id: None = None
    name: Any = None
    channel: Any = None
    padding: Any = None
    audio_content: Literal[""] | None = None


class PlainChoice(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    delta: PlainDelta
    index: Literal[0] = 0
    logprobs: None = None
    finish_reason: str | None = None
    native_finish_reason: None = None
    stop_reason: None = None
    matched_stop: None = None
    token_ids: None = None
    raw_output: None = None
    seed: None = None
    text: Any = None
    error: None = None
    content_filter_results: Any = None  # Azure's, with every piece of text


class PlainChunk(msgspec.Struct, gc=False, forbid_unknown_fields=True, kw_only=True):
    id: Any = None
    object: Any = None
    created: Any = None
    model: Any = None
    choices: tuple[PlainChoice]
    model_id: Any = None
    created_at: Any = None
    usage: None = None
    obfuscation: Any = None
    p: Any = None
    error: None = None
    x_groq: None = None
    prompt_token_ids: None = None


class TellingChunk(PlainChunk, gc=False, forbid_unknown_fields=True, kw_only=True):
    """One of a host that repeats with every chunk what it says of the whole answer, which must not change unseen."""

    service_tier: str | None = None
    system_fingerprint: str | None = None
    provider: str | None = None
    model_version: str | None = None
    request_id: str | None = None
    generationId: str | None = None


Facts: TypeAlias = tuple[Any, ...]
_FACTS = TellingChunk.__struct_fields__[len(PlainChunk.__struct_fields__) :]
FACTS = frozenset(_FACTS)
_PLAIN = Typed(PlainChunk)
_TELLING = Typed(TellingChunk)

Place: TypeAlias = Literal["text", "thinking"] | int
"""What a piece goes on with; a number is the index of a call."""


def facts_of(chunk: Json) -> Facts:
    """What a chunk says that a `TellingChunk` may only say again."""
    return tuple(map(chunk.get, _FACTS))


def telling_chunk(data: bytes) -> TellingChunk:
    """A plain chunk with what it says of the answer. Raises one of `UNREADABLE` for any other."""
    return _TELLING.fast(data)


def told_by(chunk: TellingChunk) -> Json:
    """The same as `facts_of`, by their keys."""
    return {key: getattr(chunk, key) for key in _FACTS}


def plain_choice(data: bytes, facts: Facts | None) -> PlainChoice:
    """The choice of a plain chunk, which may say these facts again. Raises one of `UNREADABLE` for any other."""
    if facts is None:
        return _PLAIN.fast(data).choices[0]
    told = _TELLING.fast(data)
    if (told.service_tier, told.system_fingerprint, told.provider, told.model_version,
            told.request_id, told.generationId) != facts:  # fmt: skip
        raise msgspec.DecodeError("what the answer repeats has changed")
    return told.choices[0]


def says_anything(delta: PlainDelta) -> bool:
    """Whether there is a piece in it, of whatever."""
    texts = delta.content or delta.reasoning_content or delta.reasoning
    return bool(texts or delta.tool_calls or delta.reasoning_details is not None)


def only_piece(choice: PlainChoice) -> tuple[Place, str] | None:
    """The one piece that a plain chunk brings, and of what; None when it says more, or nothing."""
    delta = choice.delta
    thoughts = (delta.reasoning_content, delta.reasoning)
    found: list[tuple[Place, str]] = [("thinking", piece) for piece in thoughts if piece]
    if delta.content:
        found.append(("text", delta.content))
    for call in delta.tool_calls or ():
        if call.id or call.function.name or call.index is None:
            return None
        found.append((call.index, call.function.arguments or ""))
    more = delta.reasoning_details is not None or choice.text or choice.content_filter_results
    return None if more or len(found) != 1 else found[0]
