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
    finish_reason: Literal[""] | None = None
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
PLAIN = Typed(PlainChunk)
TELLING = Typed(TellingChunk)


def facts_of(chunk: Json) -> Facts:
    """What a chunk says that a `TellingChunk` may only say again."""
    return tuple(map(chunk.get, _FACTS))


def changed() -> Exception:
    """What `Typed.fast` would raise for a chunk that says something else of the answer than those before it."""
    return msgspec.DecodeError("what the answer repeats has changed")
