"""Cassettes: real exchanges, recorded once and replayed without a network.

    async with llm.open("openai", http=record("tests/cassettes/hello.jsonl")) as client: ...   # with a key, once
    async with llm.open("openai", api_key="any", http=replay("tests/cassettes/hello.jsonl")) as client: ...

A cassette is a file of JSON lines. The first is `{"cassette": 1}`; each other one is an exchange:

    request   method; url (scheme, host and path: no query); headers; body: the JSON value that was sent, null for none
    response  status; headers; body: text, or {"base64": ...} for what is no UTF-8; pieces: the length in bytes of each
              read; left: true where the reader left before the end
    error     the LLMError instead of a response, or the one that broke its body off (as `serialize.to_dict` writes it)
    number    of the request, from 1, in the order in which they were sent; the lines are in the order of their ends

It is scrubbed when it is written: a header is kept only when it is known to be harmless, else its value is ***; the
request's own key, texts that look like keys, and URL queries are *** in every text. A cassette can be read, edited and
kept in a repository; look through a new one all the same: what users wrote is in it.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

from attrs import define, field

from ..codecs import base64, json
from ..errors import ConfigError, LLMError
from ..serialize import to_dict
from ..transport.base import HTTPRequest, HTTPResponse, Limits, Timeouts, Transport
from ..transport.lazy import LazyTransport
from .difference import describe
from .exchanges import Exchange, Recorded, Reply
from .exchanges import read as read_exchange
from .scrubbing import Scrubber

VERSION = 1
Entry: TypeAlias = dict[str, Any]


class CassetteError(ConfigError):
    """A cassette that is missing or broken, or a request that it does not hold. diff: of the request against the
    nearest recorded one, "" when there is none."""

    def __init__(self, message: str = "", *, diff: str = "", **facts: Any) -> None:
        super().__init__(message, **facts)
        self.diff = diff


def record(path: str | Path, http: Transport | None = None) -> Transport:
    """A transport for `open(..., http=record(path))` that writes each exchange when it is over. The file is begun anew
    by the first one, its folder made.

    http: what is recorded; the network, with the usual clocks and caps, by default. Do not write one file from two.
    """
    return _Recorder(Path(path), http or LazyTransport(Timeouts(), Limits()))


def replay(path: str | Path) -> Transport:
    """A transport for `open(..., http=replay(path))` that answers from the cassette, in the recorded pieces.

    A request must be a recorded one: the same method, path and body (as JSON, scrubbed); host, headers and query are
    not compared. The same request twice plays its exchanges in order. Anything else is a CassetteError with a diff.
    The file is read on the first request. A key is still asked for; any will do.
    """
    return _Player(Path(path))


# ---------------------------------------------------------------- recording


class _Recorder:
    def __init__(self, path: Path, http: Transport) -> None:
        self._path = path
        self._http = http
        self._sent = 0

    async def send(self, request: HTTPRequest) -> HTTPResponse:
        self._sent += 1
        if self._sent == 1:
            self._write({"cassette": VERSION}, "wb")
        scrubber = Scrubber(request.headers.reveal())
        entry: Entry = {"number": self._sent, "request": scrubber.request(request)}
        try:
            response = await self._http.send(request)
        except LLMError as error:
            self._write({**entry, "error": scrubber.value(to_dict(error))})
            raise
        return _Recording(response, scrubber, entry, self)

    async def aclose(self) -> None:
        await self._http.aclose()

    def finish(self, entry: Entry) -> None:
        self._write(entry)

    def _write(self, entry: Entry, mode: Literal["wb", "ab"] = "ab") -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open(mode) as file:
                file.write(json.dumps(entry) + b"\n")
        except OSError as error:
            raise CassetteError(f"the cassette {self._path} cannot be written: {error.strerror}") from None


class _Recording:
    """A response that is written down when it is over: at its end, when it breaks, or when the reader leaves."""

    def __init__(self, response: HTTPResponse, scrubber: Scrubber, entry: Entry, recorder: _Recorder) -> None:
        self._response = response
        self._scrubber = scrubber
        self._entry = entry
        self._recorder: _Recorder | None = recorder
        self._pieces: list[bytes] = []
        self.status = response.status
        self.headers = response.headers

    async def read(self) -> bytes:
        try:
            data = await self._response.read()
        except LLMError as error:
            self._finish(error=self._scrubber.value(to_dict(error)))
            raise
        if data:
            self._pieces.append(data)
        else:
            self._finish()
        return data

    def close(self) -> None:
        self._finish(left=True)
        self._response.close()

    def release(self) -> None:
        self._finish(left=True)
        self._response.release()

    def _finish(self, *, left: bool = False, error: Any = None) -> None:
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            return
        body, pieces = self._scrubber.body(self._pieces)
        response: Entry = {"status": self.status, "headers": self._scrubber.response_headers(self.headers)}
        response |= {"body": _written(body), "pieces": pieces}
        if left:
            response["left"] = True
        recorder.finish({**self._entry, "response": response, **({} if error is None else {"error": error})})


def _written(body: bytes) -> str | Entry:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return {"base64": base64.encode(body)}


# ---------------------------------------------------------------- replaying


@define
class _Tape:
    """The exchanges of one and the same request. asked: what they are found by; played: how many have been."""

    asked: Entry
    exchanges: deque[Exchange] = field(factory=lambda: deque[Exchange]())
    played: int = 0


class _Player:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._tapes: list[_Tape] | None = None

    async def send(self, request: HTTPRequest) -> HTTPResponse:
        if self._tapes is None:
            self._tapes = _tapes(_read(self._path))
        told = Scrubber(request.headers.reveal()).request(request)
        wanted = Recorded(told["method"], told["url"], told["body"]).asked
        tape = next((tape for tape in self._tapes if tape.asked == wanted), None)
        if tape is None:
            raise self._unknown(wanted, self._tapes)
        if not tape.exchanges:
            raise CassetteError(
                f"{self._path.name} holds this request {tape.played} times, and all have been played:"
                f" {wanted['method']} {wanted['path']}"
            )
        tape.played += 1
        exchange = tape.exchanges.popleft()
        if exchange.response is None:
            raise exchange.error or CassetteError(f"{self._path.name} has an exchange without an end")
        return _Replayed(exchange.response, exchange.error)

    async def aclose(self) -> None:
        """Nothing is open."""

    def _unknown(self, wanted: Entry, tapes: list[_Tape]) -> CassetteError:
        diff = describe([tape.asked for tape in tapes], wanted)
        return CassetteError(f"{self._path.name} does not hold this request; record it anew.\n{diff}", diff=diff)


class _Replayed:
    """A recorded response, read in the recorded pieces."""

    def __init__(self, reply: Reply, error: LLMError | None) -> None:
        self.status = reply.status
        self.headers: Mapping[str, str] = _Headers(reply.headers)
        self._pieces = deque(_pieces(reply))
        self._error = error

    async def read(self) -> bytes:
        if self._pieces:
            return self._pieces.popleft()
        if self._error is not None:
            raise self._error
        return b""

    def close(self) -> None:
        self._pieces.clear()
        self._error = None

    release = close


class _Headers(Mapping[str, str]):
    """Found by name in any case."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = {name.lower(): value for name, value in values.items()}

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def _pieces(reply: Reply) -> Iterator[bytes]:
    at = 0
    for size in reply.pieces:
        if at < len(reply.body) and size:  # an empty one would be the end
            yield reply.body[at : at + size]
        at += size
    if at < len(reply.body):  # a body that was edited
        yield reply.body[at:]


def _read(path: Path) -> list[Exchange]:
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise CassetteError(f"the cassette {path} cannot be read: {error.strerror}") from None
    begun, exchanges = False, list[Exchange]()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            if begun:
                exchanges.append(read_exchange(line))
            else:
                begun = json.loads_object(line).get("cassette") == VERSION
        except ValueError as error:
            raise CassetteError(f"line {number} of the cassette {path} is no exchange: {error}") from None
        if not begun:
            break
    if not begun:
        raise CassetteError(f'the cassette {path} does not begin with {{"cassette": {VERSION}}}')
    return sorted(exchanges, key=lambda exchange: exchange.number)


def _tapes(exchanges: list[Exchange]) -> list[_Tape]:
    tapes: list[_Tape] = []
    for exchange in exchanges:
        wanted = exchange.request.asked
        tape = next((tape for tape in tapes if tape.asked == wanted), None)
        if tape is None:
            tape = _Tape(wanted)
            tapes.append(tape)
        tape.exchanges.append(exchange)
    return tapes
