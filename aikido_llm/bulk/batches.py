"""Hosted batches: many requests that a provider works through by itself, for half the price, within a day.

    batch = await bulk.submit(client, rows)
    await batch.wait()
    async for row in batch.results(): ...

A batch is split into as many hosted ones as the host's limits want; its id names them all, so that another process can
take it up. Its answers are the Responses that `complete` gives, read by the same code.
"""

import contextlib
import logging
from collections import deque
from collections.abc import Sequence
from copy import copy
from types import TracebackType

from attrs import evolve

from ..client import Client
from ..errors import InvalidRequestError, LLMError, MalformedStream, ServerError
from ..types.batches import Answered, BatchState, HostedBatch, cancelled, expired, unanswered
from ..types.request import Request
from ..types.response import Response
from .hosting import Answers, Host, host_of
from .names import BatchName, label_of, read_name, row_name
from .polling import POLL, BatchProgress, Poll, Told, tell
from .rows import Row, Rowlike
from .submission import Known, Submission, readable_again
from .work import Rows

log = logging.getLogger("aikido_llm")


async def submit(client: Client, requests: Rows, *, key: str | None = None) -> "Batch":
    """Hand many requests to the provider, as one batch or as many as its limits want.

    client:   an HTTPClient of a provider that has batches, or a middleware around one. Limits, caches, logs and hedges
              around it do not see a batch's rows; `priced` prices them, at the batch's share.
    requests: as the rows of `bulk.map`. Read once, and never held all together; those that come in a list or another
              sequence are found again by it, so that the rows of `results` have their `request`.
    key:      the name under which mappings say by what a row is known; else it is its place.

    A row that the wire cannot carry is a row of the results, with its error; so are rows of a hosted batch that could
    not be begun while another was. The reply to a creation may get lost: the host's list is looked through before it is
    tried again, so that no batch is begun twice.
    raises: UnsupportedFeatureError where the provider has no batches; what met the first hosted batch, when none could
    be begun; InvalidRequestError when no row can be asked; what `requests` raises.
    """
    host = host_of(client)
    submission = Submission(host, requests, key)
    await submission.run()
    known = submission.known
    ids = tuple(batch.id for batch in submission.begun)
    return Batch(host, BatchName(ids, submission.uid, known.count, known.keyed), known, submission.begun)


def batch(client: Client, id: str, requests: Sequence[Rowlike] | None = None, *, key: str | None = None) -> "Batch":
    """A batch that was submitted before, by any process: by its id, or the id that the provider gave it. No I/O.

    requests, key: the same as were submitted, so that the rows of `results` have their `request`, and those which the
    host has lost are named by their keys.
    raises: InvalidRequestError for what is no id; UnsupportedFeatureError where the provider has no batches.
    """
    name = BatchName.read(id)
    rows = readable_again(requests)
    return Batch(host_of(client), name, Known(key, rows, name.rows, name.keyed), ())


async def list_batches(client: Client) -> list["Batch"]:
    """All batches that the provider lists for this key, the newest first; hosted ones that were submitted together are
    one, where the host has labels (Anthropic has none). Raises an LLMError."""
    host = host_of(client)
    found: dict[str, list[tuple[int, HostedBatch]]] = {}
    async with contextlib.aclosing(host.all()) as hosted:
        async for one in hosted:
            uid, number = label_of(one.label) or (one.id, 0)
            found.setdefault(uid, []).append((number, one))
    listed: list[Batch] = []
    for uid, several in found.items():
        parts = [part for _, part in sorted(several, key=lambda pair: pair[0])]
        ours = uid if label_of(parts[0].label) else ""
        name = BatchName(tuple(part.id for part in parts), ours)
        listed.append(Batch(host, name, Known(keyed=True), parts))
    return listed


class Batch:
    """Requests that a provider works through. Made by `submit`, `batch` and `list_batches`.

    id: to take it up by, in any process. parts: the hosted batches as they stood when they were last looked at.
    """

    def __init__(self, host: Host, name: BatchName, known: Known, parts: Sequence[HostedBatch]) -> None:
        self.id = str(name)
        self._host = host
        self._name = name
        self._known = known
        self._parts = {part.id: part for part in parts}

    def __repr__(self) -> str:
        return f"<Batch {self.id}>"

    @property
    def parts(self) -> tuple[HostedBatch, ...]:
        return tuple(self._parts[id] for id in self._name.ids if id in self._parts)

    async def wait(self, progress: Told | None = None, *, every: tuple[float, float] = POLL) -> BatchProgress:
        """Until all of it has ended, whatever the end. progress: told (it may be async) behind every look.

        every: seconds before the second look, and at most between two; a host that asks to wait is waited for. A look
        that fails (the network, a limit, the host) is a look that told nothing: `BatchProgress.error`.
        raises: what no later look would mend. Leaving it changes nothing: the batch goes on.
        """
        poll = Poll(self._host, self._name.ids, every)
        while not poll.has_ended(self._parts):
            await poll.look(self._parts)
            await tell(progress, poll.progress(self._parts))
        return poll.progress(self._parts)

    async def status(self) -> BatchProgress:
        """How it stands now. Raises what a look fails with."""
        for id in self._name.ids:
            if id not in self._parts or not self._parts[id].state.ended:
                self._parts[id] = await self._host.get(id)
        return Poll(self._host, self._name.ids, POLL).progress(self._parts)

    async def cancel(self) -> None:
        """Have no further row of it asked. What was answered before stays, and is paid for; `wait` and `results` go on
        to its end. Raises an LLMError."""
        for id in self._name.ids:
            await self._host.cancel(id)

    def results(self, *, every: tuple[float, float] = POLL) -> "Results":
        """Each row once, with its answer or its error, in any order: `async for row in batch.results()`. Those of a
        hosted batch come as soon as it has ended, so this waits as `wait` does. See `Results`."""
        poll = Poll(self._host, self._name.ids, every)
        return Results(self._host, self._name, self._known, self._parts, poll)


class Results:
    """The rows of a batch: an async iterator and async context manager, for one reader.

    Rows that expired, were cancelled, or that the host says nothing of have an error too (`Row.again`): submit them
    again alone, `bulk.submit(client, [row for row in rows if row.again])`. What is not a row of this batch is a row
    with the host's name for it, an error, and what came in `error.partial`. Documents are read line by line: memory
    does not grow with them, and a download that breaks off is taken up.
    raises: what breaks a download or a look for good. Nothing is lost by it: ask for the results again.
    """

    def __init__(self, host: Host, name: BatchName, known: Known, parts: dict[str, HostedBatch], poll: Poll) -> None:
        self._host = host
        self._name = name
        self._known = known
        self._parts = parts
        self._poll = poll
        self._unread = list(name.ids)
        self._reading = ""  # the hosted batch whose answers are read
        self._answers: Answers | None = None
        self._ready = deque(known.refused)
        self._seen = Bits()
        self._over = False

    def __aiter__(self) -> "Results":
        return self

    async def __anext__(self) -> Row:
        while not self._ready:
            if self._over:
                raise StopAsyncIteration
            try:
                self._ready += await self._more()
            except BaseException:
                await self.aclose()
                raise
        return self._ready.popleft()

    async def aclose(self) -> None:
        """Drop what is under way. The batch and its answers stay at the host."""
        self._over = True
        self._ready.clear()
        if self._answers is not None:
            self._answers.close()

    async def __aenter__(self) -> "Results":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _more(self) -> list[Row]:
        """Further rows, [] when there were none in what was waited for."""
        if self._answers is not None:
            several = await self._answers.next()
            if several is not None:
                return [row for row in map(self._row, several) if row is not None]
            self._answers = None
            return self._unsaid(self._parts[self._reading])
        ended = next((id for id in self._unread if id in self._parts and self._parts[id].state.ended), None)
        if ended is not None:
            self._unread.remove(ended)
            self._reading = ended
            self._answers = self._host.answers(self._parts[ended], self._request)
        elif self._unread:
            await self._poll.look(self._parts)
        else:
            self._over = True
            return self._gaps()
        return []

    def _unsaid(self, part: HostedBatch) -> list[Row]:
        """The rows of a hosted batch that its answers did not tell of."""
        places = self._known.places.get(part.id, ())
        return [
            evolve(self._known.row(place), error=why(part, at))
            for at, place in enumerate(places)
            if self._seen.add(place)
        ]

    def _gaps(self) -> list[Row]:
        """Rows that nothing was said of, where it is not known in which hosted batch they were."""
        if self._known.places or self._name.rows is None:
            return []
        parts = [self._parts[id] for id in self._name.ids]
        worst = next((part for part in parts if part.state is not BatchState.completed), parts[0])
        return [self._gap(place, worst) for place in range(self._name.rows) if self._seen.add(place)]

    def _gap(self, place: int, part: HostedBatch) -> Row:
        """A row that was never sent, where that can be told, or was and has no answer."""
        row = self._known.row(place)
        if row.request is not None:
            try:
                self._host.encode(row.request, row_name(self._name.uid, place, row.key, self._host.limits.name_length))
            except InvalidRequestError as error:
                return evolve(row, error=error)
        return evolve(row, error=why(part))

    def _request(self, name: str) -> Request | None:
        found = read_name(name, self._name.uid)
        if found is None or self._known.rows is None:
            return None
        return self._known.row(found[0]).request

    def _row(self, answered: Answered) -> Row | None:
        """None for one that was told before, and for what has no name."""
        outcome = answered.outcome
        if not answered.name:
            log.warning("a line of a batch's answers cannot be read: %s", outcome)
            return None
        found = read_name(answered.name, self._name.uid)
        if found is None and self._name.uid:
            return Row(answered.name, None, error=_strange(answered))
        place, key = found or (None, answered.name)
        if place is not None and not self._seen.add(place):
            log.warning("the host has answered row %r of a batch twice: the first answer counts", key)
            return None
        request = None if place is None or self._known.rows is None else self._known.row(place).request
        if isinstance(outcome, Response):
            return Row(key, request, outcome)
        return Row(key, request, error=outcome)


class Bits:
    """A set of whole numbers, a bit each."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def add(self, number: int) -> bool:
        """Whether it was not in there."""
        byte, bit = number >> 3, 1 << (number & 7)
        if byte >= len(self._bytes):
            self._bytes.extend(bytes(byte + 1 - len(self._bytes)))
        fresh = not self._bytes[byte] & bit
        self._bytes[byte] |= bit
        return fresh


def why(part: HostedBatch, at: int | None = None) -> LLMError:
    """Why a row of a hosted batch that has ended has no answer. at: its place there, where that is known."""
    if at is not None and at in part.lines:
        return copy(part.lines[at])
    if part.state is BatchState.expired:
        return expired()
    if part.state is BatchState.cancelled:
        return cancelled()
    if part.error is not None:
        return copy(part.error)
    if part.state is not BatchState.failed:
        return unanswered()
    lines = "; ".join(f"line {line + 1}: {error.message}" for line, error in [*part.lines.items()][:3])
    told = f" for others of its rows ({lines})" if lines else ""
    return ServerError(f"the host has refused the whole batch{told}; submit this row again", code="batch_refused")


def _strange(answered: Answered) -> LLMError:
    outcome = answered.outcome
    partial = outcome if isinstance(outcome, Response) else outcome.partial
    text = f"the host has answered a row that this batch does not have: {answered.name[:100]}"
    return MalformedStream(text, permanent=True, partial=partial)
