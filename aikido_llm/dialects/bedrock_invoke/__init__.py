"""Amazon Bedrock's InvokeModel: a model is spoken to in the wire of its maker, inside AWS's own.

Answers are Claude's: Messages, without the model and `stream` in the body, each event in a message of an AWS event
stream. Vectors are those of Amazon's and Cohere's models. Other models answer over Converse.

source: Amazon Bedrock API reference, "InvokeModel", "InvokeModelWithResponseStream", and User Guide, "Anthropic Claude
Messages API"; anthropic 2.14.0, lib/bedrock; read 2026-11; recorded exchanges.
"""

from attrs import frozen

from ...errors import LLMError
from ...framing import Framer
from ...framing.eventstream import eventstream_or_whole
from ...types.embeddings import Embeddings
from ...types.extra import Lists
from ...types.request import Request
from .. import base, exceptions
from ..anthropic_messages import AnthropicMessages
from ..verbs import Embedding, EmbedRequest
from . import embed, encode
from .decode import Decoder
from .quirks import Quirks


@frozen
class BedrockInvoke(Quirks, AnthropicMessages):
    """The dialect; its fields are the quirks of a host. What it does not say is as the Messages dialect has it."""

    @property
    def name(self) -> str:
        return "bedrock_invoke"

    @property
    def extra_lists(self) -> Lists:
        return encode.LISTS

    def encode(self, request: Request, *, stream: bool, provider: str) -> base.WireRequest:
        return encode.encode(request, self, stream=stream, provider=provider, wire=Decoder.written_in)

    def framer(self, content_type: str, *, stream: bool, event_bytes: int, body_bytes: int) -> Framer:
        return eventstream_or_whole(
            content_type, stream=stream, event_bytes=event_bytes, body_bytes=body_bytes, wrapper=self.wrapper
        )

    def decoder(self, request: Request) -> Decoder:
        return Decoder(self.error_words)

    def brief(self, body: bytes) -> base.Brief | None:
        found = super().brief(body)
        return None if found is None else found._replace(written_in=Decoder.written_in)

    def decode_error(self, reply: base.ErrorReply) -> LLMError:
        return exceptions.decode_error(reply, self.error_words)

    @property
    def embedding(self) -> Embedding | None:
        return embed.USUAL

    def embedding_of(self, model: str) -> Embedding:
        return embed.maker_of(model).table

    def encode_embed(self, asked: EmbedRequest) -> base.WireRequest:
        return embed.encode_embed(asked, self)

    def decode_embed(self, body: bytes, count: int) -> Embeddings:
        return embed.decode_embed(body, count, self)
