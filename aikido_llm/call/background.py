"""An answer that is made in the background: where a reply ends before it does, it is taken up behind its last event;
where its provider does not stream it any more, it is asked for from time to time.

Which requests those are is in the dialect (`dialects.base.Background`), with the source.
"""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from ..dialects.base import Background, WireRequest
from ..errors import InvalidRequestError, LLMError
from ..types.events import Event
from ..types.exchange import RateLimits, ResumeToken
from .clocks import Clocks
from .lasting import LastingAnswer
from .reader import Reader

Ask: TypeAlias = Callable[[WireRequest, bool], Awaitable[tuple[Reader, list[Event]]]]
"""Sends a GET, for a stream or for a document (retrying its start), and reads its reply until there are events, or it
is over."""

_FIRST_WAIT = 0.25  # s before a document is asked for again; then
_GROWTH = 1.5  # times that, each time
_LONGEST_WAIT = 5.0  # s: answers that are made in the background take minutes
_GONE = (404, 410)
_SAYS_NOTHING = (401, 403, 408, 429)
"""Statuses that leave open whether an answer is still streamed."""


class TakenUp:
    """The events of one answer, over as many replies as it takes: one `LastingAnswer` reads them all, so that nothing
    comes twice.

    reader: of the first reply, None when another process has had it. asked: the request that began the answer.
    streams: its events are wanted as they come. token: by which it is found while no reply has told its id.
    """

    def __init__(
        self,
        ask: Ask,
        verbs: Background,
        clocks: Clocks,
        answer: LastingAnswer,
        *,
        streams: bool,
        reader: Reader | None = None,
        asked: WireRequest | None = None,
        token: ResumeToken | None = None,
    ) -> None:
        self._ask = ask
        self._verbs = verbs
        self._clocks = clocks
        self._answer = answer
        self._reader = reader
        self._asked = asked
        self._token = token
        self._streams = streams
        self._wait = 0.0 if streams else _FIRST_WAIT
        self._handed_out = False
        clocks.resume = self.resume_token

    @property
    def over(self) -> bool:
        return self._answer.ended

    @property
    def received(self) -> bool:
        """A byte of an answer has come."""
        return self._reader is not None and self._reader.received

    @property
    def calls_begun(self) -> int:
        """How many indexes of calls and server tools the answer has used so far."""
        return self._answer.calls_begun

    @property
    def rate_limits(self) -> RateLimits | None:
        """What the head of the latest reply says of the host's limits."""
        return self._answer.rate_limits

    def resume_token(self) -> ResumeToken | None:
        """How the answer is taken up behind the latest events; None before its id is known, and when it is over."""
        return None if self.over else self._answer.resume() or self._token

    async def events(self) -> list[Event]:
        """The next events, at least one. Raises what the very first request fails with, when that is a GET."""
        events: list[Event] = []
        while not events and not self.over:
            if self._reader is None or self._answer.broken is not None:
                events = await self._go_on()
            else:
                events = await self._reader.events()
        self._handed_out = True
        return events

    def close(self) -> None:
        """Drop the connection at once; never waits. The answer goes on."""
        self._clocks.stop()
        if self._reader is not None:
            self._reader.close()

    async def _go_on(self) -> list[Event]:
        """What the next reply says, [] when it was over before it said anything new."""
        token = self._answer.resume() or self._token
        assert token is not None
        try:
            if self._streams and (token.after is not None or not self._handed_out):
                return await self._streamed(token)
            return await self._polled(token)
        except LLMError as error:
            told = _told(error, token)
            if self._reader is None:
                raise told from error.__cause__
            return self._answer.give_up(told)

    async def _streamed(self, token: ResumeToken) -> list[Event]:
        """The events behind the last one. Where a stream brings nothing new, there is no second one."""
        if self._reader is None:  # the caller has what comes before `after`; we read it too, or nothing were whole
            token = ResumeToken(token.id)
        try:
            self._reader, events = await self._ask(self._verbs.encode_resume(token, self._asked), True)
        except LLMError as error:
            if not _refuses_to_stream(error):
                raise
            self._streams = False
            return []
        if not events and self._answer.resume() in (None, token):
            self._streams = False
        return events

    async def _polled(self, token: ResumeToken) -> list[Event]:
        """The answer as one document, once it is whole."""
        wait, self._wait = self._wait, min(max(_FIRST_WAIT, self._wait * _GROWTH), _LONGEST_WAIT)
        if wait:
            await self._clocks.sleep(wait)
        self._reader, events = await self._ask(self._verbs.encode_poll(token.id, self._asked), False)
        return events


def _refuses_to_stream(error: LLMError) -> bool:
    """Whether the answer may be there all the same: it is too old to be streamed, or was not begun as a stream."""
    status = error.status or 0
    return (400 <= status < 500 or status == 501) and status not in _SAYS_NOTHING


def _told(error: LLMError, token: ResumeToken) -> LLMError:
    """The error, which says how to take the answer up later, or that nothing is left of it."""
    if error.status not in _GONE:
        error.resume = token
        return error
    return InvalidRequestError(
        f"the provider has no answer {token.id} (it keeps one for a while only): {error.message}",
        status=error.status,
        code=error.code,
        request_id=error.request_id,
        body=error.body,
        headers=error.headers,
        rate_limits=error.rate_limits,
        provider=error.provider,
    )
