"""Cohere's v2 Chat API: server-sent events with a type each, results of tools as turns, no model name in the answer.

source: Cohere API reference, "Chat", and its error and structured-output guides, read 2026-11.
"""

from collections.abc import Mapping

from attrs import frozen

from ...errors import LLMError
from ...framing import Framer, choose
from ...types.embeddings import Embeddings
from ...types.extra import Lists
from ...types.ranking import Ranking
from ...types.request import Request
from .. import rankings
from ..base import FEATURES, ErrorReply, ModelPage, WireRequest
from ..extra import TOOLS
from ..verbs import EmbedRequest, RerankRequest, there
from . import decode, embed, encode, errors, models
from .quirks import Quirks

_FEATURES = {
    feature: feature not in ("images out", "audio in", "audio out", "files in", "cache marks", "server tools")
    for feature in FEATURES
}


@frozen
class CohereChat(Quirks):
    """`POST /v2/chat`. Its fields are the quirks of one host."""

    @property
    def name(self) -> str:
        return "cohere_chat"

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
        return encode.encode(request, self, stream=stream, provider=provider, wire=self.name)

    def framer(self, content_type: str, *, stream: bool, event_bytes: int, body_bytes: int) -> Framer:
        return choose.sse_or_whole(content_type, stream=stream, event_bytes=event_bytes, body_bytes=body_bytes)

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

    def encode_rerank(self, asked: RerankRequest) -> WireRequest:
        return rankings.encode(asked, there(self.reranking, "rankings"))

    def decode_rerank(self, body: bytes, count: int) -> Ranking:
        return rankings.decode(body, count, self.error_words)
