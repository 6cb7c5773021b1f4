"""A client's further verbs: one request each, or many side by side; attempts, clocks and gates as for an answer."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Any, TypeVar

from attrs import evolve, field, frozen

from ..client import NOTHING
from ..codecs import json
from ..dialects.base import WireRequest
from ..dialects.verbs import Counts, EmbedRequest, Embeds, RerankRequest, Reranks, embedding_of, there
from ..errors import ConfigError, InvalidRequestError, LLMError, MalformedStream, ModelNotFoundError
from ..transport.base import Body
from ..types.embeddings import Embeddings, Gathering
from ..types.exchange import RateLimits
from ..types.ranking import Ranking
from ..types.request import Request, checked
from ..types.usage import Usage
from .advice import advised
from .attempts import Attempts
from .clocks import Clocks, running_loop
from .exchange import Exchange, Settings
from .gates import at_once, enter, settled
from .parts import AT_ONCE, parts, read_alone, stand_in, texts_of
from .watch import with_watched_headers
from .wires import without, without_unnamed

T = TypeVar("T")


@frozen
class _Asked:
    """One request of a verb, as every attempt sends it. gate: what gates are asked for it."""

    wire: WireRequest
    body: bytes | Body
    model: str
    gate: Callable[[], Request]
    headers: dict[str, str] = field(factory=dict[str, str], repr=False)


class Verbs:
    """One client's. check: raises where it may no longer be used."""

    def __init__(self, settings: Settings, exchange: Exchange, attempts: Attempts, check: Callable[[], None]) -> None:
        self._settings = settings
        self._exchange = exchange
        self._attempts = attempts
        self._check = check

    # ---------------------------------------------------------------- the three

    async def embed(
        self, texts: str | Iterable[str], model: str | None, dimensions: int | None, input_type: str | None
    ) -> Embeddings:
        dialect = self._settings.dialect
        if not isinstance(dialect, Embeds) or dialect.embedding is None:
            raise without(self._settings.provider, "embed")
        _check_count("dimensions", dimensions)
        several, named, until = texts_of(texts, "embed"), self._named(model), self._until()
        table = there(embedding_of(dialect, named), "vectors")
        gathering = Gathering(len(several))

        async def ask(places: range) -> None:
            part = several[places.start : places.stop]
            wire = dialect.encode_embed(EmbedRequest(part, named, dimensions, input_type))
            asked = _Asked(wire, _written(wire), named, partial(stand_in, part, named))
            found = await self._ask(asked, partial(dialect.decode_embed, count=len(part)), _usage, until)
            gathering.add(found, places)

        try:
            await self._side_by_side(ask, parts(several, table))
            found = _alike(gathering.all())
        except LLMError as error:
            error.partial_embeddings = gathering.so_far()
            raise
        return found if found.model else evolve(found, model=named)

    async def rerank(self, query: str, documents: Iterable[str], model: str | None, top_n: int | None) -> Ranking:
        dialect = self._settings.dialect
        if not isinstance(dialect, Reranks) or dialect.reranking is None:
            raise without(self._settings.provider, "rerank")
        _check_count("top_n", top_n)
        (query,) = texts_of([query], "rerank")
        several, named = texts_of(documents, "rerank"), self._named(model)
        if not several:
            return Ranking(model=named)
        wire = dialect.encode_rerank(RerankRequest(query, several, named, top_n))
        # a model reads the query again with each document
        gate = partial(stand_in, [f"{query}\n{document}" for document in several], named)
        asked = _Asked(wire, _written(wire), named, gate)
        found = await self._ask(asked, partial(dialect.decode_rerank, count=len(several)), _usage, self._until())
        best = found.results[:top_n]  # some hosts tell of all
        return evolve(found, results=best, model=found.model or named)

    async def count_tokens(self, request: Request) -> int:
        dialect, row = self._settings.dialect, self._settings.provider
        if not isinstance(dialect, Counts) or not dialect.counts:
            raise without(row, "count_tokens")
        full = without_unnamed(row, self._attempts.with_defaults(checked(request)))
        named = full.model or ""
        wire = dialect.encode_count(full, provider=row.name)
        asked = _Asked(wire, _written(wire), named, partial(stand_in, (), named), full.extra_headers)
        return await self._ask(asked, dialect.decode_count, _nothing, self._until())

    # ---------------------------------------------------------------- what they stand on

    def _named(self, model: str | None) -> str:
        named = model or self._settings.model
        if not named:
            name = self._settings.provider.name
            raise ConfigError(f'no model: pass model="..." to the call or to open("{name}")')
        return named

    def _until(self) -> float | None:
        """When the time of a whole call is over, in the loop's time."""
        total = self._settings.timeouts.total
        return None if total is None else running_loop().time() + total

    async def _side_by_side(self, ask: Callable[[range], Awaitable[None]], several: Sequence[range]) -> None:
        """Every part once, a few at a time. Behind a failure no further one is begun, and those under way are waited
        for: they are paid for. Raises the first failure."""
        if len(several) == 1:
            return await ask(several[0])
        waiting, failures = iter(several), list[LLMError]()

        async def work() -> None:
            for places in waiting:
                try:
                    await ask(places)
                except LLMError as error:
                    failures.append(error)
                if failures:
                    return

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(AT_ONCE, self._settings.limits.connections, len(several))):
                    group.create_task(work())
        except BaseExceptionGroup as broken:  # no failure of a server
            raise broken.exceptions[0] from None
        if failures:
            raise failures[0] from failures[0].__cause__
        return None

    async def _ask(
        self, asked: _Asked, read: Callable[[bytes], T], used: Callable[[T], Usage | None], until: float | None
    ) -> T:
        """One request, again as the policy allows. read: its body. Raises the last attempt's error."""
        timeouts = self._settings.timeouts
        if until is not None:
            timeouts = evolve(timeouts, total=max(0.0, until - running_loop().time()))
        clocks = Clocks(timeouts)
        try:
            return await self._attempts.retrying(clocks, partial(self._attempt, clocks, asked, read, used))
        except LLMError as error:
            if isinstance(error, ModelNotFoundError):
                error.available = await self._attempts.near_models(asked.model)
            raise self._attempts.stamp(error, asked.model) from error.__cause__

    async def _attempt(
        self, clocks: Clocks, asked: _Asked, read: Callable[[bytes], T], used: Callable[[T], Usage | None], number: int
    ) -> T:
        self._check()
        gates = self._settings.gates
        once = self._once(clocks, asked, read)
        if not gates:
            return (await once)[0]
        try:
            request = asked.gate()
            leases = at_once(gates, request)
            await clocks.outside(enter(leases, gates, request))
        except BaseException:
            once.close()
            raise
        return await settled(leases, once, used)

    async def _once(self, clocks: Clocks, asked: _Asked, read: Callable[[bytes], T]) -> tuple[T, RateLimits | None]:
        extra = with_watched_headers(asked.headers, self._settings.base_url)
        try:
            sent = await self._exchange.send(clocks, asked.wire, asked.body, extra_headers=extra)
        except LLMError as error:
            raise advised(self._settings.provider, Request((), model=asked.model), error) from error.__cause__
        try:
            return read(await self._exchange.read(clocks, sent.response)), sent.reply.rate_limits
        except LLMError as error:
            failure = sent.reply.stamp(error.scrubbed(*sent.secrets))
        raise failure


def _written(wire: WireRequest) -> bytes | Body:
    try:
        return json.dumps_body(wire.body)
    except (ValueError, RecursionError):
        raise InvalidRequestError("the request holds something that is nested too deep") from None


def _check_count(name: str, value: Any) -> None:
    if value is not None and (type(value) is not int or value < 1):
        raise InvalidRequestError(f"{name} takes a whole number from 1 on")


def _alike(found: Embeddings) -> Embeddings:
    """The vectors of several requests. Raises MalformedStream where a host gave them several lengths."""
    if len({len(vector) for vector in found.vectors}) > 1:
        raise MalformedStream("the requests of one call were given vectors of several lengths", permanent=True)
    return found


def _usage(found: Embeddings | Ranking) -> Usage | None:
    return read_alone(found.usage)


def _nothing(_: int) -> Usage:
    """Counting is no reading: nothing is charged for it."""
    return NOTHING
