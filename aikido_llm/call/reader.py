"""Reader: the bytes of one 200 -> the events of each read, under the clocks."""

import asyncio

from ..errors import LLMError
from ..transport.base import HTTPResponse, has_ended
from ..types.events import EndEvent, ErrorEvent, Event, UsageEvent
from ..types.exchange import RateLimits
from .answer import AnswerParser
from .clocks import Clocks

_WITHOUT_CONTENT = (UsageEvent, EndEvent)
_DRAIN = 0.05  # s to wait behind the end mark for the end of the body, which lets the connection be used again
_BEHIND_END = 2.0  # s to wait for the usage behind a whole answer: hosts that count first take some tenths of that
_BEHIND_CALLS = 10.0  # s, where it ended in calls: some hosts send the finish reason with each, and then write the next
_PIECE = 32 * 1024  # bytes to make events of at a time: with more of them the processor's cache is too small
_GROWTH = 256 * 1024  # bytes of one unfinished event that count as content: a large image takes longer than `idle`


class Reader:
    """Reads one 200 to its end. received: a byte of its body has come. over: the EndEvent has been returned.

    A clock that runs out, and another task that ends the call, close the response, which wakes the read.
    """

    __slots__ = ("_answer", "_at", "_clocks", "_due", "_flowing", "_grown", "_read", "_response", "over", "received")

    def __init__(self, clocks: Clocks, response: HTTPResponse, answer: AnswerParser) -> None:
        self._clocks = clocks
        self._response = response
        self._answer = answer
        self._read = b""  # a long read, while it is taken piece by piece
        self._at = 0  # offset of the first byte of `_read` that is not yet read
        self._flowing = True  # events come, and no large one is under way
        self._due: float | None = None  # of one document: when to look whether it is whole
        self._grown = 0  # bytes of the unfinished event that have counted as content
        self.received = False
        self.over = False
        clocks.watch(response.close)

    @property
    def calls_begun(self) -> int:
        """How many indexes of calls and server tools the answer has used so far."""
        return self._answer.calls_begun

    @property
    def rate_limits(self) -> RateLimits | None:
        """What the head of the reply says of the host's limits."""
        return self._answer.rate_limits

    async def events(self) -> list[Event]:
        """The next events, at least one; the connection is free before the last ones are returned. Where an answer goes
        on without its reply (`AnswerParser.broken`), the last of those may be []."""
        clocks, answer = self._clocks, self._answer
        events: list[Event] = []
        eof = False
        clocks.begin_wait()
        while not events:
            try:
                if self._read:
                    data = self._piece()
                else:
                    data = await (self._response.read() if self._due is None else self._read_until(self._due))
            except LLMError as error:
                events = answer.fail(clocks.failure() or error)
                break  # these are the last ones
            if len(data) > _PIECE and self._flowing:
                self._read = data
                data = self._piece()
            if data:
                self.received = True
                events = answer.feed(data)
                if answer.ending:  # hosts exist that neither say more nor close
                    clocks.shorten(_BEHIND_CALLS if answer.calls_begun else _BEHIND_END)
                if events:
                    self._flowing = True
                else:
                    self._grow(data)
                    if self._read:
                        await asyncio.sleep(0)  # whatever this piece has cost, a clock may fire
            else:
                eof = True
                failure = clocks.failure()
                events = answer.eof() if failure is None else answer.fail(failure)
                break
        clocks.end_wait()
        if answer.ended:
            self.over = True
            await self._finish(events, eof)
        elif answer.broken is not None:
            self._clocks.stop()
            self._free(eof)
        return events

    def close(self) -> None:
        """Drop the connection at once; never waits, may be called at any time and more than once."""
        self._clocks.stop()
        self._response.close()

    async def _read_until(self, due: float) -> bytes:
        timer = asyncio.get_running_loop().call_at(due, self._look)
        try:
            return await self._response.read()
        finally:
            timer.cancel()

    def _look(self) -> None:
        """Nothing has come behind a bracket that may close the document: its end is not waited for where it is whole.
        Hosts exist that give no length and keep the connection."""
        self._due = None
        if self._answer.stands():
            self._response.close()

    def _piece(self) -> bytes:
        """The next bytes of a long read: all that is left of it while a large event is under way."""
        read, at = self._read, self._at
        if self._flowing and len(read) - at > _PIECE:
            self._at = at + _PIECE
            return read[at : self._at]
        self._read = b""
        self._at = 0
        return read[at:]

    def _grow(self, data: bytes) -> None:
        """No event yet. A growing document always counts as content; a growing event of a stream counts once it is
        large, and is taken back if it turns out empty."""
        answer = self._answer
        self._flowing = False
        if answer.framed:
            self._grown = 0
            self._clocks.was_nothing()
        grown = answer.unfinished
        if grown - self._grown >= (1 if answer.whole else _GROWTH) and not data.isspace():
            self._grown = grown
            self._clocks.grows()
            if answer.whole:
                closed = data.rstrip().endswith((b"}", b"]"))
                self._due = asyncio.get_running_loop().time() + _BEHIND_END if closed else None

    async def _finish(self, events: list[Event], eof: bool) -> None:
        """Give the connection back if the body ends soon behind the end mark, else close it."""
        self._clocks.stop()
        if not eof and failure_in(events) is None:
            eof = has_ended(self._response) or await self._drain()
        self._free(eof)

    def _free(self, eof: bool) -> None:
        if eof:
            self._response.release()
        else:
            self._response.close()

    async def _drain(self) -> bool:
        timer = asyncio.get_running_loop().call_later(_DRAIN, self._response.close)
        try:
            while await self._response.read():
                pass
        except LLMError:
            return False  # the answer is whole; only the connection is lost
        finally:
            timer.cancel()
        return True


def failure_in(events: list[Event]) -> LLMError | None:
    """The error that the last events of an answer tell of."""
    last = events[-2] if len(events) > 1 else None
    return last.error if isinstance(last, ErrorEvent) else None


def failed_at_once(events: list[Event]) -> LLMError | None:
    """The error of an answer that ended before anything of it could be handed out."""
    failure: LLMError | None = None
    for event in events:
        if isinstance(event, ErrorEvent):
            failure = event.error
        elif not isinstance(event, _WITHOUT_CONTENT):
            return None
    return failure
