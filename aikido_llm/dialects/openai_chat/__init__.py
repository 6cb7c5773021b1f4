"""OpenAI Chat Completions (`POST /chat/completions`), the wire that most hosts speak, each a little differently.

source: OpenAI API reference "Chat", and the API references of the hosts in `aikido_llm/providers`, read 2026-11.
"""

from collections.abc import Mapping

from attrs import frozen

from ...errors import LLMError
from ...framing import Framer, choose
from ...types.embeddings import Embeddings
from ...types.extra import Lists
from ...types.ranking import Ranking
from ...types.request import Request
from .. import embeddings, rankings
from ..base import FEATURES, Brief, ErrorReply, ModelPage, WireRequest
from ..extra import TOOLS
from ..verbs import EmbedRequest, RerankRequest, there
from . import brief, count, decode, encode, errors, models
from .quirks import Quirks


@frozen
class OpenAIChat(Quirks):
    """`POST /chat/completions`. Its fields are the quirks of one host."""

    @property
    def name(self) -> str:
        return "openai_chat"

    @property
    def features(self) -> Mapping[str, bool]:
        lacking = {
            "images in": not self.image_input,
            "images out": "image" not in self.output_modalities,
            "audio in": self.audio_input is None,
            "audio out": "audio" not in self.output_modalities,
            "files in": self.file_input is None,
            "thinking": self.thinking == "none",
            "JSON schema": not self.json_schema,
            "cache marks": not self.cache_marks,
            "citations": not self.citations,
            "server tools": not self.told_tools,
        }
        return {feature: not lacking.get(feature, False) for feature in FEATURES}

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
        return decode.Decoder(self, request)

    def brief(self, body: bytes) -> Brief | None:
        return brief.brief(body, self)

    def decode_error(self, reply: ErrorReply) -> LLMError:
        return errors.decode_error(reply, self)

    def encode_models(self, cursor: str | None) -> WireRequest:
        return models.encode_models(cursor, self)

    def decode_models(self, body: bytes) -> ModelPage:
        return models.decode_models(body, self)

    def encode_embed(self, asked: EmbedRequest) -> WireRequest:
        return embeddings.encode(asked, there(self.embedding, "vectors"))

    def decode_embed(self, body: bytes, count: int) -> Embeddings:
        return embeddings.decode(body, count, there(self.embedding, "vectors"), self.error_words)

    def encode_rerank(self, asked: RerankRequest) -> WireRequest:
        return rankings.encode(asked, there(self.reranking, "rankings"))

    def decode_rerank(self, body: bytes, count: int) -> Ranking:
        return rankings.decode(body, count, self.error_words)

    @property
    def counts(self) -> bool:
        return bool(self.count_path)

    def encode_count(self, request: Request, *, provider: str) -> WireRequest:
        return count.encode_count(request, self, provider=provider, wire=self.name)

    def decode_count(self, body: bytes) -> int:
        return count.decode_count(body, self)
