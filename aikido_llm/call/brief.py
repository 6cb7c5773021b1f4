"""An answer that comes whole in one read, and is of the plainest kind: one step instead of a decoder and its machine.

Any other goes the road of all answers (`reader`, `answer`), from its first byte on.
"""

from collections.abc import Callable, Mapping

from attrs import evolve

from ..dialects.base import Brief
from ..errors import LLMError
from ..transport.base import HTTPResponse, has_ended
from ..types.events import EndEvent, Event
from ..types.exchange import TIMINGS, RateLimits
from ..types.request import Request
from ..types.response import RESPONSES
from ..types.usage import Usage
from . import shown
from .clocks import Clocks
from .exchange import Accepted, Settings
from .gates import Begun

_MOST = 32 * 1024  # bytes of a body that is read in one step; the road of all answers looks at what larger ones hold


class Ahead:
    """A response whose first read has been made: it is handed out again."""

    def __init__(self, response: HTTPResponse, first: bytes | LLMError) -> None:
        self._response = response
        self._first: bytes | LLMError | None = first
        self.close = response.close
        self.release = response.release

    @property
    def status(self) -> int:
        return self._response.status

    @property
    def headers(self) -> Mapping[str, str]:
        return self._response.headers

    async def read(self) -> bytes:
        first, self._first = self._first, None
        if first is None:
            return await self._response.read()
        if isinstance(first, LLMError):
            raise first
        return first


class Over:
    """Where an answer came from of which nothing is left to come."""

    over = True
    calls_begun = 0

    def __init__(self, rate_limits: RateLimits | None) -> None:
        self.rate_limits = rate_limits

    async def events(self) -> list[Event]:
        return []

    def close(self) -> None:
        """Nothing is open."""


class Briefs:
    """Reads such answers for one client."""

    def __init__(self, settings: Settings) -> None:
        self._provider = settings.provider.name
        self._wire = settings.dialect.name
        self._most = min(_MOST, settings.limits.body_bytes)
        self._read: Callable[[bytes], Brief | None] | None = getattr(settings.dialect, "brief", None)

    async def begun(self, clocks: Clocks, request: Request, sent: Accepted, attempts: int) -> Begun | Accepted:
        """The whole answer, or the 200 that the road of all answers reads from its first byte on."""
        read, response = self._read, sent.response
        if read is None or (request.messages and request.messages[-1].replay is not None):
            return sent  # what goes on with a turn of before is told by the machine, which knows it
        clocks.watch(response.close)
        clocks.begin_wait()
        first: bytes | LLMError
        try:
            first = await response.read()
        except LLMError as error:
            first = error
        except BaseException:
            clocks.stop()
            response.close()
            raise
        if isinstance(first, bytes) and first and len(first) <= self._most and has_ended(response):
            found = read(first)
            if found is not None:
                clocks.stop()
                response.release()
                return self._ended(found, first, request.model or "", sent, attempts, clocks.now() - sent.sent)
        return evolve(sent, response=Ahead(response, first))

    def _ended(self, brief: Brief, body: bytes, model: str, sent: Accepted, attempts: int, took: float) -> Begun:
        """model: that was asked. took: seconds from the first byte that was sent."""
        id, answered, word = shown.names(brief, sent.secrets)
        reply = sent.reply
        response = RESPONSES.by(
            text=brief.text,
            usage=brief.usage or _UNCOUNTED,
            finish_reason=brief.finish_reason,
            raw_finish_reason=word,
            id=id,
            model=answered or model,
            provider=self._provider,
            request_id=reply.request_id,
            attempts=attempts,
            provider_data=brief.provider_data,
            raw=shown.raw(body),
            wire=brief.written_in or self._wire,
            timing=TIMINGS.of((None, took)),
            headers=reply.headers,
            rate_limits=reply.rate_limits,
        )
        return Over(reply.rate_limits), [EndEvent(brief.finish_reason, response)]


_UNCOUNTED = Usage()
