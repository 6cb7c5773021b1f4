"""The faults, and how each of them has to end. One row is played on every wire that it applies to.

A place inside a stream is named by what has been sent: the text of the answer is six words, an event each.
"""

from collections.abc import Callable
from typing import Literal, TypeAlias, get_args

from attrs import evolve, field, frozen

import aikido_llm as llm
from aikido_llm.errors import Phase
from aikido_llm.testing import Answer, Fault
from aikido_llm.testing.faults import Framing, Oddity

DIALECTS = {
    "openai_chat": "openai",
    "openai_responses": "openai-responses",
    "anthropic_messages": "anthropic",
    "gemini_generate": "gemini",
    "cohere_chat": "cohere",
    "ollama_chat": "ollama",
    "bedrock_converse": "bedrock-converse",
    "bedrock_invoke": "bedrock:invoke",
}
"""Dialect -> the provider that a client is opened for (see tests/speakers.py)."""

WORDS = ("one", " two", " three", " four", " five", " six")
TEXT = "".join(WORDS)
USAGE = llm.Usage(input_tokens=11, output_tokens=7)

MakeFault: TypeAlias = Callable[[int], Fault]
"""The fault, for the number of events that hold the first two words."""


@frozen
class End:
    """How a call ends.

    error:   its class, exactly; None when the answer is whole. phase: of a TimedOutError.
    words:   how many of the text's words have arrived, in the Response or in the error's `partial`.
    event:   on a stream the failure is an ErrorEvent, since a byte of the answer had come; else it is raised.
    again:   a client with retries asks again, because the failure may pass and nothing had been handed out.
    passing: the failure may pass, so that `collect_with_retry` asks again; the same as `again` unless said.
    kept:    the connection may be used again.
    attempts: requests that the server sees where a client does not retry.
    """

    error: type[llm.LLMError] | None = None
    phase: Phase | None = None
    words: int = 0
    event: bool = False
    again: bool = False
    passing: bool = False
    kept: bool = False
    message: str = ""


@frozen
class Row:
    """One fault. stream, complete: how the two roads end; None where there is no such fault. tls: over https.

    answer: what the server says beside. upload: bytes that the request carries besides its words. alone: not at the
    same time as others, whose servers might take its port.
    """

    name: str
    fault: MakeFault
    stream: End | None
    complete: End | None
    tls: bool = False
    upload: int = 0
    alone: bool = False
    answer: Answer = field(default=Answer(TEXT, usage=USAGE))
    dialects: tuple[str, ...] = tuple(DIALECTS)

    def end(self, road: str) -> End | None:
        return self.stream if road == "stream" else self.complete


Rows: TypeAlias = tuple[Row, ...]


def _always(fault: Fault) -> MakeFault:
    return lambda _: fault


def both(name: str, fault: Fault, end: End, *, tls: bool = False, upload: int = 0) -> Row:
    """The same on both roads, because it happens before the first event."""
    return Row(name, _always(fault), end, end, tls, upload)


def _t(error: type[llm.LLMError], phase: Phase | None = None, message: str = "", *, kept: bool = False) -> End:
    """Transient, before the first byte of an answer."""
    return End(error, phase, again=True, passing=True, message=message, kept=kept)


def _n(error: type[llm.LLMError], message: str = "", *, kept: bool = False) -> End:
    """Never asked again."""
    return End(error, message=message, kept=kept)


def _m(error: type[llm.LLMError], phase: Phase | None = None, *, words: int = 2, kept: bool = False) -> End:
    """In the middle of a stream."""
    return End(error, phase, words=words, event=True, passing=True, kept=kept)


WHOLE = End(words=6, kept=True)
WHOLE_CLOSED = End(words=6)
_T_EVENT = End(llm.StreamTruncated, event=True, again=True, passing=True, kept=True)  # a byte had come, no content
_CUT = _t(llm.StreamTruncated)
_SILENT = _t(llm.TimedOutError, "first_event")
_ODD = _n(llm.MalformedStream, "not valid HTTP")
_GATEWAY = _t(llm.MalformedStream, message="not valid HTTP")

_GLUED = End(words=6)  # the length says where the body ends

BEFORE_HEADERS = (
    evolve(both("refused", Fault.refuse(0.03), _t(llm.ConnectError)), alone=True),
    both("FIN instead of an answer to the connection", Fault.close("handshake"), _t(llm.ConnectError)),
    both("RST instead of an answer to the connection", Fault.reset("handshake"), _t(llm.ConnectError)),
    both("FIN in the TLS handshake", Fault.close("handshake"), _t(llm.ConnectError), tls=True),
    both("RST in the TLS handshake", Fault.reset("handshake"), _t(llm.ConnectError), tls=True),
    both("TLS handshake unanswered", Fault.stall("handshake"), _t(llm.TimedOutError, "connect"), tls=True),
    both("FIN before the headers", Fault.close("before_headers"), _t(llm.ConnectError)),
    both("FIN in the headers", Fault.close("in_headers"), _t(llm.ConnectError)),
    both("RST before the headers", Fault.reset("before_headers"), _t(llm.ConnectError)),
    both("RST in the headers", Fault.reset("in_headers"), _t(llm.ConnectError)),
    both("RST while uploading", Fault.reset("upload"), _t(llm.ConnectError), upload=2_000_000),
    both("silence before the headers", Fault.stall("before_headers"), _SILENT),
    both("silence in the headers", Fault.stall("in_headers"), _SILENT),
    both("headers byte by byte", Fault.drip_headers(0.05), _SILENT),
    both("upload not read", Fault.unread(), _SILENT, upload=2_000_000),
    both("413 while uploading, then FIN", Fault.early(413, "close"), _n(llm.InvalidRequestError), upload=2_000_000),
    both("413 while uploading, then RST", Fault.early(413, "reset"), _n(llm.InvalidRequestError), upload=2_000_000),
    both("413 while uploading, line open", Fault.early(413, "keep"), _n(llm.InvalidRequestError), upload=2_000_000),
    both("garbage", Fault.garbage(), _ODD),
    both("HTTP/2 status line", Fault.status_line("HTTP/2 200 OK"), _ODD),
    both("status 99999", Fault.status_line("HTTP/1.1 99999 Huge"), _ODD),
    both("two lengths", Fault.bad_header("double_length"), _GATEWAY),
    both("a length that is no number", Fault.bad_header("bad_length"), _GATEWAY),
    both("length beside chunks", Fault.bad_header("length_and_chunked"), _GATEWAY),
    both("NUL in a header", Fault.bad_header("nul"), _GATEWAY),
    both("a header without a colon", Fault.bad_header("no_colon"), _GATEWAY),
    both("a header of 128 KiB", Fault.long_header(), _ODD),
    both("1000 headers", Fault.many_headers(), _ODD),
    both("bad chunk size with the headers", Fault.bad_chunk(), _GATEWAY),
    both("text glued to a 204", Fault.glued(204), _n(llm.MalformedStream, "204", kept=True)),
    both("text glued to a body", Fault.glued(200), _GLUED),
)

STATUSES = tuple(
    Row(
        f"status {status}",
        _always(Fault.oddity("reason")),
        end,
        end,
        answer=Answer(status=status),
        dialects=tuple(name for name in DIALECTS if (name, status) != ("gemini_generate", 402)),
    )  # it has no 402
    for status, end in (
        (400, _n(llm.InvalidRequestError, kept=True)),
        (401, _n(llm.AuthError, kept=True)),
        (402, _n(llm.InsufficientCreditsError, kept=True)),
        (429, End(llm.RateLimitedError, again=True, kept=True)),
        (500, _t(llm.ServerError, kept=True)),
        (503, _t(llm.OverloadedError, kept=True)),
        (529, _t(llm.OverloadedError, kept=True)),
        (599, _t(llm.ServerError, kept=True)),
    )
)

REPLIES = (
    both("200 and empty", Fault.empty(), _t(llm.StreamTruncated, kept=True)),
    both("204", Fault.empty(204), _n(llm.MalformedStream, "204", kept=True)),
    both("101", Fault.empty(101), _n(llm.MalformedStream, "101", kept=True)),
    both("200 text/html", Fault.page(), End(llm.MalformedStream, event=True, kept=True)),
    both("redirect", Fault.redirect("https://else.example/v1"), _n(llm.InvalidRequestError, "else.example", kept=True)),
    both("unknown Content-Encoding", Fault.encoding(), _n(llm.MalformedStream, "compressed", kept=True)),
    both("announced as gzip and plain", Fault.gzip("plain"), _n(llm.MalformedStream, "compression")),
    Row("gzip damaged", _always(Fault.gzip("damaged")), End(llm.MalformedStream, event=True, words=1, passing=True),
        _n(llm.MalformedStream, "compression")),
    Row("gzip cut, HTTP whole", _always(Fault.gzip("cut")), _m(llm.StreamTruncated, words=1, kept=True), _T_EVENT),
)  # fmt: skip


def _row(name: str, fault: MakeFault, stream: End | None, complete: End | None = None) -> Row:
    return Row(name, fault, stream, complete)


AFTER_HEADERS = (
    both("FIN after the headers", Fault.close("after_headers"), _CUT),
    both("RST after the headers", Fault.reset("after_headers"), _CUT),
    both("FIN after the headers, no length", Fault.close("after_headers", framing="none"), _CUT),
    both("silence after the headers", Fault.stall("after_headers"), _SILENT),
    _row("keep-alive comments and nothing else", lambda _: Fault.endless_comments(0, 0.02),
         End(llm.TimedOutError, "first_event", event=True, again=True, passing=True)),
)  # fmt: skip

_BODY_CUT = evolve(_T_EVENT, kept=False)
_BODY_SILENT = End(llm.TimedOutError, "idle", event=True, again=True, passing=True)
_CUT_LATER = _m(llm.StreamTruncated)
_SILENT_LATER = _m(llm.TimedOutError, "idle")
_BROKEN_LATER = _m(
    llm.TimedOutError, "idle"
)  # aiohttp's parser loses the body and waits for ever: only a clock ends it


_REASON_FIRST = ("anthropic_messages", "bedrock_converse", "bedrock_invoke")  # an event before their mark


def _cut(
    name: str, kind: Literal["close", "reset", "stall"], stream: End, complete: End, framing: Framing = ""
) -> Rows:
    """In the middle of the third word's event (of a body: in its middle), and between two events."""

    def inside(events: int) -> Fault:
        return Fault(kind, after_events=events, mid_event=True, framing=framing)

    def between(events: int) -> Fault:
        return Fault(kind, after_events=events, framing=framing)

    return (_row(f"{name} in an event", inside, stream, complete), _row(f"{name} between events", between, stream))


IN_THE_BODY = (
    *_cut("FIN", "close", _CUT_LATER, _BODY_CUT),
    *_cut("RST", "reset", _CUT_LATER, _BODY_CUT),
    *_cut("FIN, no length,", "close", _CUT_LATER, _BODY_CUT, "none"),
    *_cut("RST, no length,", "reset", _CUT_LATER, _BODY_CUT, "none"),
    *_cut("FIN, a length,", "close", _CUT_LATER, _BODY_CUT, "length"),
    *_cut("RST, a length,", "reset", _CUT_LATER, _BODY_CUT, "length"),
    *_cut("silence", "stall", _SILENT_LATER, _BODY_SILENT),
    _row("bad chunk size later", lambda n: Fault.bad_chunk(n, "size"), _BROKEN_LATER),
    _row("a chunk without its line end later", lambda n: Fault.bad_chunk(n, "no_line_end"), _BROKEN_LATER),
    _row("bad trailer later", lambda n: Fault.bad_chunk(n, "trailer"), _BROKEN_LATER),
    _row("a gateway's 502 page spliced in", lambda n: Fault.bad_chunk(n, "page"), _BROKEN_LATER),
    _row("keep-alive comments for ever", lambda n: Fault.endless_comments(n, 0.02), _SILENT_LATER),
    _row("an endless line", Fault.endless_line, evolve(_m(llm.TooLargeError), passing=False),
         End(llm.TooLargeError, event=True)),
    _row("a gzip bomb", Fault.gzip_bomb, evolve(_m(llm.TooLargeError), passing=False),
         End(llm.TooLargeError, event=True)),
    _row("half of an event's JSON", Fault.malformed, _m(llm.MalformedStream), _T_EVENT),
    _row("error inside a 200, first", lambda _: Fault.error_inside(),
         End(llm.ServerError, event=True, again=True, passing=True, kept=True),
         End(llm.ServerError, event=True, again=True, passing=True, kept=True)),
    _row("error inside a 200, later", lambda n: Fault.error_inside(after_events=n), _m(llm.ServerError, kept=True)),
    evolve(
        _row("no end mark, HTTP whole", lambda _: Fault.no_end_mark(),
             _m(llm.StreamTruncated, words=5, kept=True), _T_EVENT),
        dialects=tuple(name for name in DIALECTS if name not in _REASON_FIRST),
    ),
    evolve(  # what had its finish reason is never asked for again
        _row("no end mark behind a finish reason, HTTP whole", lambda _: Fault.no_end_mark(),
             evolve(_m(llm.StreamTruncated, words=5, kept=True), passing=False), _T_EVENT),
        dialects=_REASON_FIRST,
    ),
)  # fmt: skip

# Where no mark says that nothing follows (a body, Gemini's stream) the idle clock does.
_WHOLE_LATE = End(words=6, phase="idle")

AFTER_THE_END = (
    both("FIN after the end mark", Fault.close("after_end", framing="chunked"), WHOLE_CLOSED),
    both("RST after the end mark", Fault.reset("after_end", framing="chunked"), WHOLE_CLOSED),
    both("silence after the end mark", Fault.stall("after_end", framing="chunked"), _WHOLE_LATE),
    both("FIN after the end mark, no length", Fault.close("after_end", framing="none"), WHOLE_CLOSED),
    _row("bad chunk after the end mark", lambda _: Fault.bad_chunk(99), _WHOLE_LATE),
    evolve(
        _row("an error after the end mark", lambda _: Fault.error_inside(place="after_end"), WHOLE),
        dialects=tuple(name for name in DIALECTS if name != "gemini_generate"),
    ),  # whose mark is not the last word
)

LEGAL = (
    *(both(variant.replace("_", " "), Fault.oddity(variant), WHOLE) for variant in get_args(Oddity)),
    both("headers in pieces", Fault.drip_headers(0.001, 60), WHOLE),
    both("body in pieces", Fault.drip(0.001, 100), WHOLE),
)

ROWS: Rows = (*BEFORE_HEADERS, *STATUSES, *REPLIES, *AFTER_HEADERS, *IN_THE_BODY, *AFTER_THE_END, *LEGAL)
