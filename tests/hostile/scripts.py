"""The scripts: what a hostile or broken server does, and how the call may end.

An end is the name of an error's class (of one of its bases too), or "whole".
"""

import asyncio
import gzip
import json
from collections.abc import Callable

from attrs import frozen

from tests import binary
from tests.faults.table import DIALECTS
from tests.hostile.server import Road, Script, Talk

BOTH: tuple[Road, ...] = ("stream", "complete")
STREAM: tuple[Road, ...] = ("stream",)
COMPLETE: tuple[Road, ...] = ("complete",)
LATE = ("TimedOutError",)
BROKEN = ("StreamError", "ConnectError", "TimedOutError")
BINARY = ("bedrock_converse", "bedrock_invoke")  # dialects whose streams are no text
LONG = 1_000_000  # characters of a text that is meant to take long


@frozen
class Hostile:
    """One server. roads, wires: where it makes sense. ends: how the call may end.

    blank: it sends what is nothing between lines of text; where messages have lengths and checksums, it breaks them.
    """

    name: str
    script: Script
    ends: tuple[str, ...]
    roads: tuple[Road, ...] = STREAM
    blank: bool = False
    wires: tuple[str, ...] = tuple(DIALECTS)

    def ends_on(self, dialect: str) -> tuple[str, ...]:
        return (*self.ends, "MalformedStream") if self.blank and dialect in BINARY else self.ends


SERVERS: list[Hostile] = []
_Add = Callable[[Script], Script]


def hostile(name: str, *ends: str, roads: tuple[Road, ...] = STREAM, blank: bool = False,
            wires: tuple[str, ...] = tuple(DIALECTS)) -> _Add:  # fmt: skip
    def add(script: Script) -> Script:
        SERVERS.append(Hostile(name, script, ends, roads, blank, wires))
        return script

    return add


# ---------------------------------------------------------------- floods


def _flood(name: str, unit: bytes, *, blank: bool = False) -> None:
    """Endless repeats of a unit that is nothing: blank where lines are read, or else in an event stream of text alone,
    and a wire of lines reads it as broken JSON."""

    @hostile(name, *(LATE if blank else (*LATE, "MalformedStream")), blank=blank)
    async def script(talk: Talk) -> None:
        await talk.head()
        await talk.flood(unit)


_BOMB = gzip.compress(b'data: {"x":"' + b"0" * 50_000_000)

_flood("a flood of comments", b": keep-alive\n\n")
_flood("a flood of blank lines", b"\n", blank=True)
_flood("a flood of long comments", b": " + b"x" * 2000 + b"\n\n")
_flood("a flood of unknown fields", b"padding: " + b"x" * 200 + b"\n")
_flood("a flood of names without data", b"event: " + b"n" * 200 + b"\n\n")
_flood("a flood of ids", b"id: " + b"1" * 300 + b"\nretry: 1\n\n")
_flood("a flood of carriage returns", b"\r", blank=True)


@hostile("one comment without end", "TimedOutError", "TooLargeError", blank=True)
async def _(talk: Talk) -> None:
    await talk.head()
    await talk.send(b":")
    await talk.flood(b"x" * 1000)


@hostile("a flood of spaces", "TimedOutError", "TooLargeError", roads=BOTH, blank=True)
async def _(talk: Talk) -> None:
    await talk.head()
    await talk.flood(b" " * 1000)


@hostile("a flood of events with nothing in them", *LATE)
async def _(talk: Talk) -> None:
    await talk.head()
    await talk.send(talk.speech.head)
    await talk.flood(talk.speech.nothing())


@hostile("a flood of large events with nothing in them", *LATE)
async def _(talk: Talk) -> None:
    await talk.head()
    await talk.send(talk.speech.head)
    padded = '"pad":"' + "x" * 300_000 + '",'
    await talk.flood(talk.speech.nothing(padded))


@hostile("a flood of letters", *LATE)
async def _(talk: Talk) -> None:
    await talk.head()
    await talk.send(talk.speech.head)
    await talk.drip(talk.speech.letter() * 20, 0.005)


@hostile("one event without end", "TooLargeError", "TimedOutError")
async def _(talk: Talk) -> None:
    await talk.head()
    await talk.send(talk.speech.head + talk.speech.open_letter())
    await talk.flood(b"endless " * 100)


@hostile("one event of lines without end", "TooLargeError", "MalformedStream", "TimedOutError")
async def _(talk: Talk) -> None:
    await talk.head()
    await talk.flood(b"data: {\n")


@hostile("one event of empty lines without end", "TooLargeError", "MalformedStream", "TimedOutError")
async def _(talk: Talk) -> None:
    await talk.head()
    await talk.flood(b"data:\n")


@hostile("a document without end", "TooLargeError", "TimedOutError", roads=COMPLETE)
async def _(talk: Talk) -> None:
    await talk.head()
    await talk.send(b'{"x":[')
    await talk.flood(b"{},")


@hostile("a list without end", "TooLargeError", "TimedOutError", "StreamError", roads=BOTH)
async def _(talk: Talk) -> None:
    await talk.head(200, "Content-Type: application/json")
    await talk.send(b"[")
    await talk.flood(b"[[],[]],")


@hostile("a bomb of zeros", "TooLargeError", "StreamError", "TimedOutError", roads=BOTH)
async def _(talk: Talk) -> None:
    await talk.head(200, "Content-Encoding: gzip")
    await talk.send(_BOMB)
    await talk.silence()


@hostile("headers without end", "StreamError", "ConnectError", "TimedOutError", roads=BOTH)
async def _(talk: Talk) -> None:
    await talk.send(b"HTTP/1.1 200 X\r\n")
    await talk.flood(b"X-Pad: " + b"x" * 100 + b"\r\n")


@hostile("a flood of 100 Continue", *LATE, "StreamError", "ConnectError", roads=BOTH)
async def _(talk: Talk) -> None:
    await talk.flood(b"HTTP/1.1 100 Continue\r\n\r\n")


@hostile("a chunk extension without end", *BROKEN, roads=BOTH)
async def _(talk: Talk) -> None:
    await talk.head(body="chunks")
    await talk.send(b"5;")
    await talk.flood(b"x" * 1000)


@hostile("a flood of chunks of one byte", *LATE, blank=True)
async def _(talk: Talk) -> None:
    await talk.head(body="chunks")
    await talk.flood(b"1\r\n\n\r\n")


@hostile("five thousand calls", "whole", "TimedOutError")
async def _(talk: Talk) -> None:
    await talk.head()
    await talk.send(talk.speech.head)
    for number in range(1, 5_000):
        await talk.send(talk.speech.call(number))
    await talk.send(talk.speech.tail)


# ---------------------------------------------------------------- drips


@hostile("headers byte by byte", *LATE, roads=BOTH)
async def _(talk: Talk) -> None:
    await talk.send(b"HTTP/1.1 200 OK\r\nX-Pad: ")
    await talk.drip(b"x")


@hostile("a comment now and then", *LATE, "MalformedStream")
async def _(talk: Talk) -> None:
    await talk.head()
    await talk.drip(b": still there\n\n")


@hostile("an empty event now and then", *LATE)
async def _(talk: Talk) -> None:
    await talk.head()
    await talk.send(talk.speech.head)
    await talk.drip(talk.speech.nothing())


@hostile("an event byte by byte", *LATE)
async def _(talk: Talk) -> None:
    await talk.head()
    await talk.send(talk.speech.open_letter())
    await talk.drip(b"a")


@hostile("a document byte by byte", *LATE, roads=COMPLETE)
async def _(talk: Talk) -> None:
    await talk.head()
    await talk.send(b'{"x":"')
    await talk.drip(b"a")


@hostile("a space now and then", *LATE, roads=BOTH, blank=True)
async def _(talk: Talk) -> None:
    await talk.head()
    await talk.drip(b" ")


@hostile("a letter now and then", *LATE)
async def _(talk: Talk) -> None:
    await talk.head()
    await talk.send(talk.speech.head)
    await talk.drip(talk.speech.letter())


@hostile("a chunk size digit by digit", *BROKEN, roads=BOTH)
async def _(talk: Talk) -> None:
    await talk.head(body="chunks")
    await talk.drip(b"0")


@hostile("an error byte by byte", "ServerError", roads=BOTH)
async def _(talk: Talk) -> None:
    await talk.head(500)
    await talk.drip(b"x")


@hostile("a trailer byte by byte", "whole", "StreamError", "TimedOutError")
async def _(talk: Talk) -> None:
    await talk.head(body="chunks")
    whole = talk.speech.head + talk.speech.letter() + talk.speech.tail
    await talk.send(b"%x\r\n%b\r\n0\r\nX-Late: " % (len(whole), whole))
    await talk.drip(b"x")


# ---------------------------------------------------------------- late


@hostile("silence", *LATE, roads=BOTH)
async def _(talk: Talk) -> None:
    await talk.silence()


@hostile("silence behind the headers", *LATE, roads=BOTH)
async def _(talk: Talk) -> None:
    await talk.head()
    await talk.silence()


@hostile("silence behind a letter", *LATE)
async def _(talk: Talk) -> None:
    await talk.head()
    await talk.send(talk.speech.head + talk.speech.letter())
    await talk.silence()


@hostile("silence behind the end mark", "whole")
async def _(talk: Talk) -> None:
    await talk.head()
    await talk.send(talk.speech.head + talk.speech.letter() + talk.speech.tail)
    await talk.silence()


@hostile("a flood behind the end mark", "whole")
async def _(talk: Talk) -> None:
    await talk.head()
    await talk.send(talk.speech.head + talk.speech.letter() + talk.speech.tail)
    await talk.flood(b": more\n\n")


@hostile("an answer that comes too late", *LATE, roads=BOTH)
async def _(talk: Talk) -> None:
    await asyncio.sleep(0.8)
    await talk.head()
    await talk.send(talk.speech.head + talk.speech.letter() + talk.speech.tail)


@hostile("wait a year", "RateLimitedError", roads=BOTH)
async def _(talk: Talk) -> None:
    await talk.head(429, "Retry-After: 31536000", "Content-Length: 0")


@hostile("wait until a date that is none", "RateLimitedError", roads=BOTH)
async def _(talk: Talk) -> None:
    await talk.head(429, "Retry-After: " + "Mon, " * 8000, "Content-Length: 0")


@hostile("broken for ever", "ServerError", roads=BOTH)
async def _(talk: Talk) -> None:
    await talk.head(500, "Content-Length: 0")


@hostile("redirected to itself", "InvalidRequestError", roads=BOTH)
async def _(talk: Talk) -> None:
    await talk.head(307, "Location: " + "/a" * 15_000, "Content-Length: 0")


@hostile("closed at once", "ConnectError", roads=BOTH)
async def _(talk: Talk) -> None:
    talk.writer.close()


# ---------------------------------------------------------------- lying lengths


def _length(name: str, *lines: str, body: bytes = b'{"x":1}', ends: tuple[str, ...] = BROKEN) -> None:
    @hostile(name, *ends, roads=BOTH)
    async def script(talk: Talk) -> None:
        await talk.head(200, *lines)
        await talk.send(body)
        await talk.silence()


_length("a length that is too long", "Content-Length: 1000")
_length("a length beyond all numbers", "Content-Length: " + "9" * 5000)
_length("a length below zero", "Content-Length: -5")
_length("a length that is too short", "Content-Length: 3")
_length("a length of nothing", "Content-Length: 0")
_length("a length and chunks", "Content-Length: 3", "Transfer-Encoding: chunked", body=b"ffffffff\r\nxx")
_length("a chunk beyond all numbers", "Transfer-Encoding: chunked", body=b"f" * 5000 + b"\r\nxx")
_length("a chunk below zero", "Transfer-Encoding: chunked", body=b"-1\r\nxx")
_length("compressed, it says", "Content-Encoding: gzip", body=b"data: plain\n\n" * 100)


# ---------------------------------------------------------------- huge


_SLOW = {
    "dashes": "a-b_",
    "beginnings of keys": "sk-canary",
    "addresses": "http://",
    "stars": "ab*",
    "openings": "<title",
    "words of errors": "invalid model ",
    "waits": "try again in 1",
}


def _error_texts(what: str, unit: str) -> None:
    text = unit * (LONG // len(unit))

    @hostile(f"an error of a megabyte of {what}", "LLMError", roads=BOTH)
    async def status(talk: Talk) -> None:
        body = json.dumps({"error": {"message": text, "type": text, "code": text}}).encode()
        await talk.head(500, f"Content-Length: {len(body)}")
        await talk.send(body)

    @hostile(f"an error inside of a megabyte of {what}", "LLMError")
    async def inside(talk: Talk) -> None:
        await talk.head()
        error = {"type": "error", "error": {"type": "api_error", "message": text, "code": text}}
        await talk.send(talk.speech.head + talk.speech.failure(json.dumps(error).encode()))
        await talk.silence()


for _what, _unit in _SLOW.items():
    _error_texts(_what, _unit)


@hostile("headers of the beginnings of keys", "whole")
async def _(talk: Talk) -> None:
    ids = "sk-c" * 4000
    await talk.head(200, f"x-request-id: {ids}", f"request-id: {ids}", f"x-debug-trace-id: {ids}")
    await talk.send(talk.speech.head + talk.speech.letter() + talk.speech.tail)


@hostile("huge ids and names", "whole", "LLMError")
async def _(talk: Talk) -> None:
    long = "i" * 100_000
    letter = talk.speech.letter(f'"id":"{long}","model":"{long}",')
    call = talk.speech.call(1, long, long)
    await talk.head()
    await talk.send(talk.speech.head + letter * 10 + call * 10 + talk.speech.tail)


@hostile("nested without end", "StreamError", "TimedOutError", roads=BOTH)
async def _(talk: Talk) -> None:
    await talk.head()
    await talk.send(talk.speech.event(b"[" * LONG) if talk.road == "stream" else b"[" * LONG)


@hostile("a number of a million digits", "whole", "LLMError")
async def _(talk: Talk) -> None:
    await talk.head()
    number = f'"index":{"9" * LONG},'
    await talk.send(talk.speech.head + talk.speech.letter(number) + talk.speech.tail)


@hostile("no such model, and a list of a million", "LLMError", roads=BOTH)
async def _(talk: Talk) -> None:
    if talk.first_line.startswith("GET"):
        models = [{"id": f"model-{n:06}-{'m' * 40}", "name": f"models/model-{n:06}"} for n in range(20_000)]
        body = json.dumps({"data": models, "models": models, "has_more": True, "last_id": "x"}).encode()
        await talk.head(200, "Content-Type: application/json", f"Content-Length: {len(body)}")
    else:
        body = b'{"error":{"message":"model \'m\' not found","type":"invalid_request_error","code":"model_not_found"}}'
        await talk.head(404, f"Content-Length: {len(body)}")
    await talk.send(body)


@hostile("a picture without end", "TooLargeError", "TimedOutError", "StreamError", roads=BOTH)
async def _(talk: Talk) -> None:
    await talk.head()
    picture = b'{"choices":[{"delta":{"images":[{"type":"image_url","image_url":{"url":"data:image/png;base64,'
    await talk.send(b"data: " + picture if talk.speech.is_sse and talk.road == "stream" else picture)
    await talk.flood(b"AAAA" * 1000)


# ---------------------------------------------------------------- binary messages


def _messages(name: str, *ends: str, begun: bytes, then: bytes = b"") -> None:
    @hostile(name, *ends, wires=BINARY)
    async def script(talk: Talk) -> None:
        await talk.head()
        await talk.send(talk.speech.head + begun)
        if then:
            await talk.flood(then)
        await talk.silence()


_NAMES = b"".join(binary.text(f"x{n}", "v" * 100) for n in range(600))
_messages("a message longer than all memory", "TooLargeError", begun=binary.prelude(0xFFFFFFFF, 0))
_messages("a message shorter than its headers", "MalformedStream", begun=binary.prelude(100, 0xFFFFFFFF))
_messages("a message that is not there", "MalformedStream", begun=binary.prelude(0, 0))
_messages(
    "a wrong checksum of a large message",
    *LATE,
    "MalformedStream",
    begun=b"",
    then=binary.beginning("a", b"x" * 65000, 65536),
)
_messages("a header longer than its message", "MalformedStream", begun=binary.message(b"\x05:name\x07\xff\xffx"))
_messages("a header of a type that there is not", *LATE, begun=b"", then=binary.message(b"\x01a\x99zzzz"))
_messages("messages of headers alone", *LATE, begun=b"", then=binary.message(_NAMES))
_messages("a message of large headers", "MalformedStream", begun=binary.prelude(7 << 20, 6 << 20))
_messages("an exception with a name of its own", "LLMError", begun=binary.exception("e" * 60_000, b'{"message":"x"}'))
