"""The contract of a wire in the test server: how one provider's API looks from the server's side. Pure.

Written from the providers' references, independently of the dialects that read it, so that each proves the other.
"""

import re
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

from attrs import field, frozen

from ..answer import Answer


@frozen
class Received:
    """One request as the server got it. headers: names in lower case; body: parsed JSON, None when there is none or it
    is not JSON; query: decoded parameters; path: without the server's mount; provider: the name in that mount, or "".
    target: path and query as they came, with the mount. verb: what it asks for (`chat`, `models`), "" when no wire has
    such a route.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any = None
    raw: bytes = field(default=b"", repr=False)
    provider: str = ""
    verb: str = ""
    target: str = ""


def _pattern(path: str | re.Pattern[str]) -> re.Pattern[str]:
    return re.compile(path)


@frozen
class Route:
    """Where a wire does a verb (a key of `testing.verbs.VERBS`). path: a pattern that it fits in full."""

    verb: str
    method: str
    path: re.Pattern[str] = field(converter=_pattern)


class Wire(Protocol):
    """One dialect, from the server's side."""

    name: str
    """The dialect's name, `openai_chat`."""
    base_path: str
    """What goes behind the server's address as base URL for a client of this wire: "" or `/v1`."""
    stream_type: str
    """The media type of its streams."""

    @property
    def routes(self) -> tuple[Route, ...]:
        """What it does, and where."""
        ...

    def key(self, request: Received) -> str | None:
        """The key as this wire carries it in headers; None when it is not where it must be, "" when the wire
        works without one and none was sent."""
        ...

    def wants_stream(self, request: Received) -> bool: ...

    def check(self, request: Received) -> str | None:
        """What is wrong with a chat request by this wire's own rules (fields, order, ids, limits), None for nothing."""
        ...

    def stream(self, answer: Answer, request: Received) -> list[bytes]:
        """The answer as a stream: one item per event, framing included; the last one holds the wire's end mark."""
        ...

    def body(self, answer: Answer, request: Received) -> bytes:
        """The answer as one body."""
        ...

    def error(self, status: int, message: str, code: str = "") -> bytes:
        """The body of an HTTP error: the provider's own envelope, with its code for that status when "" is given."""
        ...

    def error_event(self, message: str, code: str = "") -> bytes:
        """An error inside a stream that has begun (or as the body of a 200), framing included."""
        ...

    def models(self, names: tuple[str, ...], request: Received) -> bytes:
        """One page of the model list (the page that the request's query asks for)."""
        ...


def verb_of(wire: Wire, method: str, path: str) -> str:
    """What a request asks of this wire; "" when it has no such route."""
    fitting = (route.verb for route in wire.routes if route.method == method and route.path.fullmatch(path))
    return next(fitting, "")


@runtime_checkable
class Hosts(Protocol):
    """A wire that writes what a provider does itself. hosts: the fields of Answer, of those that few wires have."""

    hosts: tuple[str, ...]


Standing: TypeAlias = Literal["queued", "running", "cancelled", "whole"]


@runtime_checkable
class Keeps(Protocol):
    """A wire whose answers may be made in the background, and are then asked for again by their ids: the verbs
    `retrieve` and `cancel`."""

    def kept_id(self, answer: Answer, request: Received) -> str:
        """Under which the answer to this request is kept; "" where it lives and dies with its connection."""
        ...

    def asked_id(self, request: Received) -> str:
        """Which one a `retrieve` or `cancel` is about."""
        ...

    def behind(self, events: list[bytes], request: Received) -> list[bytes]:
        """Those of a stream that a `retrieve` asks for."""
        ...

    def standing(self, answer: Answer, request: Received, status: Standing) -> bytes:
        """One as a document. request: that asked for it."""
        ...


@runtime_checkable
class Further(Protocol):
    """A wire with verbs beside chat and models: `embed`, `rerank`, `count`."""

    def check_further(self, request: Received) -> str | None:
        """What is wrong with a request of one of them, None for nothing."""
        ...

    def further(self, answer: Answer, request: Received) -> bytes:
        """Its answer. Vectors and scores are made of the texts (`testing.vectors`); tokens are the answer's usage."""
        ...


@frozen
class Proof:
    """Words (or a call) of the model, and what its wire proves them with: a signature, or the same encrypted."""

    said: str
    proof: str


@runtime_checkable
class Signs(Protocol):
    """A wire that proves what the model said, and wants it back unchanged."""

    def issued(self, answer: Answer, request: Received) -> list[Proof]:
        """Those of an answer."""
        ...

    def returned(self, request: Received) -> list[Proof]:
        """Those of the turns that a request sends back."""
        ...


@runtime_checkable
class Labels(Protocol):
    """A wire whose streams have one media type or another."""

    def media_type(self, request: Received) -> str:
        """Of the stream that answers this request, instead of `stream_type`."""
        ...


@runtime_checkable
class Binary(Protocol):
    """A wire whose events are no text: what the faults of content do to them."""

    def noise(self, size: int) -> bytes:
        """An event that tells nothing, with so many bytes in it."""
        ...

    def endless(self) -> bytes:
        """How one begins that has no end."""
        ...

    def halved(self, event: bytes) -> bytes:
        """The event with half of its JSON, framed as it must be."""
        ...


@runtime_checkable
class EndsEarlier(Protocol):
    """A wire whose end mark is not in its last event."""

    def end_mark(self, events: list[bytes]) -> int:
        """Which of a stream's events holds it."""
        ...
