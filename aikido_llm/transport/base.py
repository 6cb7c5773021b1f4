"""The contract of a transport: send one HTTP request, hand out the body's bytes as they come."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Protocol, runtime_checkable

from attrs import Attribute, field, frozen

from ..errors import ConfigError, MalformedStream, Phase, TimedOutError
from ..secret import Secret, Unpicklable, secrets_in


def _seconds(owner: object, attribute: "Attribute[Any]", value: Any) -> None:
    """A clock of NaN would never ring, and one of text break the call that it is for."""
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool) and value >= 0):
        return
    raise ConfigError(f"Timeouts.{attribute.name} takes seconds, 0 or more, or None")


def _bytes(owner: object, attribute: "Attribute[int]", value: object) -> None:
    if type(value) is not int or value < 0:
        raise ConfigError(f"Limits.{attribute.name} takes a whole number of bytes")


def _connections(owner: object, attribute: "Attribute[int]", value: object) -> None:
    if type(value) is not int or value < 1:
        raise ConfigError("Limits.connections takes a whole number, 1 or more")


def _kept(owner: object, attribute: "Attribute[float]", value: object) -> None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < float("inf"):
        raise ConfigError("Limits.keepalive takes seconds, 0 or more: how long an idle connection is kept")


@frozen
class Timeouts:
    """The four clocks, in seconds; None turns one off.

    connect:     waiting for a free connection, DNS, TCP and TLS.
    first_event: from sending to the first content event, the upload included.
    idle:        between content events while somebody waits for the next one; keep-alive comments do not count, the
                 bytes of a body that is no stream do, and so does each 256 KiB of one large event.
    total:       from sending to the end.
    """

    connect: float | None = field(default=10.0, validator=_seconds)
    first_event: float | None = field(default=600.0, validator=_seconds)
    idle: float | None = field(default=120.0, validator=_seconds)
    total: float | None = field(default=None, validator=_seconds)


@frozen
class Limits:
    """Caps of one client.

    connections: requests at the same time; further ones wait their turn (that waiting counts into Timeouts.connect).
    event_bytes, body_bytes, error_body_bytes: bytes, after content-decoding, of one event of a stream, of a whole body
    (a stream's bytes are not counted together), and of what is read of an error's body.
    keepalive:   seconds that an idle connection is kept for the next request; 0 closes it behind each answer.
    """

    connections: int = field(default=500, validator=_connections)
    event_bytes: int = field(default=64 * 1024 * 1024, validator=_bytes)
    body_bytes: int = field(default=256 * 1024 * 1024, validator=_bytes)
    error_body_bytes: int = field(default=64 * 1024, validator=_bytes)
    keepalive: float = field(default=30.0, validator=_kept, kw_only=True)  # half of what load balancers keep: 60 s


class Headers(Unpicklable):
    """Request headers, some of which are secret: shown by name only, so that no repr, log or traceback holds a key."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    def reveal(self) -> dict[str, str]:
        """The headers as they go on the wire. Do not keep them in a local variable."""
        return dict(self._values)

    def with_more(self, *more: Mapping[str, str], lists: Collection[str] = ()) -> "Headers":
        """These and further ones, of which the last wins; names in any case. lists: the names, in lower case, of those
        whose values are comma-separated lists: they join."""
        headers = self.reveal()
        spelled = {name.lower(): name for name in headers}
        for values in more:
            for name, value in values.items():
                before = headers.pop(spelled.get(name.lower(), name), "")
                spelled[name.lower()] = name
                headers[name] = _one_list(before, value) if name.lower() in lists else value
        return Headers(headers)

    def secrets(self) -> tuple[Secret, ...]:
        """What of them must not be shown, wherever a server repeats it."""
        return secrets_in(self._values)

    def __bool__(self) -> bool:
        return bool(self._values)

    def __repr__(self) -> str:
        return f"Headers({', '.join(sorted(self._values))})"


NO_HEADERS = Headers({})


def _one_list(*values: str) -> str:
    """Comma-separated lists as one, each item once."""
    items = (item.strip() for value in values for item in value.split(","))
    return ",".join(dict.fromkeys(item for item in items if item))


class Body(Protocol):
    """A request's body that is made while it is sent; len() is its Content-Length."""

    def __len__(self) -> int: ...

    def pieces(self) -> Iterator[bytes]:
        """The bytes, in pieces that take a millisecond or so. Each call begins anew."""
        ...


def pieces(body: bytes | Body) -> Iterator[bytes]:
    """The bytes of any body, piece by piece."""
    if isinstance(body, bytes):
        return (body[at : at + _PIECE] for at in range(0, len(body), _PIECE))
    return body.pieces()


_PIECE = 256 * 1024  # bytes


@frozen
class HTTPRequest:
    """One request. body: None for GET; the transport makes a fresh payload of it for each attempt.

    once: what it asks for may go on without a reader, so it must not go out twice: a failure behind its first byte,
    while no status has come, is `permanent`.
    """

    method: str
    url: str
    headers: Headers
    body: bytes | Body | None = field(
        default=None, repr=lambda body: "None" if body is None else f"<{len(body)} bytes>"
    )
    once: bool = field(default=False, kw_only=True)


class HTTPResponse(Protocol):
    """An answer whose headers have arrived."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Found by name in any case."""
        ...

    async def read(self) -> bytes:
        """The next piece of the body, as it comes off the wire; b"" at its end.

        Raises StreamTruncated when the connection broke before the body's end, MalformedStream when its framing or its
        compression is broken. When `close` was called meanwhile, by whomever, it raises or returns b"" at once.
        """
        ...

    def close(self) -> None:
        """Drop the connection at once. Never waits, may be called at any time and more than once."""
        ...

    def release(self) -> None:
        """The body was read to its end, or what is left does not matter: give the connection back if it can be used
        again, else close it. Never waits."""
        ...


class Timed(Protocol):
    """A response whose transport knows when its request began to go out: behind the wait for a connection."""

    @property
    def sent(self) -> float:
        """In the loop's time."""
        ...


def when_sent(response: HTTPResponse, otherwise: float) -> float:
    """Of a `Timed` response. (To ask whether it is one by `isinstance` takes 14 µs, and this is asked per request.)"""
    sent: float = getattr(response, "sent", otherwise)
    return sent


class Ending(Protocol):
    """A response whose transport knows when all of its body has been read."""

    @property
    def ended(self) -> bool:
        """`read` would give b"" without waiting."""
        ...


def has_ended(response: HTTPResponse) -> bool:
    """Of an `Ending` response whether it has; of another one False."""
    ended: bool = getattr(response, "ended", False)
    return ended


class Proxied(Protocol):
    """A response whose transport told somebody on the way a secret of its own: a proxy's password."""

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """What no error and no header may show."""
        ...


def secrets_told(response: HTTPResponse) -> tuple[Secret, ...]:
    """Those of a `Proxied` response; of another one none."""
    secrets: tuple[Secret, ...] = getattr(response, "secrets", ())
    return secrets


@runtime_checkable
class Warms(Protocol):
    """A transport that can open connections before there is a request for them."""

    async def warm(self, url: str, connections: int) -> None:
        """Have so many connections ready that a request to this URL would use, without sending anything on them.

        Raises what `send` raises before a request goes out. Those that were opened by then are kept.
        """
        ...


class Transport(Protocol):
    """Sends requests; owns the connections."""

    async def send(self, request: HTTPRequest) -> HTTPResponse:
        """Send, and return when the headers have arrived; the caller owns the response and must close or release it.

        Raises ConnectError (no connection, or the server hung up before an answer), TimedOutError(phase="connect"),
        MalformedStream (what it sent is not HTTP) or ConfigError (the URL or a header cannot be sent). Of a request
        that goes out once (see HTTPRequest) they are permanent when a byte of it may have been sent.
        """
        ...

    async def aclose(self) -> None:
        """Close every connection, live responses first."""
        ...


def check_proxy(url: Secret, source: str) -> Secret:
    """The proxy's URL, if it is http or https and names a host. Raises ConfigError that names the source alone."""
    if url and not _PROXY.fullmatch(url.reveal()):
        raise ConfigError(f"{source} is no HTTP proxy: it needs the form http://host:port")
    return url


_PROXY = re.compile(r"https?://(?:[^\s/?#]*@)?(?:\[[0-9a-f:.]+\]|[^\s/?#@:\[\]]+)(?::\d{1,5})?/?", re.IGNORECASE)


def timed_out(phase: Phase, where: str = "") -> TimedOutError:
    """The one wording for our four clocks. where: what stood between, as " through ..."."""
    what = {
        "connect": "no connection (waiting for a free one included)",
        "first_event": "no first event of the answer",
        "idle": "no further event of the answer",
        "total": "the answer was not whole",
    }[phase]
    return TimedOutError(f"{what}{where} within Timeouts.{phase}", phase=phase)


def check_encoding(response: HTTPResponse) -> None:
    """Raises MalformedStream for a compression nobody asked for and aiohttp would hand out as it is."""
    encoding = response.headers.get("content-encoding")
    if encoding is None:
        return
    encoding = encoding.strip("\"' \t").lower()
    if encoding not in _ENCODINGS and any(word.strip() not in _NO_ENCODINGS for word in encoding.split(",")):
        name = encoding if encoding.isalpha() and len(encoding) < 12 else "something"
        raise MalformedStream(f"the answer is compressed by {name}, which was not asked for", permanent=True)


_NO_ENCODINGS = {"", "identity", "none", "utf-8", "utf8", "chunked", "binary", "8bit"}
_ENCODINGS = _NO_ENCODINGS | {"gzip", "deflate", "br", "zstd"}
