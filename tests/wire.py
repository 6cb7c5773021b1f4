"""Ways to feed a recorded or hand-written answer to the pure road, and the checks that hold for every one of them."""

from collections.abc import Iterable, Sequence

from attrs import frozen

from aikido_llm.call.answer import AnswerParser
from aikido_llm.dialects.base import Dialect
from aikido_llm.errors import LLMError
from aikido_llm.framing.media import LONG
from aikido_llm.testing.grammar import check_calls as check_calls
from aikido_llm.testing.grammar import check_grammar as check_any_grammar
from aikido_llm.testing.splits import bytewise as bytewise
from aikido_llm.testing.splits import cuts as cuts
from aikido_llm.testing.splits import lengths as lengths
from aikido_llm.testing.splits import random_pieces as random_pieces
from aikido_llm.types.events import EndEvent, ErrorEvent, Event, UsageEvent
from aikido_llm.types.messages import user
from aikido_llm.types.request import Request
from aikido_llm.types.response import FinishReason, Response
from tests import deep

ANY_REQUEST = Request(messages=(user("hi"),), model="asked-model")
_ONE_IN = 8  # of the places to cut an answer at


@frozen
class Road:
    """The pure road from the bytes of a 200 to events, as `HTTPClient` uses it, for one dialect."""

    dialect: Dialect
    stream: bool = True
    content_type: str = "text/event-stream"
    request: Request = ANY_REQUEST
    event_bytes: int = 64 * 1024 * 1024
    body_bytes: int = 256 * 1024 * 1024
    media_from: int = LONG

    def read(self, pieces: bytes | Iterable[bytes]) -> list[Event]:
        """All events of a body that is fed in these pieces and then ends. The grammar is checked."""
        answer = AnswerParser(
            self.dialect,
            self.request,
            stream=self.stream,
            content_type=self.content_type,
            event_bytes=self.event_bytes,
            body_bytes=self.body_bytes,
            media_from=self.media_from,
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

    def check_prefixes(
        self,
        body: bytes,
        whole_from: int,
        offsets: Iterable[int] | None = None,
        error: type[LLMError] = LLMError,
    ) -> int:
        """Every prefix shorter than `whole_from` bytes ends in such an error, never in success: a share of them (see
        tests/deep.py), and all that end beside a line end. Returns how many were tried.

        whole_from: so many bytes hold the wire's own end mark. offsets: which lengths to try, but for a share; all of
        them when None.
        """
        sizes = range(whole_from) if offsets is None else [size for size in offsets if size < whole_from]
        chosen = {*deep.share(sizes, _ONE_IN, body)}
        if offsets is None:
            chosen |= {size for size in sizes if b"\n" in body[max(size - 2, 0) : size + 1]}
        for size in sorted(chosen):
            found = error_of(self.read(body[:size]))
            assert isinstance(found, error), f"the first {size} of {len(body)} bytes gave {found!r}"
        return len(chosen)


def response_of(events: Sequence[Event]) -> Response:
    """The Response of the EndEvent."""
    last = events[-1]
    assert isinstance(last, EndEvent)
    return last.response


def error_of(events: Sequence[Event]) -> LLMError | None:
    """What the stream's ErrorEvent carries, None when there is none."""
    return next((event.error for event in events if isinstance(event, ErrorEvent)), None)


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
    """The grammar of a stream as any Client's; of ours, usage is said once, last before the error and the end."""
    check_any_grammar(events)
    behind = [event.kind for event in events if isinstance(event, UsageEvent | ErrorEvent | EndEvent)]
    assert behind in (["end"], ["usage", "end"], ["error", "end"], ["usage", "error", "end"]), behind
    assert [event.kind for event in events[-len(behind) :]] == behind, "usage stands in the middle"
