"""A whole answer of one candidate with one text and nothing rarer, as nearly all short answers are: read by its type.

The type turns down all others, which `decode` reads. What a value means is read by the same functions there and here.
"""

from typing import Annotated, Any, Literal

import msgspec

from ...codecs import json
from ...types.response import FinishReason
from ..base import Brief
from ..finish import reason_of
from .finish import FINISH
from .usage import UsageReader
from .wire import Counts

_WHOLE = (FinishReason.stop, FinishReason.length)


class _Part(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    text: Annotated[str, msgspec.Meta(min_length=1)]


class _Content(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    parts: tuple[_Part]
    role: Any = None


class _Candidate(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    content: _Content
    finishReason: str
    index: Literal[0] = 0


class _Body(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    candidates: tuple[_Candidate]
    usageMetadata: dict[str, Any] | None = None
    modelVersion: str | None = None
    responseId: str | None = None


_read = json.Typed(_Body).fast


def brief(body: bytes) -> Brief | None:
    try:
        answer = _read(body)
        counted = answer.usageMetadata
        counts = None if counted is None else json.convert(counted, Counts)
    except (*json.UNREADABLE, ValueError):
        return None
    (candidate,) = answer.candidates
    word = candidate.finishReason
    reason = reason_of(word, FINISH)
    if reason not in _WHOLE:
        return None
    usage = UsageReader()
    if counts is not None:
        usage.add(counts, {"usageMetadata": counted})
    (part,) = candidate.content.parts
    return Brief(part.text, usage.usage(), reason, word, answer.responseId or "", answer.modelVersion or "", {})
