"""Ways to feed a recorded or hand-written answer to the pure road, and the checks that hold for every one of them."""

import random
from collections.abc import Iterable, Iterator, Sequence

from attrs import frozen

from aikido_llm.answer import Answer
from aikido_llm.dialects.base import Dialect
from aikido_llm.errors import LLMError
from aikido_llm.types.events import (
    AudioEvent,
    EndEvent,
    ErrorEvent,
    Event,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallEvent,
    ToolCallStart,
    UsageEvent,
)
from aikido_llm.types.messages import user
from aikido_llm.types.request import Request
from aikido_llm.types.response import FinishReason, Response

ANY_REQUEST = Request(messages=(user("hi"),), model="asked-model")


@frozen
class Road:
    """The pure road from the bytes of a 200 to events, as `HTTPClient` uses it, for one dialect."""

    dialect: Dialect
    stream: bool = True
    content_type: str = "text/event-stream"
    request: Request = ANY_REQUEST
    event_bytes: int = 64 * 1024 * 1024
    body_bytes: int = 256 * 1024 * 1024

    def read(self, pieces: bytes | Iterable[bytes]) -> list[Event]:
        """All events of a body that is fed in these pieces and then ends. The grammar is checked."""
        answer = Answer(
            self.dialect,
            self.request,
            stream=self.stream,
            content_type=self.content_type,
            event_bytes=self.event_bytes,
            body_bytes=self.body_bytes,
            provider="test",
        )
        events: list[Event] = []
        for piece in [pieces] if isinstance(pieces, bytes) else pieces:
            events += answer.feed(piece)
        events += answer.eof()
        check_grammar(events)
        return events

    def read_every_way(self, body: bytes, *, small: int = 4096) -> list[Event]:
        """Whole, in seeded random pieces, and byte by byte when not larger than `small`: all must give equal events."""
        whole = self.read(body)
        expected = comparable(whole)
        for seed, most in ((1, 40), (2, 700)):
            assert comparable(self.read(random_pieces(body, seed, most))) == expected, (
                f"random pieces, seed {seed}, differ"
            )
        if len(body) <= small:
            assert comparable(self.read(bytewise(body))) == expected, "byte by byte differs"
        return whole

    def check_prefixes(self, body: bytes, whole_from: int, offsets: Iterable[int] | None = None) -> int:
        """Every prefix shorter than `whole_from` bytes ends in an error, never in success. Returns how many were tried.

        whole_from: so many bytes hold the wire's own end mark. offsets: which lengths to try; all of them when None.
        """
        tried = 0
        for size in range(whole_from) if offsets is None else offsets:
            if size >= whole_from:
                continue
            error = error_of(self.read(body[:size]))
            assert error is not None, f"the first {size} of {len(body)} bytes passed for a whole answer"
            tried += 1
        return tried


def cuts(body: bytes, *, small: int = 1500, most: int = 60, seed: int = 7) -> list[int]:
    """Lengths worth cutting a body at: all of a small one; else round line ends, and random ones, `most` in all."""
    if len(body) <= small:
        return list(range(len(body)))
    ends = [i + 1 for i, byte in enumerate(body) if byte == 10] if len(body) < 300_000 else []
    near = [offset + shift for offset in ends for shift in (-1, 0, 1) if 0 <= offset + shift < len(body)]
    rng = random.Random(seed)
    chosen = rng.sample(near, min(len(near), most // 2)) if near else []
    return sorted({*chosen, *(rng.randrange(len(body)) for _ in range(most - len(chosen)))})


def response_of(events: Sequence[Event]) -> Response:
    """The Response of the EndEvent."""
    last = events[-1]
    assert isinstance(last, EndEvent)
    return last.response


def error_of(events: Sequence[Event]) -> LLMError | None:
    """What the stream's ErrorEvent carries, None when there is none."""
    return next((event.error for event in events if isinstance(event, ErrorEvent)), None)


def bytewise(body: bytes) -> Iterator[bytes]:
    return (body[i : i + 1] for i in range(len(body)))


def random_pieces(body: bytes, seed: int = 0, most: int = 400) -> Iterator[bytes]:
    """The body in pieces of 0 to `most` bytes, the same for the same seed."""
    rng = random.Random(seed)
    at = 0
    while at < len(body):
        size = rng.randint(0, most)
        yield body[at : at + size]
        at += size


def lengths(body: bytes, sizes: Iterable[int]) -> Iterator[bytes]:
    """The body in pieces of these sizes, then the rest."""
    at = 0
    for size in sizes:
        yield body[at : at + size]
        at += size
    yield body[at:]


@frozen
class ErrorFacts:
    """An ErrorEvent, comparable."""

    kind: type[LLMError]
    message: str
    status: int | None
    code: str
    finish_reason: FinishReason
    partial: Response | None


def comparable(events: Sequence[Event]) -> list[object]:
    """Events such that two readings of the same bytes compare equal (errors have no `==`)."""
    shown: list[object] = []
    for event in events:
        if isinstance(event, ErrorEvent):
            error = event.error
            shown.append(
                ErrorFacts(type(error), error.message, error.status, error.code, event.finish_reason, error.partial)
            )
        else:
            shown.append(event)
    return shown


def check_grammar(events: Sequence[Event]) -> None:
    """The grammar of a stream, for every provider and every fault (see `aikido_llm.types.events`)."""
    assert events, "a stream has at least its EndEvent"
    assert isinstance(events[-1], EndEvent), f"the last event is {events[-1]!r}, not an EndEvent"
    end = events[-1]
    body = list(events[:-1])
    failed = bool(body) and isinstance(body[-1], ErrorEvent)
    if failed:
        body.pop()
    if body and isinstance(body[-1], UsageEvent):
        body.pop()
    for event in body:
        assert not isinstance(event, EndEvent | ErrorEvent | UsageEvent), f"{event.kind} stands in the middle"
    check_calls(body, may_be_open=failed or end.finish_reason is FinishReason.length)
    _check_end(end, events[-2] if failed else None)
    _check_fold(body, end.response)


def check_calls(body: Sequence[Event], *, may_be_open: bool) -> None:
    open_calls: dict[int, list[str]] = {}
    seen: set[int] = set()
    ids: set[str] = set()
    for event in body:
        match event:
            case ToolCallStart(index=index, id=id, name=name):
                assert index not in seen, f"call {index} starts twice"
                assert id and name, "a call starts with its id and its name"
                assert id not in ids, f"two calls have the id {id}"
                seen.add(index)
                ids.add(id)
                open_calls[index] = []
            case ToolCallDelta(index=index, arguments=arguments):
                assert index in open_calls, f"a delta of call {index}, which is not open"
                assert arguments, "an empty delta"
                open_calls[index].append(arguments)
            case ToolCallEvent(index=index, call=call):
                assert index in open_calls, f"call {index} ends and was not open"
                assert call.id in ids
                pieces = "".join(open_calls.pop(index))
                assert pieces.endswith(call.arguments) or not pieces.strip() or pieces.strip() == "null", (
                    "deltas and call differ"
                )
            case TextDelta(text=text) | ThinkingDelta(text=text):
                assert text, f"an empty {event.kind}"
            case _:
                pass
    assert may_be_open or not open_calls, f"calls {sorted(open_calls)} never ended"


def _check_end(end: EndEvent, error: Event | None) -> None:
    assert end.response.finish_reason is end.finish_reason
    if isinstance(error, ErrorEvent):
        assert end.finish_reason in (FinishReason.error, FinishReason.content_filter)
        assert error.finish_reason is end.finish_reason
        assert error.error.partial == end.response, "the error's partial is what had arrived"
    else:
        assert end.finish_reason not in (FinishReason.error, FinishReason.content_filter), (
            "an error end needs its ErrorEvent"
        )


def _check_fold(body: Sequence[Event], response: Response) -> None:
    assert response.text == "".join(e.text for e in body if isinstance(e, TextDelta))
    assert response.thinking == "".join(e.text for e in body if isinstance(e, ThinkingDelta))
    calls = sorted(((e.index, e.call) for e in body if isinstance(e, ToolCallEvent)), key=lambda item: item[0])
    assert response.tool_calls == tuple(call for _, call in calls)
    sound = b"".join(e.audio.data or b"" for e in body if isinstance(e, AudioEvent))
    assert sound == b"".join(part.data or b"" for part in response.audio)
