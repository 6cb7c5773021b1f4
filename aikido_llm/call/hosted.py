"""Hosted batches over HTTP: the verbs of a provider's batch wire, sent as any other request is, and its answers read as
any other answer is."""

import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial
from typing import TypeVar

from attrs import evolve

from .. import retry
from ..codecs import json
from ..codecs.json import Pieces
from ..dialects.base import WireRequest
from ..dialects.batch import BatchWire, Limits
from ..errors import (
    ConfigError,
    ConnectError,
    InvalidRequestError,
    LLMError,
    UnsupportedFeatureError,
)
from ..providers import look_up, providers
from ..retry import RetryPolicy
from ..transport.base import Body
from ..types.batches import HostedBatch
from ..types.request import Request
from .attempts import Attempts
from .batch_answers import Answers, Asked
from .clocks import Clocks
from .exchange import Accepted, Exchange, Settings
from .sheets import Framed, Sheet, Sheets
from .unwritable import unwritable

T = TypeVar("T")

_ONCE = RetryPolicy(max_attempts=1)
_PAGES = 200  # of a list, at most
_SKEW = 30.0  # s that a host's clock may be behind ours, where time must tell one batch from others
_OLD = 3600.0  # s before a submission that nothing of it is looked for any more
_LOOKS = 3  # at a list, for a batch whose creation may not be in it yet


class HostedBatches:
    """What a client's provider offers for batches. Made by `HTTPClient.hosted_batches`."""

    def __init__(self, settings: Settings, exchange: Exchange, attempts: Attempts, wire: BatchWire) -> None:
        self._settings = settings
        self._exchange = exchange
        self._attempts = attempts
        self._wire = wire
        self._policy = settings.retry or _ONCE
        self._begun: set[str] = set()

    @property
    def limits(self) -> Limits:
        """Of one batch."""
        return self._wire.limits

    @property
    def price(self) -> float:
        """The share of the usual price that a row costs."""
        return self._wire.price

    def sheets(self, label: str) -> Sheets:
        """Where requests are gathered."""
        return Sheets(self._wire, label)

    def encode(self, request: Request, name: str) -> tuple[WireRequest, bytes | Pieces]:
        """(what the request must share with others of its batch, the request as it stands among them).

        raises: what `complete` raises before it sends; InvalidRequestError for what no batch carries.
        """
        asked, wire = self._attempts.encoded(request)
        if wire.once:
            raise InvalidRequestError("a row of a batch is made in the background anyway: leave background out")
        kind = self._wire.kind(evolve(wire, headers={**wire.headers, **asked.extra_headers}))
        try:
            return kind, json.dumps_body(self._wire.entry(wire, name))
        except (ValueError, TypeError) as error:
            failure = unwritable(error)
        raise failure

    # ---------------------------------------------------------------- the verbs

    async def create(self, sheet: Sheet) -> HostedBatch:
        """Begin a batch of these requests. A reply that was lost begins no second one: the host's list is looked
        through for it before it is asked again.

        raises: what refuses it, and what the last attempt failed with.
        """
        began = time.time()
        uploaded = await self._upload(sheet)
        wire, frame = self._wire.create(sheet.about, uploaded)
        body = Framed(sheet, frame) if frame else None
        if frame:
            wire = evolve(wire, headers={**wire.headers, "Content-Type": frame.content_type})
        clocks = self.new_clocks()

        async def attempt(number: int) -> HostedBatch:
            try:
                return self._read_batch(await self._document(wire, body, policy=_ONCE))
            except LLMError as error:
                if _refused(error) or (isinstance(error, ConnectError) and not error.sent):
                    raise
                found = await self._found(sheet, began, clocks)
                if found is not None:
                    return found
                error.permanent = False  # it is not there: asking again begins the first one
                raise

        batch = await self._retried(self._policy, attempt, clocks)
        self._begun.add(batch.id)
        return batch

    async def get(self, id: str) -> HostedBatch:
        """How it stands. One attempt more or less does not matter: who waits asks again anyway."""
        return self._read_batch(await self._document(self._wire.get(id)))

    async def cancel(self, id: str) -> None:
        """Have no further row of it asked. An end that came before stands, and hosts refuse to cancel it."""
        if (await self.get(id)).state.ended:
            return
        try:
            await self._document(self._wire.cancel(id))
        except LLMError:
            if not (await self.get(id)).state.ended:
                raise

    async def all(self) -> AsyncGenerator[HostedBatch]:
        """All that the host lists, as it does: the newest first."""
        cursor: str | None = None
        for _ in range(_PAGES):
            body = await self._document(self._wire.page(cursor))
            batches, following = self._wire.batches(body, self._settings.dialect, cursor)
            for batch in batches:
                yield batch
            if following is None or following == cursor or not batches:
                return
            cursor = following

    def answers(self, batch: HostedBatch, asked: Asked) -> "Answers":
        """What came of its rows, in any order. asked: the name of a row -> its request, None where nobody knows it any
        more."""
        return Answers(self, self._settings, self._wire, batch, asked)

    async def sent(self, clocks: Clocks, wire: WireRequest) -> Accepted:
        """The reply to a GET whose body is read by who asked."""

        async def attempt(number: int) -> Accepted:
            return await self._exchange.send(clocks, wire, None)

        return await self._retried(self._policy, attempt, clocks)

    # ---------------------------------------------------------------- how they are sent

    @property
    def patience(self) -> float:
        """Seconds before what broke off is asked for again."""
        return min(self._policy.base_delay, 1.0)

    def new_clocks(self) -> Clocks:
        """For one request."""
        return Clocks(self._settings.timeouts)

    async def _upload(self, sheet: Sheet) -> str:
        """The id of what was handed over ahead; a second copy of it costs nothing, so it is sent as often as needed."""
        found = self._wire.upload(sheet.about)
        if found is None:
            return ""
        wire, frame = found
        wire = evolve(wire, headers={**wire.headers, "Content-Type": frame.content_type})
        return self._wire.uploaded(await self._document(wire, Framed(sheet, frame)))

    async def _document(
        self, wire: WireRequest, body: bytes | Body | None = None, *, policy: RetryPolicy | None = None
    ) -> bytes:
        if wire.body is not None:
            body = json.dumps(wire.body)
        clocks = self.new_clocks()
        attempt = partial(self._read_document, clocks, wire, body)
        return await self._retried(policy or self._policy, attempt, clocks)

    async def _read_document(self, clocks: Clocks, wire: WireRequest, body: bytes | Body | None, number: int) -> bytes:
        sent = await self._exchange.send(clocks, wire, body)
        return await self._exchange.read(clocks, sent.response)

    async def _retried(self, policy: RetryPolicy, attempt: Callable[[int], Awaitable[T]], clocks: Clocks) -> T:
        try:
            return await retry.run(policy, attempt, sleep=clocks.sleep)
        except LLMError as error:
            error.provider = error.provider or self._settings.provider.name
            raise

    async def _found(self, sheet: Sheet, began: float, clocks: Clocks) -> HostedBatch | None:
        """The batch that a creation without a reply has made all the same; None when there is none.

        By its label; where the host has no place for one, by when it was made and how many rows it has: the only one
        of that kind that this client has not begun itself. raises: InvalidRequestError when there are several.
        """
        waits = RetryPolicy(_LOOKS, self._policy.base_delay).delays()
        for wait in (0.0, *waits):
            await clocks.sleep(wait)
            found: list[HostedBatch] = []
            async for batch in self.all():
                if batch.created is not None and batch.created < began - _OLD:
                    break
                if self._is_it(batch, sheet, began):
                    found.append(batch)
            if len(found) == 1:
                return found[0]
            if found:
                ids = ", ".join(batch.id for batch in found)
                raise InvalidRequestError(f"the reply to the creation of a batch was lost, and it may be any of {ids}")
        return None

    def _is_it(self, batch: HostedBatch, sheet: Sheet, began: float) -> bool:
        if self._wire.labels:
            return batch.label == sheet.label
        if batch.id in self._begun or batch.total not in (None, sheet.count):
            return False
        return batch.created is not None and batch.created >= began - _SKEW

    def _read_batch(self, body: bytes) -> HostedBatch:
        return self._wire.batch(body, self._settings.dialect)


def offered(settings: Settings) -> BatchWire:
    """The batch wire of a client's provider. Raises UnsupportedFeatureError."""
    row = settings.provider
    if row.batches is None:
        have = ", ".join(name for name in providers() if getattr(look_up(name), "batches", None) is not None)
        raise UnsupportedFeatureError(f"{row.name} has no batches that we know of; these have: {have}")
    if row.model_behind and row.model_behind in settings.base_url:
        text = f"batches are not at the address of one deployment: leave {row.model_behind}... out of the base URL"
        raise UnsupportedFeatureError(text, provider=row.name)
    if any(not getattr(gate, "passes_batches", False) for gate in settings.gates):
        text = "a hosted batch is not let pass request by request, so no budget could hold it: submit it without one"
        raise UnsupportedFeatureError(text, provider=row.name)
    return row.batches.load()


def _refused(error: LLMError) -> bool:
    """Whether no batch can have come of it: nothing was sent, or the host said so by a status of its own."""
    if isinstance(error, ConfigError):
        return True
    return error.status is not None and 400 <= error.status < 500 and error.status != 408
