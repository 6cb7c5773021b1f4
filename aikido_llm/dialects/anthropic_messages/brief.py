"""A whole message of one text block and nothing rarer, as nearly all short answers are: read by its type alone.

The type turns down all others, which `decode` reads. What a value means is read by the same functions there and here.
"""

from typing import Annotated, Any, Literal

import msgspec

from ...codecs import json
from ...types.response import FinishReason
from ..base import Brief
from ..finish import reason_of
from .finish import FINISH
from .usage import usage_of

_WHOLE = (FinishReason.stop, FinishReason.length)


class _Text(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    type: Literal["text"]
    text: Annotated[str, msgspec.Meta(min_length=1)]
    citations: None = None


class _Body(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    content: tuple[_Text]
    stop_reason: str
    model: str | None = None
    id: str | None = None
    type: Any = None
    role: Any = None
    stop_sequence: None = None
    stop_details: None = None
    container: None = None
    context_management: None = None
    usage: dict[str, Any] | None = None


_read = json.Typed(_Body).fast


def brief(body: bytes) -> Brief | None:
    try:
        answer = _read(body)
    except json.UNREADABLE:
        return None
    word = answer.stop_reason
    reason = reason_of(word, FINISH)
    if reason not in _WHOLE or answer.type == "error":
        return None
    counts = {key: value for key, value in answer.usage.items() if value is not None} if answer.usage else {}
    (block,) = answer.content
    return Brief(block.text, usage_of(counts), reason, word, answer.id or "", answer.model or "", {})
