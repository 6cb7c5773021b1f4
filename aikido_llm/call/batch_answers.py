"""The answers of a hosted batch: its documents line by line, each answer read as `complete` reads one."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

from ..dialects.base import WireRequest
from ..dialects.batch import BatchWire, Line
from ..errors import LLMError, StreamTruncated
from ..secret import Secret
from ..types.batches import Answered, HostedBatch
from ..types.events import EndEvent, ErrorEvent
from ..types.request import Request
from ..types.response import Response
from .answer import AnswerParser
from .clocks import Clocks
from .download import Download
from .exchange import Accepted, Settings

Asked: TypeAlias = Callable[[str], Request | None]
"""The name of a row -> its request, None where nobody knows it any more."""


class Sends(Protocol):
    """What the documents are asked of."""

    @property
    def patience(self) -> float: ...
    def new_clocks(self) -> Clocks: ...
    def sent(self, clocks: Clocks, wire: WireRequest) -> Awaitable[Accepted]: ...


class Answers:
    """`next()` gives what came of some rows, None behind the last. Leave it by `close()`."""

    def __init__(self, host: Sends, settings: Settings, wire: BatchWire, batch: HostedBatch, asked: Asked) -> None:
        self._host = host
        self._settings = settings
        self._wire = wire
        self._batch = batch
        self._asked = asked
        self._left = list(batch.outputs)
        self._inline: list[Line] = wire.inline(batch)
        self._download: Download | None = None
        self._secrets: tuple[Secret, ...] = ()

    async def next(self) -> list[Answered] | None:
        """Raises what breaks a download for good."""
        if self._inline:
            lines, self._inline = self._inline, []
            return [self._answered(line) for line in lines]
        while self._download is not None or self._left:
            if self._download is None:
                wire = self._wire.output(self._batch, self._left.pop(0))
                most = self._settings.limits.body_bytes
                self._download = Download(self._send, self._host.new_clocks, wire, most, self._host.patience)
            read = await self._download.next()
            if read is not None:
                answered = [self.read(line) for line in read]
                if any(one.name for one in answered):
                    self._download.got()
                return answered
            self._download = None
        return None

    def close(self) -> None:
        """Drop the connection at once; never waits."""
        if self._download is not None:
            self._download.close()

    async def _send(self, clocks: Clocks, wire: WireRequest) -> Accepted:
        sent = await self._host.sent(clocks, wire)
        self._secrets = sent.secrets
        return sent

    def read(self, data: bytes) -> Answered:
        """A line; one that nobody can read has no name."""
        try:
            line = self._wire.line(data)
        except LLMError as error:
            return Answered("", error.scrubbed(*self._secrets))
        return self._answered(line)

    def _answered(self, line: Line) -> Answered:
        settings = self._settings
        request = self._asked(line.name) or Request((), model=settings.model)
        outcome = self._outcome(line, request)
        if isinstance(outcome, LLMError):
            outcome.scrubbed(*self._secrets)
            outcome.provider = outcome.provider or settings.provider.name
            outcome.model = outcome.model or request.model or settings.model or ""
        return Answered(line.name, outcome)

    def _outcome(self, line: Line, request: Request) -> Response | LLMError:
        if line.error is not None:
            return line.error
        if line.reply is not None:
            return self._settings.dialect.decode_error(line.reply)
        limits = self._settings.limits
        parser = AnswerParser(
            self._settings.dialect,
            request,
            stream=False,
            content_type="application/json",
            event_bytes=limits.event_bytes,
            body_bytes=limits.body_bytes,
            provider=self._settings.provider.name,
            secrets=self._secrets,
        )
        events = [*parser.feed(line.body or b""), *parser.eof()]
        failed = next((event.error for event in events if isinstance(event, ErrorEvent)), None)
        if failed is not None:
            return failed
        response = next(event.response for event in reversed(events) if isinstance(event, EndEvent))
        if response.complete:
            return response
        return StreamTruncated("the provider has not said that the answer is whole", partial=response)
