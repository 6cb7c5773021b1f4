"""The Responses wire: `POST /responses`. OpenAI's own, spoken by xAI, OpenRouter, llama.cpp, vLLM and others too.

source: OpenAI API reference, "Responses", read 2026-11.
"""

from collections.abc import Mapping

from attrs import frozen

from ...errors import LLMError
from ...framing import Framer, choose
from ...types.embeddings import Embeddings
from ...types.exchange import ResumeToken
from ...types.extra import Lists
from ...types.ranking import Ranking
from ...types.request import Request
from .. import embeddings, rankings
from ..base import FEATURES, ErrorReply, ModelPage, WireRequest
from ..verbs import EmbedRequest, RerankRequest, there
from . import background, count, decode, encode, errors, models
from .quirks import Quirks


@frozen
class OpenAIResponses(Quirks):
    """`POST /responses`. Its fields are the quirks of one host."""

    @property
    def name(self) -> str:
        return "openai_responses"

    @property
    def features(self) -> Mapping[str, bool]:
        lacking = {
            "images out": not self.draws_images,
            "audio in": True,
            "audio out": True,
            "cache marks": not self.cache_breakpoints,
        }
        return {feature: not lacking.get(feature, False) for feature in FEATURES}

    @property
    def turns(self) -> str:
        return "input"

    @property
    def extra_lists(self) -> Lists:
        return encode.LISTS

    def encode(self, request: Request, *, stream: bool, provider: str) -> WireRequest:
        return encode.encode(request, self, stream=stream, provider=provider, wire=self.name)

    def framer(self, content_type: str, *, stream: bool, event_bytes: int, body_bytes: int) -> Framer:
        return choose.sse_or_whole(content_type, stream=stream, event_bytes=event_bytes, body_bytes=body_bytes)

    def decoder(self, request: Request) -> decode.Decoder:
        return decode.Decoder(self, request)

    def decode_error(self, reply: ErrorReply) -> LLMError:
        return errors.decode_error(reply, self.error_words)

    def encode_resume(self, token: ResumeToken, asked: WireRequest | None) -> WireRequest:
        return background.encode_resume(self, token, asked)

    def encode_poll(self, id: str, asked: WireRequest | None) -> WireRequest:
        return background.encode_poll(self, id, asked)

    def encode_cancel(self, id: str) -> WireRequest:
        return background.encode_cancel(self, id)

    def encode_models(self, cursor: str | None) -> WireRequest:
        return models.encode_models(self)

    def decode_models(self, body: bytes) -> ModelPage:
        return models.decode_models(body, self.error_words)

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
