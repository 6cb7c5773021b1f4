"""Ollama's own wire, `/api/chat`: JSON lines, calls that arrive whole, no word for most of what clouds offer.

source: Ollama docs, "API", and the server's own request and answer types, read 2026-11.
"""

from collections.abc import Mapping

from attrs import frozen

from ...errors import LLMError
from ...framing import Framer, choose
from ...types.embeddings import Embeddings
from ...types.extra import Lists
from ...types.request import Request
from ..base import FEATURES, ErrorReply, ModelPage, WireRequest
from ..extra import TOOLS
from ..verbs import EmbedRequest
from . import decode, embed, encode, errors, models
from .quirks import Quirks

_LACKING = ("audio out", "files in", "cache marks", "citations", "server tools")
_FEATURES = {feature: feature not in _LACKING for feature in FEATURES}


@frozen
class OllamaChat(Quirks):
    """`POST /api/chat`. Its fields are the quirks of one server."""

    @property
    def name(self) -> str:
        return "ollama_chat"

    @property
    def features(self) -> Mapping[str, bool]:
        return _FEATURES

    @property
    def turns(self) -> str:
        return "messages"

    @property
    def extra_lists(self) -> Lists:
        return TOOLS

    def encode(self, request: Request, *, stream: bool, provider: str) -> WireRequest:
        return encode.encode(request, self, stream=stream, provider=provider)

    def framer(self, content_type: str, *, stream: bool, event_bytes: int, body_bytes: int) -> Framer:
        return choose.ndjson_or_whole(content_type, stream=stream, event_bytes=event_bytes, body_bytes=body_bytes)

    def decoder(self, request: Request) -> decode.Decoder:
        return decode.Decoder(request, self.error_words)

    def decode_error(self, reply: ErrorReply) -> LLMError:
        return errors.decode_error(reply, self.error_words)

    def encode_models(self, cursor: str | None) -> WireRequest:
        return models.encode_models(cursor)

    def decode_models(self, body: bytes) -> ModelPage:
        return models.decode_models(body, self.error_words)

    def encode_embed(self, asked: EmbedRequest) -> WireRequest:
        return embed.encode_embed(asked, self)

    def decode_embed(self, body: bytes, count: int) -> Embeddings:
        return embed.decode_embed(body, count, self)
