"""What comes back: the answer, what it cost, why it ended, and the models there are."""

from enum import StrEnum
from typing import Any

from attrs import field, frozen

from .messages import AudioPart, ImagePart, Message, Replay, Role, ThinkingPart, ToolCall, fingerprint
from .notebook import show_response, show_usage


class FinishReason(StrEnum):
    """Why the model stopped. The provider's own word is `Response.raw_finish_reason`; an unknown one is `other`."""

    stop = "stop"
    tool_calls = "tool_calls"
    length = "length"
    content_filter = "content_filter"
    error = "error"
    other = "other"


@frozen
class Usage:
    """Tokens and money. A count that the server did not send is None, not 0.

    input_tokens:  the whole prompt, cache reads and writes included.
    output_tokens: the whole answer, reasoning included. cost_usd: what the provider says it charged, US dollars.
    raw:           the provider's own object.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost_usd: float | None = None
    raw: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def total_tokens(self) -> int | None:
        """Input and output together; None when the server sent neither."""
        if self.input_tokens is None and self.output_tokens is None:
            return None
        return (self.input_tokens or 0) + (self.output_tokens or 0)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """How a notebook shows it: as a table."""
        return show_usage(self)

    @property
    def prompt_tokens(self) -> int | None:
        return self.input_tokens

    @property
    def completion_tokens(self) -> int | None:
        return self.output_tokens


def _no_data() -> dict[str, Any]:
    return {}


@frozen
class Response:
    """One whole answer (or, as an error's `partial`, what had arrived of it).

    text, thinking: joined from their pieces. tool_calls: complete calls only. images, audio: decoded bytes.
    finish_reason:  common value; raw_finish_reason: the provider's word, None when it sent none.
    model:          the model that answered, as the provider names it. provider: the row's name.
    request_id:     the provider's id of the HTTP exchange. attempts: HTTP requests made for this answer.
    provider_data:  what only this provider has (citations, unknown blocks). replay: see `message`.
    raw:            the parsed body of a non-streamed answer, else None; not compared by `==`. Large pictures and sound
                    show as `<N bytes ...>` in it.
    """

    text: str = ""
    thinking: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    images: tuple[ImagePart, ...] = ()
    audio: tuple[AudioPart, ...] = ()
    usage: Usage = Usage()
    finish_reason: FinishReason = FinishReason.other
    raw_finish_reason: str | None = None
    id: str = ""
    model: str = ""
    provider: str = ""
    request_id: str = ""
    attempts: int = 1
    provider_data: dict[str, Any] = field(factory=_no_data)
    replay: tuple[Any, ...] = field(default=(), repr=False)
    raw: Any = field(default=None, eq=False, repr=False)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """How a notebook shows it: the text as Markdown, pictures below."""
        return show_response(self)

    @property
    def message(self) -> Message:
        """The assistant turn to append to the conversation.

        It carries signatures and encrypted reasoning, which the next request replays verbatim to the provider they
        came from; for another provider they are left out.
        """
        return Message(
            Role.assistant,
            self.text,
            self.images,
            self.audio,
            self.tool_calls,
            thinking=(ThinkingPart(self.thinking, provider=self.provider),) if self.thinking else (),
            replay=Replay(self.provider, self.replay, fingerprint(self.text, self.tool_calls)) if self.replay else None,
        )


@frozen
class ModelInfo:
    """One model of a provider's list.

    context_length, max_output_tokens: tokens. input_price, output_price: US dollars per million tokens. None: not said.
    raw: the provider's own entry.
    """

    id: str
    name: str = ""
    context_length: int | None = None
    max_output_tokens: int | None = None
    input_price: float | None = None
    output_price: float | None = None
    raw: dict[str, Any] = field(factory=_no_data, repr=False)
