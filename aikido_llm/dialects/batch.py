"""The contract of a batch wire: what is sent to begin a batch, to look at it, and what its answers look like. Pure."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Protocol, TypeAlias

import msgspec
from attrs import evolve, frozen

from ..codecs import json
from ..errors import LLMError, MalformedStream
from ..types.batches import BatchState, HostedBatch, cancelled, expired
from .base import Dialect, ErrorReply, WireRequest
from .values import as_count, as_number, as_object, as_text

Json: TypeAlias = dict[str, Any]

_LATEST = 253_370_764_800.0
"""Seconds from 1970 to the year 9999, behind which no calendar goes."""


@frozen
class Limits:
    """What one hosted batch holds at most, and what its rows may be called.

    requests: rows. bytes: of their file or body. name_length: characters of a row's name (its `custom_id`), of which
    `plain` ones are letters, digits, _ and - alone.
    """

    requests: int
    bytes: int
    name_length: int = 256
    plain: bool = False


@frozen
class Sheet:
    """Requests that go into one batch together. kind: what they share (see `BatchWire.kind`). label: written on the
    batch, where its host has a place for it. count: rows."""

    kind: WireRequest
    label: str
    count: int


@frozen
class Frame:
    """What stands around the requests of a sheet in an HTTP body."""

    before: bytes
    after: bytes
    content_type: str


@frozen
class Line:
    """What a host says of one row.

    body:  the answer, one document of the dialect. reply: or the error that came instead.
    error: or what happened to the row before it was asked at all.
    """

    name: str
    body: bytes | None = None
    reply: ErrorReply | None = None
    error: LLMError | None = None


class BatchWire(Protocol):
    """One way to hand over many requests. Its methods never wait."""

    @property
    def limits(self) -> Limits: ...

    @property
    def price(self) -> float:
        """The share of the usual price that a row costs."""
        ...

    @property
    def labels(self) -> bool:
        """Whether a batch can be told by its label."""
        ...

    @property
    def separator(self) -> bytes:
        """What stands between two requests of a sheet."""
        ...

    def kind(self, wire: WireRequest) -> WireRequest:
        """What a request must share with the others of its batch (path, model, headers), as a request without its
        content. Raises UnsupportedFeatureError for what no batch carries."""
        ...

    def entry(self, wire: WireRequest, name: str) -> Json:
        """The request as it stands among the others."""
        ...

    def upload(self, sheet: Sheet) -> tuple[WireRequest, Frame] | None:
        """The request that hands over a sheet ahead, and what stands around it in its body; None where it goes into
        the request that creates the batch."""
        ...

    def uploaded(self, body: bytes) -> str:
        """The id of what was handed over. Raises MalformedStream."""
        ...

    def create(self, sheet: Sheet, uploaded: str) -> tuple[WireRequest, Frame | None]:
        """The request that begins a batch; with what stands around the sheet, where that is its body."""
        ...

    def get(self, id: str) -> WireRequest: ...

    def cancel(self, id: str) -> WireRequest: ...

    def page(self, cursor: str | None) -> WireRequest:
        """The request for a page of the list of batches."""
        ...

    def batch(self, body: bytes, dialect: Dialect) -> HostedBatch:
        """A reply to `create`, `get` (and, where it has one, `cancel`). Raises MalformedStream."""
        ...

    def batches(self, body: bytes, dialect: Dialect, cursor: str | None) -> tuple[list[HostedBatch], str | None]:
        """The page that was asked for with this cursor, and the cursor of the next one."""
        ...

    def output(self, batch: HostedBatch, output: str) -> WireRequest:
        """The request for the answers at one of its `outputs`."""
        ...

    def line(self, data: bytes) -> Line:
        """A line of them. Raises MalformedStream."""
        ...

    def inline(self, batch: HostedBatch) -> list[Line]:
        """The answers that came with the batch itself."""
        ...


# ---------------------------------------------------------------- what several of them share


def get(path: str, **facts: Any) -> WireRequest:
    return WireRequest(path, method="GET", **facts)


def document(body: bytes, what: str) -> Json:
    """Raises MalformedStream for what is no JSON object."""
    try:
        return json.loads_object(body)
    except ValueError:
        raise MalformedStream(f"the reply is no {what}: it is not a JSON object") from None


def id_in(found: Json, key: str, what: str) -> str:
    id = as_text(found.get(key))
    if not id:
        raise MalformedStream(f"the reply is no {what}: it has no {key}", permanent=True)
    return id


def state_of(word: str, states: Mapping[str, BatchState]) -> BatchState:
    """An unknown word is taken for one that is not the end: waiting costs nothing, a wrong end does."""
    return states.get(word, BatchState.running)


def told(found: Any, dialect: Dialect, *, status: int = 400) -> LLMError:
    """The typed error of an object with `code` and `message` that came inside a 200. status: that it amounts to."""
    fields = as_object(found)
    envelope = fields if "error" in fields else {"error": fields}
    error = dialect.decode_error(ErrorReply(status, {}, json.dumps(envelope)))
    error.status = None
    return error


def times(found: Json, created: str, expires: str) -> tuple[float | None, float | None]:
    return _time(found.get(created)), _time(found.get(expires))


def counted(found: Any, total: str, succeeded: str, failed: str) -> tuple[int | None, int | None, int | None]:
    counts = as_object(found)
    return count(counts, total), count(counts, succeeded), count(counts, failed)


def count(counts: Json, key: str) -> int | None:
    return as_count(counts.get(key))  # JSON has no int64: some write it as text


def _time(value: Any) -> float | None:
    with suppress(ValueError, OverflowError):
        value = datetime.fromisoformat(as_text(value)).timestamp()
    return as_number(value, _LATEST)


class Typed(msgspec.Struct):
    """A reply inside a line, in the shape that most hosts have."""

    status_code: int | None = None
    request_id: str | None = None
    body: msgspec.Raw = msgspec.Raw()


class CustomLine(msgspec.Struct):
    custom_id: str = ""
    response: Typed | None = None
    error: dict[str, Any] | str | None = None


_CUSTOM = msgspec.json.Decoder(CustomLine)
_UNASKED = {"batch_expired": expired, "batch_cancelled": cancelled}


def custom_line(data: bytes) -> Line:
    """`{"custom_id", "response": {"status_code", "request_id", "body"}, "error"}`."""
    found = read(_CUSTOM, data)
    reply = found.response
    if reply is not None and (body := bytes(reply.body)) not in (b"", b"null"):
        status = 200 if reply.status_code is None else reply.status_code
        if status < 400:
            return Line(found.custom_id, body)
        headers = {"x-request-id": reply.request_id} if reply.request_id else {}
        return Line(found.custom_id, reply=ErrorReply(status, headers, body))
    error = as_object(found.error) or {"message": found.error or "no reason was given"}
    unasked = _UNASKED.get(as_text(error.get("code")))
    if unasked is not None:
        return Line(found.custom_id, error=unasked())
    status = (reply and reply.status_code) or 500
    return Line(found.custom_id, reply=ErrorReply(max(status, 400), {}, json.dumps({"error": error})))


def read(decoder: "msgspec.json.Decoder[Any]", data: bytes) -> Any:
    try:
        return decoder.decode(data)
    except json.UNREADABLE:
        pass
    try:
        return decoder.decode(json.dumps(json.loads(data)))  # what is written better can be read
    except (ValueError, msgspec.DecodeError):
        raise MalformedStream("a line of the batch's answers is no JSON object of that kind", permanent=True) from None


def bare(wire: WireRequest, model: str = "") -> WireRequest:
    """A request without its content, as batches are told apart by it."""
    return evolve(wire, body={"model": model} if model else None)


def multipart(parts: list[tuple[str, bytes]], last: str, kind: str) -> Frame:
    """A body of several parts, of which the sheet is the last. last: its headers. kind: `form-data`, `related`."""
    boundary = "aikido-llm-7c1d3e5f9b2a4680e1c3"  # no line of JSON begins with two dashes
    head = b"".join(
        b"--%b\r\n%b\r\n\r\n%b\r\n" % (boundary.encode(), headers.encode(), content) for headers, content in parts
    )
    before = head + f"--{boundary}\r\n{last}\r\n\r\n".encode()
    return Frame(before, f"\r\n--{boundary}--\r\n".encode(), f"multipart/{kind}; boundary={boundary}")


LABEL = "aikido_llm"
"""Under which the label of a batch stands among what may be written on it."""


@frozen
class Common:
    """The fields that every batch wire has. max_requests, max_bytes: of one hosted batch. share: see
    `BatchWire.price`. labels: there is a place for one."""

    max_requests: int = 50_000
    max_bytes: int = 200_000_000
    share: float = 0.5
    labels: bool = True

    @property
    def price(self) -> float:
        return self.share

    def inline(self, batch: HostedBatch) -> list[Line]:
        return []
