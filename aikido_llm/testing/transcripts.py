"""What any dialect must pass: its decoder is fed transcripts in every way a network may cut them, and cut short.

check_dialect(PROVIDER, [Transcript(STREAM, response=Response(text="Hello", ...)), Transcript(BODY, stream=False)])
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from attrs import evolve, field, frozen

from ..call.answer import AnswerParser
from ..codecs import json
from ..dialects.base import FEATURES, Dialect, ErrorReply
from ..errors import AuthError, InvalidRequestError, LLMError, RateLimitedError, ServerError, UnsupportedFeatureError
from ..providers.base import Provider
from ..types.accumulate import FOLDED
from ..types.events import ErrorEvent, Event
from ..types.messages import Message, assistant, system, tool, user
from ..types.parts import AudioPart, FilePart, ImagePart
from ..types.request import Request, ResponseFormat, ThinkingConfig
from ..types.response import Response
from ..types.tools import ToolCall, ToolDef
from .grammar import check_grammar
from .promises import BrokenPromise
from .splits import bytewise, cuts, random_pieces

_ASKED = Request((user("hi"),), model="asked-model")
_COMPARED = (*FOLDED, "finish_reason")


@frozen
class Transcript:
    """One recorded or hand-written answer.

    body:     its bytes, without HTTP's own framing. stream: whether one was asked for. status: of HTTP.
    content_type: as the server sent it. whole_from: so many bytes hold the wire's own end mark, and a prefix
              shorter than that must not pass for an answer. None: one that lacks more than the usage must not.
    response: what it must be read as: text, thinking, calls, pictures, sound, usage (raw aside) and finish reason are
              compared; None: not compared. error: the class of the error that it must give, for a status or inside.
    request:  what was asked.
    """

    body: bytes = field(repr=lambda body: f"<{len(body)} bytes>")
    stream: bool = True
    status: int = 200
    content_type: str = "text/event-stream"
    whole_from: int | None = None
    response: Response | None = None
    error: type[LLMError] | None = None
    request: Request = _ASKED


def check_dialect(provider: Provider, transcripts: Iterable[Transcript]) -> None:
    """Check the dialect of a row: what it reads from the transcripts, what it makes of errors and of junk, and that it
    carries each kind of request or says that it cannot.

    raises: AssertionError that names the transcript and what is wrong (BrokenPromise for the grammar of a stream).
    """
    dialect = provider.dialect
    unknown = set(dialect.features) - set(FEATURES)
    assert not unknown, f"{dialect.name}.features has {sorted(unknown)}; dialects.base.FEATURES are the ones there are"
    _check_requests(dialect, provider.name)
    _check_errors(dialect)
    _check_models(dialect)
    for number, transcript in enumerate(transcripts, 1):
        with _named(f"transcript {number}"):
            if transcript.status == 200:
                _check_answer(dialect, transcript)
            else:
                _check_status(dialect, transcript)


class _named:
    """Puts the transcript's name before what is wrong with it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, BrokenPromise):
            raise BrokenPromise(error.promise, f"{self._name}: {error.what}") from error
        if isinstance(error, AssertionError):
            raise AssertionError(f"{self._name}: {error}") from error


# ---------------------------------------------------------------- answers


def _read(dialect: Dialect, transcript: Transcript, pieces: Iterable[bytes]) -> list[Event]:
    """All events of the body in these pieces. Nothing but events may come out, whatever the bytes are."""
    answer = AnswerParser(
        dialect,
        transcript.request,
        stream=transcript.stream,
        content_type=transcript.content_type.partition(";")[0].strip().lower(),
        provider="checked",
    )
    events: list[Event] = []
    try:
        for piece in pieces:
            events += answer.feed(piece)
        events += answer.eof()
    except Exception as error:
        raise AssertionError(f"the decoder raised {error!r}; only an LLMError may come from it") from error
    check_grammar(events)
    return events


def _check_answer(dialect: Dialect, transcript: Transcript) -> None:
    body = transcript.body
    whole = _read(dialect, transcript, [body])
    _check_content(whole, transcript)
    ways: list[tuple[str, Iterator[bytes]]] = [
        (f"random pieces (seed {seed}, up to {most} bytes)", random_pieces(body, seed, most))
        for seed, most in ((1, 40), (2, 700))
    ]
    if len(body) <= 20_000:
        ways.append(("byte by byte", bytewise(body)))
    for way, pieces in ways:
        if _comparable(_read(dialect, transcript, pieces)) != _comparable(whole):
            raise AssertionError(f"{way} gives other events than the whole body")
    if _error(whole) is None:
        _check_prefixes(dialect, transcript, whole)
    _check_junk(dialect, transcript)


def _check_content(events: Sequence[Event], transcript: Transcript) -> None:
    error = _error(events)
    if transcript.error is not None:
        assert isinstance(error, transcript.error), (
            f"it gives {error!r}, not the {transcript.error.__name__} that it is"
        )
    elif transcript.response is not None:
        assert error is None, f"it gives {error!r}"
    if transcript.response is None:
        return
    read = getattr(events[-1], "response", Response())
    for name in _COMPARED:
        one, other = (_without_raw(getattr(response, name)) for response in (read, transcript.response))
        assert one == other, f"its {name} is read as {one!r}, not {other!r}"


def _without_raw(value: Any) -> Any:
    return evolve(value, raw=None) if hasattr(value, "output_tokens") else value


def _error(events: Sequence[Event]) -> LLMError | None:
    return next((event.error for event in events if isinstance(event, ErrorEvent)), None)


def _comparable(events: Sequence[Event]) -> list[object]:
    """Errors have no `==`."""
    return [(type(e.error), str(e.error), e.error.partial) if isinstance(e, ErrorEvent) else e for e in events]


def _check_prefixes(dialect: Dialect, transcript: Transcript, whole: Sequence[Event]) -> None:
    """The end of the bytes is not the end of the answer. Where the transcript does not say where that is, a prefix may
    lack what it cost."""
    told = transcript.whole_from is not None
    whole_from = transcript.whole_from or len(transcript.body.rstrip())
    for size in cuts(transcript.body, small=400, most=60):
        if size < whole_from:
            events = _read(dialect, transcript, [transcript.body[:size]])
            if _error(events) is None and (told or _said(events) != _said(whole)):
                raise BrokenPromise(
                    "failure", f"its first {size} of {len(transcript.body)} bytes passed for a whole answer"
                )


def _said(events: Sequence[Event]) -> list[Any]:
    response = getattr(events[-1], "response", None)
    return [getattr(response, name) for name in _COMPARED if name != "usage"]


_JUNK = (
    b"",
    b"null",
    b"[]",
    b'"x"',
    b"17",
    b"{}",
    b"\xff\xfe",
    b"<html>",
    b'{"error":17}',
    b"data: {\n\n",
    b"[" * 5000,
)


def _check_junk(dialect: Dialect, transcript: Transcript) -> None:
    """What is no answer ends in an error, and never in another exception."""
    for junk in _JUNK:
        for body in (junk, b"data: " + junk + b"\n\n", junk + b"\n"):
            if _error(_read(dialect, transcript, [body])) is None:
                raise AssertionError(f"{body[:40]!r} passed for a whole answer")


# ---------------------------------------------------------------- errors and models


_STATUSES: tuple[tuple[int, type[LLMError]], ...] = (
    (400, InvalidRequestError), (401, AuthError), (402, AuthError), (403, AuthError), (404, InvalidRequestError),
    (422, InvalidRequestError), (429, RateLimitedError), (500, ServerError), (502, ServerError), (503, ServerError),
    (529, ServerError),
)  # fmt: skip
_BODIES = (b"", b"<html><h1>No</h1></html>", b"No.", b"null", b'"No."', b"[]", b"{}", b'{"error":"No."}', b"\xff")


def _check_errors(dialect: Dialect) -> None:
    for status, kind in _STATUSES:
        for body in _BODIES:
            error = _decoded(dialect, ErrorReply(status, {"content-type": "text/plain"}, body))
            assert isinstance(error, kind), (
                f"HTTP {status} with {body!r} is {type(error).__name__}, which is no {kind.__name__}"
            )
            assert error.message, f"HTTP {status} with {body!r} has no message"


def _check_status(dialect: Dialect, transcript: Transcript) -> None:
    headers = {"content-type": transcript.content_type}
    error = _decoded(dialect, ErrorReply(transcript.status, headers, transcript.body))
    if transcript.error is not None:
        assert type(error) is transcript.error, f"it gives {error!r}, not the {transcript.error.__name__} that it is"


def _decoded(dialect: Dialect, reply: ErrorReply) -> LLMError:
    try:
        return dialect.decode_error(reply)
    except Exception as error:
        raise AssertionError(
            f"decode_error raised {error!r} for HTTP {reply.status} with {reply.body[:60]!r}"
        ) from error


def _check_models(dialect: Dialect) -> None:
    request = dialect.encode_models(None)
    assert request.path.startswith("/"), f"the path of the model list is {request.path!r}; it begins with a slash"
    for junk in _JUNK:
        try:
            dialect.decode_models(junk)
        except LLMError:
            pass
        except Exception as error:
            raise AssertionError(f"decode_models raised {error!r} for {junk[:40]!r}") from error


# ---------------------------------------------------------------- requests

_PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)
_TOOL = ToolDef("look", "Look", {"type": "object", "properties": {"at": {"type": "string"}}})
_CALL = ToolCall("call_1", "look", '{"at":"it"}')


def _asking(*messages: Message, **fields: Any) -> Request:
    return evolve(_ASKED, messages=messages or _ASKED.messages, **fields)


_REQUESTS: dict[str, Request] = {
    "text": _ASKED,
    "a system turn": _asking(system("Be short."), user("hi")),
    "a conversation": _asking(user("hi"), assistant("Hello"), user("and?")),
    "tools": _asking(tools=[_TOOL], tool_choice="required"),
    "a tool's result": _asking(user("look"), assistant(tool_calls=[_CALL]), tool("call_1", "there"), tools=[_TOOL]),
    "pictures": _asking(user("what?", images=[ImagePart(data=_PNG)])),
    "sound": _asking(user("what?", audio=[AudioPart(data=b"ID3x", content_type="audio/mpeg")])),
    "a file": _asking(user([FilePart(data=b"%PDF-1", content_type="application/pdf", name="a.pdf")])),
    "a JSON schema": _asking(response_format=ResponseFormat.json_schema({"type": "object", "properties": {}})),
    "thinking": _asking(thinking=ThinkingConfig.by_effort("low"), max_tokens=4000),
    "temperature": _asking(temperature=0, top_p=0.5, max_tokens=10, stop=["END"]),
}


def _check_requests(dialect: Dialect, name: str) -> None:
    for what, request in _REQUESTS.items():
        for stream in (True, False):
            try:
                wire = dialect.encode(request, stream=stream, provider=name)
            except UnsupportedFeatureError:
                continue
            except Exception as error:
                raise AssertionError(f"encode raised {error!r} for a request with {what}") from error
            assert wire.path.startswith("/"), f"the path for a request with {what} is {wire.path!r}"
            json.dumps(wire.body)
            assert wire == dialect.encode(request, stream=stream, provider=name), f"encoding {what} twice differs"
