"""Anthropic's Messages wire: `POST /v1/messages`, answered by named server-sent events or one message object.

source: Anthropic API reference, "Messages", read 2026-11.
"""

from collections.abc import Mapping

from attrs import frozen

from ...errors import LLMError
from ...framing import Framer
from ...framing.choose import sse_or_whole
from ...types.extra import Lists
from ...types.request import Request
from .. import base
from . import brief, count, encode, errors, models
from .decode import Decoder
from .quirks import Quirks

_FEATURES = {
    "text": True, "tools": True, "parallel tools": True, "images in": True, "images out": False, "audio in": False,
    "audio out": False, "files in": True, "thinking": True, "JSON schema": True, "cache marks": True, "usage": True,
    "citations": True, "server tools": True,
}  # fmt: skip


@frozen
class AnthropicMessages(Quirks):
    """The dialect; its fields are the quirks of a host."""

    @property
    def name(self) -> str:
        return "anthropic_messages"

    @property
    def features(self) -> Mapping[str, bool]:
        return _FEATURES

    @property
    def turns(self) -> str:
        return "messages"

    @property
    def extra_lists(self) -> Lists:
        return encode.LISTS

    def encode(self, request: Request, *, stream: bool, provider: str) -> base.WireRequest:
        return encode.encode(request, self, stream=stream, provider=provider, wire=self.name)

    def framer(self, content_type: str, *, stream: bool, event_bytes: int, body_bytes: int) -> Framer:
        return sse_or_whole(content_type, stream=stream, event_bytes=event_bytes, body_bytes=body_bytes)

    def decoder(self, request: Request) -> Decoder:
        return Decoder(self.error_words)

    def brief(self, body: bytes) -> base.Brief | None:
        return brief.brief(body)

    def decode_error(self, reply: base.ErrorReply) -> LLMError:
        return errors.decode_error(reply, self.error_words)

    def encode_models(self, cursor: str | None) -> base.WireRequest:
        return models.encode_models(cursor, self)

    def decode_models(self, body: bytes) -> base.ModelPage:
        return models.decode_models(body, self.error_words)

    @property
    def counts(self) -> bool:
        return bool(self.count_path)

    def encode_count(self, request: Request, *, provider: str) -> base.WireRequest:
        return count.encode_count(request, self, provider=provider, wire=self.name)

    def decode_count(self, body: bytes) -> int:
        return count.decode_count(body, self)
