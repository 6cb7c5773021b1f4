"""What a client asks, attempt by attempt: prepared once, and sent until an answer begins or `retry` has had enough."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

from attrs import define, evolve

from .. import retry
from ..codecs import json
from ..dialects.base import Background, ModelPage, WireRequest
from ..errors import (
    LONGEST_WORD,
    ConfigError,
    InvalidRequestError,
    LLMError,
    MalformedStream,
    ModelNotFoundError,
    StreamError,
    TimedOutError,
    UnsupportedFeatureError,
)
from ..secret import without_frames
from ..transport.base import NO_HEADERS, Body, Headers
from ..types.events import Event
from ..types.exchange import ResumeToken
from ..types.request import Request
from ..types.response import ModelInfo
from .advice import advised
from .answer import AnswerParser
from .background import Ask, TakenUp
from .brief import Briefs
from .clocks import Clocks
from .continuation import Continued
from .conversations import Conversations
from .exchange import Accepted, Exchange, Settings
from .gates import Begun, Leases, at_once, enter, kept
from .lasting import LastingAnswer
from .reader import Reader, failed_at_once
from .stream import Source
from .unwritable import too_deep, unwritable
from .watch import watcher, with_watched_headers
from .wires import lasts, told_of_others, told_who_does, without_unnamed

T = TypeVar("T")
P = TypeVar("P", bound=AnswerParser)

_NEAR_MODELS = 20
_COMPARED = 1000  # names at most: to compare one takes up to a tenth of a millisecond
_NEAR_SECONDS = 5.0  # an error is not held up longer than this to find near names
_MODEL_PAGES = 1000  # more pages than any list has: a server that repeats itself ends here


@define
class Prepared:
    """A request as every attempt sends it. body: JSON, None for none. failed: the answer of the last attempt, when it
    began and failed before any of it could be handed out."""

    request: Request
    wire: WireRequest
    body: bytes | Body | None
    stream: bool
    failed: Begun | None = None


class Attempts:
    """One client's; it stands between its calls and the exchanges that they are made of."""

    def __init__(self, settings: Settings, exchange: Exchange) -> None:
        self._settings = settings
        self._exchange = exchange
        self._provider = settings.provider.name
        self._briefs = Briefs(settings)
        self._conversations = Conversations(settings.dialect, self._provider)

    def begin(self, request: Request, stream: bool, clocks: Clocks) -> Awaitable[tuple[Source, list[Event]]]:
        """Send the request, again while nothing of an answer has come and the policy allows it; and, when the provider
        pauses in its answer, ask it to go on.

        raises: the last attempt's error, when no byte of an answer had come; else the answer's own events tell of it.
        """
        try:
            asked = self.with_defaults(request)
        except RecursionError:
            raise self.stamp(too_deep(), request.model) from None
        except LLMError as error:
            raise self.stamp(error, request.model) from error.__cause__
        return self._turn(stream, self._settings.continuation, clocks, asked)

    def encoded(self, request: Request) -> tuple[Request, WireRequest]:
        """A request that is not sent by itself: with the client's defaults, and as `complete` would send it.

        raises: what `complete` raises before it sends.
        """
        try:
            return self._encode(self.with_defaults(request), stream=False)
        except RecursionError:
            raise self.stamp(too_deep(), request.model) from None
        except LLMError as error:
            raise self.stamp(error, request.model) from error.__cause__

    async def _turn(self, stream: bool, further: int, clocks: Clocks, asked: Request) -> Begun:
        """One turn of an answer, nearly always the only one, and up to so many further ones behind it."""
        prepared: Prepared | None = None
        try:
            try:
                prepared = self._prepare(asked, stream=stream)
            except RecursionError:
                raise too_deep() from None
            begun = await self.retrying(clocks, partial(self._attempt, clocks, prepared))
        except LLMError as error:
            if isinstance(error, ModelNotFoundError) and asked.model:
                error.available = await self.near_models(asked.model)
            self.stamp(error, asked.model)
            failed = None if prepared is None else prepared.failed
            if failed is None or failed_at_once(failed[1]) is not error:
                raise error from error.__cause__
            begun = failed
        if not further:
            return begun
        return await Continued(partial(self._turn, stream, 0, clocks), asked, further).begin(*begun)

    async def models(self, clocks: Clocks) -> list[ModelInfo]:
        """All pages of the model list, each retried on its own."""
        models: list[ModelInfo] = []
        cursor: str | None = None
        for _ in range(_MODEL_PAGES):
            wire = self._settings.dialect.encode_models(cursor)
            try:
                page = await self.retrying(clocks, partial(self._page, clocks, wire))
            except LLMError as error:
                raise self.stamp(error) from error.__cause__
            if isinstance(page, LLMError):
                raise self.stamp(page)
            models += page.models
            if page.cursor is None or page.cursor == cursor:
                break
            cursor = page.cursor
        return models

    # ---------------------------------------------------------------- before the first attempt

    def with_defaults(self, request: Request) -> Request:
        asked = self._settings.options.apply(request, self._settings.dialect.extra_lists)
        if not asked.model:
            asked = evolve(asked, model=self._settings.model)
        if not asked.model:
            raise ConfigError(f'no model: pass model="..." to open("{self._provider}") or to the Request')
        if not asked.messages:
            raise InvalidRequestError("a request needs at least one message")
        return asked

    def _prepare(self, request: Request, *, stream: bool) -> Prepared:
        request, wire = self._encode(request, stream=stream)
        if wire.body is None:
            return Prepared(request, wire, None, stream)
        try:
            return Prepared(request, wire, json.dumps_body(wire.body), stream)
        except (ValueError, TypeError) as error:
            raise unwritable(error) from None

    def _encode(self, request: Request, *, stream: bool) -> tuple[Request, WireRequest]:
        row = self._settings.provider
        request = without_unnamed(row, request)
        try:
            return request, self._conversations.encode(request, stream=stream)
        except UnsupportedFeatureError as error:
            raise told_of_others(row, request, error, stream=stream) from None

    # ---------------------------------------------------------------- one attempt

    def retrying(self, clocks: Clocks, attempt: Callable[[int], Awaitable[T]]) -> Awaitable[T]:
        policy = self._settings.retry
        if policy is None:
            return attempt(1)
        watching = watcher.get()
        told = None if watching is None else watching.retrying
        return retry.run(policy, attempt, sleep=clocks.sleep, retrying=told)

    def _attempt(self, clocks: Clocks, prepared: Prepared, number: int) -> Awaitable[Begun]:
        """One attempt, let pass by the gates, which are told how it went."""
        if not (gates := self._settings.gates):
            return self._ask(clocks, prepared, number)
        leases = at_once(gates, prepared.request)
        if len(leases) == len(gates):
            return kept(leases, self._ask(clocks, prepared, number))
        return self._let_pass(leases, clocks, prepared, number)

    async def _let_pass(self, leases: Leases, clocks: Clocks, prepared: Prepared, number: int) -> Begun:
        await clocks.outside(enter(leases, self._settings.gates, prepared.request))
        return await kept(leases, self._ask(clocks, prepared, number))

    async def _ask(self, clocks: Clocks, prepared: Prepared, number: int) -> Begun:
        """Send once, and read until the answer begins. What failed before that is raised, wherever it was said."""
        prepared.failed = None
        request, stream = prepared.request, prepared.stream
        extra = with_watched_headers(request.extra_headers, self._settings.base_url)
        try:
            sent = await self._exchange.send(clocks, prepared.wire, prepared.body, stream=stream, extra_headers=extra)
        except LLMError as error:
            self.stamp(advised(self._settings.provider, request, error), request.model)
            raise
        if not stream and not prepared.wire.once:
            answered = await self._briefs.begun(clocks, request, sent, number)
            if not isinstance(answered, Accepted):
                return answered
            sent = answered
        reader = self._reader(clocks, prepared, sent, number, extra)
        try:
            events = await reader.events()
        except BaseException:
            reader.close()
            raise
        failure = failed_at_once(events)
        if failure is None:
            return reader, events
        if reader.received:
            prepared.failed = reader, events
        if prepared.wire.once and isinstance(failure, StreamError | TimedOutError):
            failure.permanent = True  # the answer may well be in the making
        raise self.stamp(advised(self._settings.provider, request, failure), request.model)

    def _reader(
        self, clocks: Clocks, prepared: Prepared, sent: Accepted, number: int, extra: Headers
    ) -> Reader | TakenUp:
        """What reads the answer that begins in this 200."""
        dialect, stream = self._settings.dialect, prepared.stream
        lasting = prepared.wire.once and isinstance(dialect, Background)
        parser = self._parser(
            LastingAnswer if lasting else AnswerParser,
            prepared.request,
            stream=stream,
            content_type=sent.content_type,
            reply=sent.reply,
            attempts=number,
            secrets=sent.secrets,
            elapsed=lambda: clocks.now() - sent.sent,
        )
        reader = Reader(clocks, sent.response, parser)
        if not (isinstance(parser, LastingAnswer) and isinstance(dialect, Background)):
            return reader
        ask = self._asking(clocks, parser, extra)
        return TakenUp(ask, dialect, clocks, parser, streams=stream, reader=reader, asked=prepared.wire)

    def _parser(self, kind: type[P], request: Request, **facts: Any) -> P:
        limits = self._settings.limits
        return kind(
            self._settings.dialect,
            request,
            event_bytes=limits.event_bytes,
            body_bytes=limits.body_bytes,
            provider=self._provider,
            **facts,
        )

    # ---------------------------------------------------------------- an answer that goes on without a reader

    async def resume(self, token: ResumeToken, clocks: Clocks) -> Begun:
        """Take up an answer that was begun elsewhere. Raises what the first GET fails with."""
        dialect, begun = self._in_background(), clocks.now()
        request = Request((), model=self._settings.model, background=True)
        answer = self._parser(LastingAnswer, request, stream=True, elapsed=lambda: clocks.now() - begun)
        answer.begins_behind = token.after
        ask = self._asking(clocks, answer, NO_HEADERS)
        taken_up = TakenUp(ask, dialect, clocks, answer, streams=True, token=token)
        try:
            return taken_up, await taken_up.events()
        except LLMError as error:
            raise self.stamp(error) from error.__cause__

    async def cancel(self, id: str, clocks: Clocks) -> None:
        """Have an answer made no further; as often as it takes to be heard."""
        wire = self._in_background().encode_cancel(id)
        try:
            await self.retrying(clocks, partial(self._done, clocks, wire))
        except LLMError as error:
            raise self.stamp(error) from error.__cause__

    def _in_background(self) -> Background:
        dialect = self._settings.dialect
        if not isinstance(dialect, Background):
            raise UnsupportedFeatureError(
                f"{self._provider} makes no answers in the background on this wire{told_who_does(lasts)}",
                provider=self._provider,
            )
        return dialect

    def _asking(self, clocks: Clocks, answer: LastingAnswer, extra: Headers) -> Ask:
        return lambda wire, stream: self.retrying(clocks, partial(self._again, clocks, answer, extra, wire, stream))

    async def _again(
        self, clocks: Clocks, answer: LastingAnswer, extra: Headers, wire: WireRequest, stream: bool, number: int
    ) -> tuple[Reader, list[Event]]:
        """One GET for an answer. Raises what breaks a document: a stream is taken up where it broke."""
        sent = await self._exchange.send(clocks, wire, None, stream=stream, extra_headers=extra)
        answer.take_up(sent.reply, sent.content_type, sent.secrets, stream=stream)
        reader = Reader(clocks, sent.response, answer)
        try:
            events = await reader.events()
        except BaseException:
            reader.close()
            raise
        broken = answer.broken
        if broken is not None and not (events or stream or broken.resume):
            raise broken
        return reader, events

    async def _done(self, clocks: Clocks, wire: WireRequest, number: int) -> None:
        sent = await self._exchange.send(clocks, wire, None)
        await self._exchange.read(clocks, sent.response)

    async def _page(self, clocks: Clocks, wire: WireRequest, number: int) -> ModelPage | LLMError:
        """What is no list at all is returned as its error, not raised: asking again would not mend it. An error that
        was sent instead of one is raised, as from any other reply."""
        sent = await self._exchange.send(clocks, wire, None)
        body = await self._exchange.read(clocks, sent.response)
        try:
            return self._settings.dialect.decode_models(body)
        except LLMError as error:
            failure = sent.reply.stamp(error.scrubbed(*sent.secrets))
            without_frames(failure)  # they hold the body, which may repeat a key, as this one does
        del body
        if isinstance(failure, MalformedStream):
            return failure
        raise failure

    # ---------------------------------------------------------------- what an error says beside its own

    def stamp(self, error: LLMError, model: str | None = None) -> LLMError:
        error.provider = error.provider or self._provider
        error.model = error.model or model or ""
        return error

    async def near_models(self, name: str) -> tuple[str, ...]:
        """Up to 20 model ids, those like name first, () when the provider lists none or does not answer in a moment."""
        once = Attempts(evolve(self._settings, retry=None), self._exchange)
        try:
            async with asyncio.timeout(_NEAR_SECONDS):
                known = [model.id for model in await once.models(Clocks(self._settings.timeouts))]
        except (LLMError, TimeoutError):
            return ()
        from difflib import get_close_matches  # rarely needed

        comparable = [id for id in known if len(id) <= LONGEST_WORD][:_COMPARED]
        near = get_close_matches(name[:LONGEST_WORD], comparable, n=_NEAR_MODELS, cutoff=0.4)
        return tuple(dict.fromkeys([*near, *known]))[:_NEAR_MODELS]
