"""Google's generateContent wire, as the Gemini API speaks it (source: Gemini API reference, v1beta, read 2026-11)."""

from collections.abc import Mapping

from attrs import frozen

from ...errors import LLMError
from ...framing import Framer
from ...framing.choose import sse_or_whole
from ...types.embeddings import Embeddings
from ...types.extra import Lists
from ...types.request import Request
from .. import base
from ..verbs import EmbedRequest
from . import brief, count, decode, embed, encode, errors, models
from .quirks import Quirks


@frozen
class GeminiGenerate(Quirks):
    """generateContent and streamGenerateContent; the fields are the quirks of a host."""

    @property
    def name(self) -> str:
        return "gemini_generate"

    @property
    def features(self) -> Mapping[str, bool]:
        return {feature: feature != "cache marks" for feature in base.FEATURES}

    @property
    def turns(self) -> str:
        return "contents"

    @property
    def extra_lists(self) -> Lists:
        return encode.LISTS

    def encode(self, request: Request, *, stream: bool, provider: str) -> base.WireRequest:
        return encode.encode(request, self, stream=stream, provider=provider, wire=self.name)

    def framer(self, content_type: str, *, stream: bool, event_bytes: int, body_bytes: int) -> Framer:
        """Without `alt=sse`, or through a proxy that drops it, the stream is one JSON list."""
        return sse_or_whole(content_type, stream=stream, event_bytes=event_bytes, body_bytes=body_bytes, lists=True)

    def decoder(self, request: Request) -> base.Decoder:
        return decode.Decoder(self.error_words)

    def brief(self, body: bytes) -> base.Brief | None:
        return brief.brief(body)

    def decode_error(self, reply: base.ErrorReply) -> LLMError:
        return errors.decode_error(reply, self.error_words)

    def encode_models(self, cursor: str | None) -> base.WireRequest:
        return models.encode_models(cursor, self)

    def decode_models(self, body: bytes) -> base.ModelPage:
        return models.decode_models(body, self.error_words)

    def encode_embed(self, asked: EmbedRequest) -> base.WireRequest:
        return embed.encode_embed(asked, self)

    def decode_embed(self, body: bytes, count: int) -> Embeddings:
        return embed.decode_embed(body, count, self)

    @property
    def counts(self) -> bool:
        return bool(self.count_form)

    def encode_count(self, request: Request, *, provider: str) -> base.WireRequest:
        return count.encode_count(request, self, provider=provider, wire=self.name)

    def decode_count(self, body: bytes) -> int:
        return count.decode_count(body, self)
