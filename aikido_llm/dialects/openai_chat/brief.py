"""A whole body that says one text and why it ended, and nothing rarer, as nearly all short answers do.

Its type turns down all others, as in `wire`: those are read key by key by `decode`. What a value means is read by the
same functions there and here.
"""

from typing import Annotated, Any

import msgspec

from ...codecs import json
from ...types.response import FinishReason
from ..base import Brief
from ..counts import as_counts
from ..finish import reason_of
from .finish import FINISH
from .quirks import Quirks
from .rest import keep
from .usage import read_usage
from .wire import Json

_None = Annotated[list[Any], msgspec.Meta(max_length=0)] | None
_WHOLE = (FinishReason.stop, FinishReason.length)
_TYPED: frozenset[str] = frozenset()


class _Message(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    content: str
    role: Any = None
    refusal: None = None
    annotations: _None = None
    tool_calls: _None = None
    reasoning_content: None = None
    reasoning: None = None
    function_call: None = None
    audio: None = None
    images: _None = None
    name: Any = None


class _Choice(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    message: _Message
    finish_reason: str
    index: Annotated[int, msgspec.Meta(ge=0, le=0)] = 0
    logprobs: None = None
    native_finish_reason: str | None = None
    stop_reason: None = None
    matched_stop: None = None
    token_ids: None = None


class _Body(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    choices: tuple[_Choice]
    id: str | None = None
    object: Any = None
    created: Any = None
    model: str | None = None
    usage: Json | None = None
    service_tier: str | None = None
    system_fingerprint: str | None = None
    provider: str | None = None
    error: None = None
    prompt_logprobs: None = None
    prompt_token_ids: None = None
    kv_transfer_params: None = None


_read = json.Typed(_Body).fast


def brief(body: bytes, quirks: Quirks) -> Brief | None:
    try:
        answer = _read(body)
    except json.UNREADABLE:
        return None
    (choice,) = answer.choices
    text, word, native = choice.message.content, choice.finish_reason, choice.native_finish_reason
    reason = reason_of(word, FINISH)
    drawn = text[:5] == "data:" and "image" in quirks.output_modalities  # a picture may come as text
    if drawn or reason not in _WHOLE or native == "network_error":
        return None
    rest: Json = {}
    if native or answer.service_tier or answer.system_fingerprint or answer.provider:
        said = {"native_finish_reason": native, "service_tier": answer.service_tier}
        said |= {"system_fingerprint": answer.system_fingerprint, "provider": answer.provider}
        keep(said, _TYPED, rest)
    usage = read_usage(as_counts(answer.usage), {})
    return Brief(text, usage, reason, word, answer.id or "", answer.model or "", rest)
