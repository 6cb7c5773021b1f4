"""The contract of a dialect: what every wire format offers, and the state machine that reads its answers.

A dialect is a frozen value that holds its quirks, so that a provider's row can differ in a field; it knows *how* the
wire speaks and nothing of *where* (host, key, headers are the provider's).
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, Protocol, runtime_checkable

from attrs import field, frozen

from ..errors import ContentFilteredError, LLMError, MalformedStream, StreamTruncated
from ..framing import Frame, Framer
from ..framing.media import Media
from ..framing.places import NOWHERE, Places
from ..types.events import Event
from ..types.exchange import ResumeToken
from ..types.extra import Lists
from ..types.logprobs import TokenLogprob
from ..types.request import Request
from ..types.response import FinishReason, ModelInfo, Response
from ..types.unchecked import Unchecked
from ..types.usage import Usage

MOST_CHOICES = 1024
"""Answers beside the first that are held where fewer were asked for: each costs far more than what begins it."""


def _no_headers() -> dict[str, str]:
    return {}


@frozen
class WireRequest:
    """A Request as its wire wants it.

    path: behind the base URL, with a leading slash and no key in it. body: JSON values and `Base64Text`; None for GET.
    once: what it begins goes on without a reader, so that it is sent again only where a status has refused it.
    accepts: the statuses that hold what was asked for. before: what stands in front of the base URL's last segment
    (`upload` makes `/upload/v1beta` of `/v1beta`), "" for nothing.
    """

    path: str
    body: dict[str, Any] | None = None
    headers: dict[str, str] = field(factory=_no_headers)
    method: str = "POST"
    once: bool = field(default=False, kw_only=True)
    accepts: tuple[int, ...] = field(default=(200, 201, 203), kw_only=True)
    before: str = field(default="", kw_only=True)


WIRE_REQUESTS = Unchecked(WireRequest)


@frozen
class ErrorReply:
    """An HTTP answer that is not a 200: what `decode_error` reads. headers: names in lower case. body: may be cut."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@frozen
class ModelPage:
    """One page of a model list; cursor asks for the next one, None when this was the last."""

    models: tuple[ModelInfo, ...]
    cursor: str | None = None


class Brief(NamedTuple):
    """A whole answer that is one text: the facts of a Decoder that has read it (see there). text: "" for none."""

    text: str
    usage: Usage | None
    finish_reason: FinishReason
    raw_finish_reason: str
    id: str
    model: str
    provider_data: dict[str, Any]
    written_in: str = ""


class Decoder(ABC):
    """Frames -> events, for one answer: a state machine that is fed and never waits.

    The same one reads a stream's frames and a whole body (a frame named `framing.WHOLE`), so each wire fact is read in
    one place. What the wire says beside events is in the attributes, for the Response:

    continues: this turn goes on with one that the provider paused: `replay` has to say all of it.
    done:   the wire's own end mark has been seen (a whole body is its own end mark); what follows is not read.
    id, model, raw_finish_reason: as the provider wrote them ("" / None when it did not).
    finish_reason: None until the wire has given one.
    complete: False when the wire's end mark came without a word on why, so that more may be missing.
    provider_data: what no common field holds (unknown fields and blocks).
    logprobs: of the text's tokens, as they came.
    read_before: of an answer that is taken up: the number of the last event of the reply before; those up to it are
        dropped, should they come again.
    state: what the service wants back with the next request beside the blocks of `replay` (see types.messages.Replay).
    media_places: where this wire sends base64 (a data URI, or bare) that may be large. A long string there may come as
        a mark whose bytes wait in `arrived`, for these frames only: who reads one hands `arrived` to `dialects.media`.
    written_in: the dialect whose blocks `replay` holds, "" for the one that the decoder is of.
    wrapped: its frames came as base64 inside of others, and how a body begins tells no other wire.
    many: keys whose values are read with all that is in them; opened: keys whose values hold such. Elsewhere a large
        value that is made of many small ones comes as its text (codecs/dense.py). logprob_keys: more of `many`, where
        the caller asked for logprobs.
    """

    media_places: ClassVar[Places] = NOWHERE
    opened: ClassVar[frozenset[str]] = frozenset()
    many: ClassVar[frozenset[str]] = frozenset()
    logprob_keys: ClassVar[frozenset[str]] = frozenset()
    written_in: ClassVar[str] = ""
    wrapped: ClassVar[bool] = False

    def __init__(self) -> None:
        self.done = False
        self.continues = False
        self.id = ""
        self.model = ""
        self.finish_reason: FinishReason | None = None
        self.raw_finish_reason: str | None = None
        self.complete = True
        self.provider_data: dict[str, Any] = {}
        self.logprobs: list[TokenLogprob] = []
        self.state: dict[str, Any] = {}
        self.read_before: int | None = None
        self.arrived: Mapping[str, Media] = {}

    @abstractmethod
    def feed(self, frames: list[Frame], out: list[Event]) -> None:
        """Append what the frames mean to `out`, in wire order.

        Raises the typed LLMError of an error inside the answer, MalformedStream for what is not this wire. What was
        understood before stays in `out`. UsageEvent, ErrorEvent and EndEvent are never appended: see `usage`, `close`.
        """

    @abstractmethod
    def close(self, out: list[Event]) -> None:
        """The bytes are over, or `done`: append what was held back (finished tool calls, ...) and judge the end.

        Returns only when the answer is whole, with finish_reason set. Raises StreamTruncated when the wire's own end
        was not seen, ContentFilteredError when a policy cut it, another LLMError when the wire says that it failed.
        """

    @property
    def ended(self) -> bool:
        """The answer is whole, and its bytes need not be over: some servers tell the usage behind that, some nothing
        (`done` where nothing behind it is read). Asked for only while there is a finish reason."""
        return self.done

    @abstractmethod
    def usage(self) -> Usage | None:
        """What the server has said of the cost so far, None for nothing."""

    def replay(self) -> tuple[Any, ...]:
        """The turn in the wire's own blocks, for `Response.replay`; () when text and calls say it all."""
        return ()

    def resume(self) -> ResumeToken | None:
        """How to take the answer up again where it goes on at the provider without a reader; None where it does not.

        The same decoder then reads on: the events behind `ResumeToken.after`, or whole bodies (frames named WHOLE) as
        often as one says that the answer is still being made. Of the last it hands out what it has not yet. `done`
        tells whether the answer is whole; `close` before that raises the error that carries this token.
        """
        return None

    def choices(self) -> tuple[Response, ...]:
        """Further answers to the same question, the first excluded: folded beside it, each with its own end."""
        return ()


class Dialect(Protocol):
    """One wire format."""

    @property
    def name(self) -> str:
        """The name of the format and of its folder."""
        ...

    @property
    def features(self) -> Mapping[str, bool]:
        """What this wire can carry, for the table of providers; the keys are `FEATURES`."""
        ...

    @property
    def extra_lists(self) -> Lists:
        """Where lists of `extra` join those under them; everywhere else they replace them."""
        ...

    def encode(self, request: Request, *, stream: bool, provider: str) -> WireRequest:
        """The HTTP request that asks for this answer.

        request.model is set. provider: the row's name, by which a turn's replay data is recognised as its own.
        raises: UnsupportedFeatureError for what the wire cannot carry faithfully, InvalidRequestError for what it would
        refuse for certain.
        """
        ...

    def framer(self, content_type: str, *, stream: bool, event_bytes: int, body_bytes: int) -> Framer:
        """The framer for a 200. content_type: its media type, lower case, without parameters, "" for none; stream: one
        was asked for (servers answer such a request with a plain body at times). The caps are bytes."""
        ...

    def decoder(self, request: Request) -> Decoder:
        """A fresh decoder for the answer to request."""
        ...

    def decode_error(self, reply: ErrorReply) -> LLMError:
        """An HTTP error status -> the typed error, with status, code, message, retry_after and body excerpt."""
        ...

    def encode_models(self, cursor: str | None) -> WireRequest:
        """The request for a page of the model list; cursor None is the first page."""
        ...

    def decode_models(self, body: bytes) -> ModelPage:
        """Raises MalformedStream when the body is not a model list."""
        ...


class Conversing(Protocol):
    """A dialect of whose requests the front can be kept while a conversation grows (see `call.conversations`). It is
    known by its attribute."""

    @property
    def turns(self) -> str:
        """The key of the body under which a list of the messages stands, instructions at its top or nowhere in it."""
        ...


class Briefs(Protocol):
    """A dialect that reads the commonest of short answers at once. It is known by its attribute."""

    def brief(self, body: bytes) -> Brief | None:
        """What a whole body says, as its `decoder` would read it; None for all but the plainest, which that reads."""
        ...


@runtime_checkable
class Background(Protocol):
    """A dialect whose answers can be made in the background (`WireRequest.once`, `Decoder.resume`): what asks for them
    again. asked: the request that began the answer, None when another process did; what it wanted to have told
    (`include`, ...) is asked for again."""

    def encode_resume(self, token: ResumeToken, asked: WireRequest | None) -> WireRequest:
        """The GET for its events as a stream: those behind `token.after`, all where that is None."""
        ...

    def encode_poll(self, id: str, asked: WireRequest | None) -> WireRequest:
        """The GET for the answer as it stands, one document."""
        ...

    def encode_cancel(self, id: str) -> WireRequest:
        """The POST that has it made no further."""
        ...


FEATURES = (
    "text", "tools", "parallel tools", "images in", "images out", "audio in", "audio out", "files in",
    "thinking", "JSON schema", "cache marks", "usage", "citations", "server tools",
)  # fmt: skip


def truncated(what: str) -> StreamTruncated:
    """The one wording for an answer whose end did not come; what: the mark that was missing."""
    return StreamTruncated(f"the answer broke off: the bytes ended before {what}; what arrived is in .partial")


def unreadable(error: RecursionError | UnicodeDecodeError) -> MalformedStream:
    """What a typed reader passes over and a second look into the same frame meets."""
    if isinstance(error, RecursionError):
        return MalformedStream("the answer holds JSON that is nested too deep", permanent=True)
    return MalformedStream(f"an event is not text in UTF-8: {error.reason} at byte {error.start}")


def no_second(known: str, begun: str) -> None:
    """An answer begins whose id is `begun`, where `known` is that of the one being read, "" for none yet. Raises
    MalformedStream when they are two: no reader could tell whose the next piece is."""
    if known and begun and begun != known:
        raise MalformedStream(f"a second answer ({begun[:80]}) begins in the middle of the first ({known[:80]})")


def filtered(word: str, detail: str = "") -> ContentFilteredError:
    """The one wording for an answer that a policy ended; word: the provider's own for it."""
    return ContentFilteredError(
        f"the provider's content policy ended the answer{': ' + detail if detail else ''}", code=word
    )
