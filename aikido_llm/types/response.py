"""What comes back: the answer, what it cost, why it ended, and the models there are."""

from enum import StrEnum
from typing import Any

from attrs import field, frozen

from .checks import each, of, one_of
from .citations import Citation
from .exchange import Hop, RateLimits, Timing
from .logprobs import TokenLogprob
from .messages import Message, Replay, Role, ThinkingPart, fingerprint
from .notebook import show_response
from .parts import AudioPart, ImagePart
from .server_tools import ServerToolCall
from .tools import ToolCall
from .unchecked import Unchecked
from .unread import value_of
from .usage import Usage


class FinishReason(StrEnum):
    """Why the model stopped. The provider's own word is `Response.raw_finish_reason`; an unknown one is `other`.

    paused: the provider wants another request to go on; `Response.message` is ready for it.
    """

    stop = "stop"
    tool_calls = "tool_calls"
    length = "length"
    content_filter = "content_filter"
    paused = "paused"
    error = "error"
    other = "other"


def _no_data() -> dict[str, Any]:
    return {}


def _no_headers() -> dict[str, str]:
    return {}


@frozen
class Response:
    """One whole answer (or, as an error's `partial`, what had arrived of it).

    text, thinking: joined from their pieces. tool_calls: complete calls only. images, audio: decoded bytes.
    finish_reason:  common value; raw_finish_reason: the provider's word, None when it sent none.
    model:          the model that answered, as the provider names it. provider: the row's name.
    request_id:     the provider's id of the HTTP exchange. attempts: HTTP requests made for this answer.
    provider_data:  what no other field holds: nothing that a server sent is unreachable. replay: see `message`.
    wire:           the wire that the answer came over, whose blocks `replay` holds. replay_state: what goes back beside
                    them.
    complete:       False when the provider has not said that this is all: a mark of the end without a finish reason, or
                    `paused`.
    server_tools:   what the provider ran itself. citations: sources of the text. logprobs: of the text's tokens.
    choices:        further answers to the same question (`Request.n`), the first one excluded.
    continuations:  how often the provider was asked to go on. route: whom a fallback asked; cached: from a store.
    timing, headers, rate_limits: of the HTTP reply; names of headers in lower case, no cookies.

    `==` leaves out what tells of the exchange and not of the answer: raw, usage.raw, request_id, attempts,
    continuations, route, cached, timing, headers, rate_limits.
    raw:            the body of a non-streamed answer as JSON values, else None; parsed when it is first asked for.
                    Large pictures and sound show as `<N bytes ...>` in it.
    """

    text: str = field(default="", validator=of(str))
    thinking: str = field(default="", validator=of(str))
    tool_calls: tuple[ToolCall, ...] = field(default=(), validator=each(ToolCall))
    images: tuple[ImagePart, ...] = field(default=(), validator=each(ImagePart))
    audio: tuple[AudioPart, ...] = field(default=(), validator=each(AudioPart))
    usage: Usage = field(default=Usage(), validator=of(Usage))
    finish_reason: FinishReason = field(default=FinishReason.other, validator=one_of(*FinishReason))
    raw_finish_reason: str | None = field(default=None, validator=of(str, type(None)))
    id: str = field(default="", validator=of(str))
    model: str = field(default="", validator=of(str))
    provider: str = field(default="", validator=of(str))
    request_id: str = field(default="", eq=False, validator=of(str))
    attempts: int = field(default=1, eq=False, validator=of(int))
    _raw: Any = field(default=None, eq=False, repr=False, alias="raw")
    provider_data: dict[str, Any] = field(factory=_no_data, validator=of(dict))
    replay: tuple[Any, ...] = field(default=(), repr=False)
    wire: str = field(default="", validator=of(str), kw_only=True)
    replay_state: dict[str, Any] = field(factory=_no_data, validator=of(dict), repr=False, kw_only=True)
    complete: bool = field(default=True, kw_only=True)
    server_tools: tuple[ServerToolCall, ...] = field(default=(), validator=each(ServerToolCall), kw_only=True)
    citations: tuple[Citation, ...] = field(default=(), validator=each(Citation), kw_only=True)
    logprobs: tuple[TokenLogprob, ...] = field(default=(), validator=each(TokenLogprob), kw_only=True)
    choices: "tuple[Response, ...]" = field(default=(), kw_only=True)
    continuations: int = field(default=0, eq=False, kw_only=True)
    route: tuple[Hop, ...] = field(default=(), eq=False, kw_only=True)
    cached: bool = field(default=False, eq=False, kw_only=True)
    timing: Timing | None = field(default=None, eq=False, kw_only=True)
    _headers: Any = field(factory=_no_headers, eq=False, repr=False, alias="headers", kw_only=True)
    rate_limits: RateLimits | None = field(default=None, eq=False, kw_only=True)

    @property
    def raw(self) -> Any:
        """The body of a non-streamed answer as JSON values, else None."""
        return value_of(self._raw)

    @property
    def headers(self) -> dict[str, str]:
        """Those of the HTTP reply; scrubbed when they are first asked for."""
        headers: dict[str, str] = value_of(self._headers)
        return headers

    @property
    def content(self) -> str:
        """The same as `text`."""
        return self.text

    @property
    def raw_response(self) -> Any:
        """The same as `raw`."""
        return self.raw

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
            replay=self._replay() if self.replay or self.replay_state else None,
        )

    def _replay(self) -> Replay:
        said = fingerprint(self.text, self.tool_calls)
        return Replay(self.provider, self.replay, said, wire=self.wire, state=self.replay_state)


def with_facts(response: Response, **facts: Any) -> Response:
    """The same answer with other facts of its exchange, which are in their fields' own forms."""
    return RESPONSES.like(response, facts)


RESPONSES = Unchecked(Response)


@frozen
class ModelInfo:
    """One model of a provider's list.

    context_length, max_output_tokens: tokens. input_price, output_price: US dollars per million tokens. None: not said.
    raw: the provider's own entry.
    """

    id: str = field(validator=of(str))
    name: str = field(default="", validator=of(str))
    context_length: int | None = None
    max_output_tokens: int | None = None
    input_price: float | None = None
    output_price: float | None = None
    raw: dict[str, Any] = field(factory=_no_data, repr=False)
