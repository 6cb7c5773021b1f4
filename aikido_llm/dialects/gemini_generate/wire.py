"""The fields of a GenerateContentResponse that we read (source: Gemini API reference, GenerateContentResponse, v1beta,
read 2026-11).

The typed road refuses fields that it does not know, in the few objects where new ones must not get lost; such a chunk
is read again untyped, and `mend` moves what is unknown or of an unexpected type into `other`.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from ...codecs import json
from ...codecs.text import kind_name
from ..call_shapes import with_arguments
from ..values import MOST, as_count, is_list, is_object

_OTHER = "~other"  # no server means this name


class FunctionCall(msgspec.Struct, forbid_unknown_fields=True):
    """other: the fields that are not named here."""

    name: str | None = None
    args: Any = None
    id: str | None = None
    partialArgs: Any = None
    willContinue: bool | None = None
    other: dict[str, Any] | None = msgspec.field(default=None, name=_OTHER)


class Blob(msgspec.Struct, forbid_unknown_fields=True):
    """other: the fields that are not named here."""

    mimeType: str | None = None
    data: str | None = None
    other: dict[str, Any] | None = msgspec.field(default=None, name=_OTHER)


class Part(msgspec.Struct, forbid_unknown_fields=True):
    """other: the whole part as it came, when it holds more than these."""

    text: str | None = None
    thought: bool | None = None
    thoughtSignature: str | None = None
    functionCall: FunctionCall | None = None
    inlineData: Blob | None = None
    other: dict[str, Any] | None = msgspec.field(default=None, name=_OTHER)


class Content(msgspec.Struct, forbid_unknown_fields=True):
    """other: the fields that are not named here."""

    parts: list[Part] | None = None
    role: Any = None
    other: dict[str, Any] | None = msgspec.field(default=None, name=_OTHER)


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


class PlainContent(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    parts: tuple[PlainPart]
    role: Any = None


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
_SAID = ("text", "output")  # what stood for the content on the API before, and on servers that are like it
_PART: _Types = {
    "text": (str,),
    "thought": (bool,),
    "thoughtSignature": (str,),
    "functionCall": (dict,),
    "inlineData": (dict,),
}
_CALL: _Types = {"name": (str,), "id": (str,), "willContinue": (bool,)}
_GIVEN = ("args", "partialArgs")  # of any type
_BLOB: _Types = {"mimeType": (str,), "data": (str,)}


def mend(value: Any) -> Any:
    """An untyped chunk -> what `Chunk` can be converted from. The value itself is left as it is.

    Raises ValueError for content of a shape that nothing can be read from."""
    if not is_object(value):
        return value
    chunk, other = _sort(value, _CHUNK)
    if "candidates" in chunk:
        chunk["candidates"] = [_candidate(c) for c in chunk["candidates"] if is_object(c)]
    if "usageMetadata" in chunk:
        counts = {_camel(name): as_count(item) for name, item in chunk["usageMetadata"].items()}
        chunk["usageMetadata"] = {name: count for name, count in counts.items() if count is not None}
    if other:
        chunk[_OTHER] = other
    return chunk


def _candidate(value: dict[str, Any]) -> dict[str, Any]:
    candidate, other = _sort(value, _CANDIDATE)
    if "content" in other:
        candidate["content"] = {"parts": _parts(other.pop("content"))}
    elif "content" in candidate:
        fields = {name: item for name, item in candidate["content"].items() if item is not None}
        if "parts" not in fields and isinstance(fields.get("text"), str):
            fields["parts"] = fields.pop("text")
        content = {"parts": _parts(fields.pop("parts", [])), "role": fields.pop("role", None)}
        candidate["content"] = {**content, _OTHER: fields} if fields else content
    elif (said := next((name for name in _SAID if isinstance(other.get(name), str)), None)) is not None:
        candidate["content"] = {"parts": _parts(other.pop(said))}
    if "safetyRatings" in candidate:
        candidate["safetyRatings"] = msgspec.Raw(json.dumps(candidate["safetyRatings"]))
    if other:
        candidate[_OTHER] = other
    return candidate


def _parts(value: Any) -> list[dict[str, Any]]:
    """The parts of content that is a list of them, one of them, or text alone."""
    return [_part(item) for item in (value if is_list(value) else [value]) if item is not None]


def _part(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        return {"text": value}
    if not is_object(value):
        raise ValueError(f"a part of the content is {kind_name(value)}")
    part, other = _sort(value, _PART)
    if "text" in other or "functionCall" in other:
        raise ValueError("a part of the content has another shape than text or a call has")
    if "functionCall" in part:
        part["functionCall"] = _call(part["functionCall"])
    if "inlineData" in part:
        blob, more = _sort(part["inlineData"], _BLOB)
        part["inlineData"] = {**blob, _OTHER: more} if more else blob
    if other:
        part[_OTHER] = value
    return part


def _call(value: dict[str, Any]) -> dict[str, Any]:
    value = with_arguments(value, "args")
    given = {name: value[name] for name in _GIVEN if name in value}
    known, other = _sort({name: item for name, item in value.items() if name not in _GIVEN}, _CALL)
    return {**known, **given, _OTHER: other} if other else {**known, **given}


def _sort(value: dict[str, Any], types: _Types) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields that have a type of theirs, and the others; null is no field. A field may have its name in snake case,
    as the vendor's own Python SDK writes it."""
    known: dict[str, Any] = {}
    other: dict[str, Any] = {}
    for name, item in value.items():
        if item is None:
            continue
        own = name if name in types else _camel(name)
        if type(item) in types.get(own, ()) and (own == name or own not in value):
            known[own] = item
        else:
            other[name] = item
    return known, other


def _camel(name: str) -> str:
    first, *words = name.split("_")
    return first + "".join(word.capitalize() for word in words)


PLAIN = json.Typed(PlainChunk)
CHUNK = json.Typed(Chunk, mend)
_USAGE = json.Typed(_UsageOnly)
