"""The fields of a GenerateContentResponse that we read (source: Gemini API reference, GenerateContentResponse, v1beta,
read 2026-11).

The typed road refuses fields that it does not know, in the few objects where new ones must not get lost; such a chunk
is read again untyped, and `mend` moves what is unknown or of an unexpected type into `other`.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from ...codecs import json
from ..values import MOST, as_count, is_list, is_object

_OTHER = "~other"  # no server means this name


class FunctionCall(msgspec.Struct):
    name: str | None = None
    args: Any = None
    id: str | None = None
    partialArgs: Any = None
    willContinue: bool | None = None


class Blob(msgspec.Struct):
    mimeType: str | None = None
    data: str | None = None


class Part(msgspec.Struct, forbid_unknown_fields=True):
    """other: the whole part as it came, when it holds more than these."""

    text: str | None = None
    thought: bool | None = None
    thoughtSignature: str | None = None
    functionCall: FunctionCall | None = None
    inlineData: Blob | None = None
    other: dict[str, Any] | None = msgspec.field(default=None, name=_OTHER)


class Content(msgspec.Struct):
    parts: list[Part] | None = None


class Candidate(msgspec.Struct, forbid_unknown_fields=True):
    """other: the fields that are not named here (grounding, citations, log probabilities)."""

    content: Content | None = None
    finishReason: str | int | None = None
    index: int | None = None
    finishMessage: str | None = None
    safetyRatings: msgspec.Raw = msgspec.Raw()
    other: dict[str, Any] | None = msgspec.field(default=None, name=_OTHER)


Tokens = Annotated[int, msgspec.Meta(ge=0, lt=MOST)]
"""What `as_count` would read as it stands."""


class Counts(msgspec.Struct, gc=False):
    promptTokenCount: Tokens | None = None
    candidatesTokenCount: Tokens | None = None
    thoughtsTokenCount: Tokens | None = None
    cachedContentTokenCount: Tokens | None = None
    toolUsePromptTokenCount: Tokens | None = None


class PlainPart(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    text: str
    thought: bool = False


class PlainContent(msgspec.Struct, gc=False):
    parts: tuple[PlainPart]


class PlainCandidate(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    content: PlainContent
    index: Literal[0] = 0


class PlainChunk(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """What nearly every chunk is, a piece of text: its types turn down all others, so that the parser (C) does the
    check."""

    candidates: tuple[PlainCandidate]
    usageMetadata: Counts | None = None
    modelVersion: Any = None
    responseId: Any = None
    createTime: Any = None


class Chunk(msgspec.Struct, forbid_unknown_fields=True):
    candidates: list[Candidate] | None = None
    promptFeedback: Any = None
    usageMetadata: Counts | None = None
    modelVersion: str | None = None
    responseId: str | None = None
    createTime: Any = None
    error: Any = None
    other: dict[str, Any] | None = msgspec.field(default=None, name=_OTHER)


class _UsageOnly(msgspec.Struct):
    usageMetadata: Any = None


def usage_object(frame: bytes) -> Any:
    """The usage object of a chunk, untyped."""
    try:
        return _USAGE.decode(frame).usageMetadata
    except ValueError:  # the quick reader skips strings that it does not need, whatever their bytes
        return None


_Types = Mapping[str, tuple[type, ...]]

_CHUNK: _Types = {
    "candidates": (list,),
    "promptFeedback": (dict,),
    "usageMetadata": (dict,),
    "modelVersion": (str,),
    "responseId": (str,),
    "createTime": (str,),
    "error": (dict, str, list, int, bool),
}
_CANDIDATE: _Types = {
    "content": (dict,),
    "finishReason": (str, int),
    "index": (int,),
    "finishMessage": (str,),
    "safetyRatings": (list,),
}
_PART: _Types = {
    "text": (str,),
    "thought": (bool,),
    "thoughtSignature": (str,),
    "functionCall": (dict,),
    "inlineData": (dict,),
}
_CALL: _Types = {"name": (str,), "id": (str,), "willContinue": (bool,)}
_BLOB: _Types = {"mimeType": (str,), "data": (str,)}


def mend(value: Any) -> Any:
    """An untyped chunk -> what `Chunk` can be converted from. The value itself is left as it is."""
    if not is_object(value):
        return value
    chunk, other = _sort(value, _CHUNK)
    if "candidates" in chunk:
        chunk["candidates"] = [_candidate(c) for c in chunk["candidates"] if is_object(c)]
    if "usageMetadata" in chunk:
        chunk["usageMetadata"] = {k: n for k, v in chunk["usageMetadata"].items() if (n := as_count(v)) is not None}
    if other:
        chunk[_OTHER] = other
    return chunk


def _candidate(value: dict[str, Any]) -> dict[str, Any]:
    candidate, other = _sort(value, _CANDIDATE)
    if "content" in candidate:
        parts = candidate["content"].get("parts")
        candidate["content"] = {"parts": [_part(p) for p in parts if is_object(p)] if is_list(parts) else []}
    if "safetyRatings" in candidate:
        candidate["safetyRatings"] = msgspec.Raw(json.dumps(candidate["safetyRatings"]))
    if other:
        candidate[_OTHER] = other
    return candidate


def _part(value: dict[str, Any]) -> dict[str, Any]:
    part, other = _sort(value, _PART)
    if "functionCall" in part:
        call = part["functionCall"]
        part["functionCall"] = {
            **_sort(call, _CALL)[0],
            "args": call.get("args"),
            "partialArgs": call.get("partialArgs"),
        }
    if "inlineData" in part:
        part["inlineData"] = _sort(part["inlineData"], _BLOB)[0]
    if other:
        part[_OTHER] = value
    return part


def _sort(value: dict[str, Any], types: _Types) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields that have a type of theirs, and the others; null is no field."""
    known: dict[str, Any] = {}
    other: dict[str, Any] = {}
    for name, item in value.items():
        if item is not None:
            (known if type(item) in types.get(name, ()) else other)[name] = item
    return known, other


PLAIN = json.Typed(PlainChunk)
CHUNK = json.Typed(Chunk, mend)
_USAGE = json.Typed(_UsageOnly)
