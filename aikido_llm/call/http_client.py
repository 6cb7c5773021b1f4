"""HTTPClient: where the pure code meets I/O. One provider's row, its settings, and the transport under it."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from types import TracebackType
from typing import Any, TypeAlias, TypeVar, cast

from attrs import Factory, define, evolve, fields

from .. import retry
from ..codecs import json
from ..dialects.base import ModelPage, WireRequest
from ..errors import ConfigError, InvalidRequestError, LLMError, ModelNotFoundError
from ..transport.base import Body, Headers, Transport
from ..types.events import EndEvent, ErrorEvent, Event, UsageEvent
from ..types.messages import Message, user
from ..types.request import Request
from ..types.response import ModelInfo, Response
from .answer import AnswerParser
from .clocks import Clocks
from .exchange import Exchange, Settings
from .stream import EventStream, Reader, StreamCore

Messages: TypeAlias = str | Message | Iterable[Message]
T = TypeVar("T")

_NEAR_MODELS = 20
_NEAR_SECONDS = 5.0  # an error is not held up longer than this to find near names
_WITHOUT_CONTENT = (UsageEvent, EndEvent)
_MODEL_PAGES = 1000  # more pages than any list has: a server that repeats itself ends here


@define
class _Life:
    """What the views of one client share. live: its calls. process: where it was opened, the only place to use it."""

    live: set[StreamCore] = Factory(set[StreamCore])
    process: int = Factory(os.getpid)
    closed: bool = False

    @property
    def inherited(self) -> bool:
        return self.process != os.getpid()

    def check(self) -> None:
        if self.inherited:
            raise ConfigError("this client was opened in another process; after a fork, open a new one in the child")
        if self.closed:
            raise ConfigError("this client is closed; open a new one")


class HTTPClient:
    """A Client that speaks one provider's wire over HTTP. Make it with `aikido_llm.open`.

    Opening does no I/O; connections are made on the first request, in the running event loop, to which the client then
    belongs. Any number of requests may run at once. After a fork, open a new client in the child.
    """

    def __init__(self, settings: Settings, transport: Transport) -> None:
        self._settings = settings
        self._transport = transport
        self._exchange = Exchange(settings, transport)
        self._life = _Life()

    @property
    def provider(self) -> str:
        """The row's name."""
        return self._settings.provider.name

    @property
    def model(self) -> str | None:
        """The model that a request without one goes to."""
        return self._settings.options.model or self._settings.provider.default_model or None

    @property
    def single_attempt(self) -> "HTTPClient":
        """The same client, same connections, never retrying."""
        once = HTTPClient(evolve(self._settings, retry=None), self._transport)
        once._life = self._life
        return once

    def __repr__(self) -> str:
        return f"<HTTPClient {self.provider} {self._settings.base_url} model={self.model!r}>"

    def stream(self, request: Request) -> EventStream:
        """Ask, and yield the answer's events as they come (see `EventStream`). Nothing is sent before the first one.

        The first `__anext__` raises ConfigError, UnsupportedFeatureError and whatever failed before the answer began.
        """
        return EventStream(partial(self._begin, request, True), self._settings.timeouts, self._life.live)

    async def complete(self, request: Request) -> Response:
        """Ask without streaming, and return the whole answer.

        raises: an LLMError; ContentFilteredError when a policy ended the answer, with `partial` and its usage.
        """
        return await StreamCore(
            partial(self._begin, request, False), self._settings.timeouts, self._life.live
        ).response()

    async def chat(self, messages: Messages, **overrides: Any) -> Response:
        """`complete` for a text, a Message or several; overrides are fields of Request."""
        request = _request(messages, overrides)
        overrides.clear()  # headers may be among them, and a traceback shows what a frame holds
        return await self.complete(request)

    def chat_stream(self, messages: Messages, **overrides: Any) -> EventStream:
        """`stream` for a text, a Message or several; overrides are fields of Request."""
        return self.stream(_request(messages, overrides))

    async def list_models(self) -> list[ModelInfo]:
        """Every model the provider lists for this key, all pages read. Raises an LLMError."""
        self._life.check()
        clocks = Clocks(self._settings.timeouts)
        models: list[ModelInfo] = []
        cursor: str | None = None
        for _ in range(_MODEL_PAGES):
            wire = self._settings.dialect.encode_models(cursor)
            try:
                page = await self._retrying(clocks, partial(self._page, clocks, wire))
            except LLMError as error:
                raise self._stamp(error) from error.__cause__
            if isinstance(page, LLMError):
                raise self._stamp(page)
            models += page.models
            if page.cursor is None or page.cursor == cursor:
                break
            cursor = page.cursor
        return models

    async def aclose(self) -> None:
        """End every live stream and close the connections. In a forked child it does nothing: they are the parent's."""
        if self._life.inherited:
            return
        self._life.closed = True
        for core in list(self._life.live):
            core.end()
        await self._transport.aclose()

    async def __aenter__(self) -> "HTTPClient":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _begin(self, request: Request, stream: bool, clocks: Clocks) -> "Begun":
        """Send the request and read its first events, retrying while none of them is content."""
        asked = request
        last: list[Begun] = []
        try:
            self._life.check()
            asked = self._with_defaults(request)
            wire = self._encode(asked, stream=stream)
            body = None if wire.body is None else json.dumps_body(wire.body)

            async def attempt(number: int) -> Begun:
                last.clear()
                try:
                    begun = await self._ask(clocks, asked, wire, body, stream, number)
                except LLMError as error:
                    raise self._stamp(error, asked.model) from error.__cause__
                failure = _failed_at_once(begun[1])
                if failure is None:
                    return begun
                if begun[0].received:
                    last.append(begun)
                raise self._stamp(failure, asked.model)

            return await self._retrying(clocks, attempt)
        except LLMError as error:
            if isinstance(error, ModelNotFoundError) and asked.model:
                error.available = await self._near_models(asked.model)
            self._stamp(error, asked.model)
            if last and _failed_at_once(last[0][1]) is error:  # it had begun: its own events say how it went
                return last[0]
            raise error from error.__cause__

    async def _ask(
        self, clocks: Clocks, request: Request, wire: WireRequest, body: bytes | Body | None, stream: bool, number: int
    ) -> "Begun":
        """One attempt."""
        extra = Headers(request.extra_headers)
        sent = await self._exchange.send(clocks, wire, body, stream=stream, extra_headers=extra)
        response = sent.response
        limits = self._settings.limits
        answer = AnswerParser(
            self._settings.dialect,
            request,
            stream=stream,
            content_type=response.headers.get("content-type", "").partition(";")[0].strip().lower(),
            event_bytes=limits.event_bytes,
            body_bytes=limits.body_bytes,
            provider=self.provider,
            request_id=sent.request_id,
            attempts=number,
            secrets=sent.secrets,
        )
        reader = Reader(clocks, response, answer)
        try:
            return reader, await reader.events()
        except BaseException:
            reader.close()
            raise

    async def _page(self, clocks: Clocks, wire: WireRequest, number: int) -> ModelPage | LLMError:
        """What was sent instead of a list is returned as its error, not raised: asking again would not mend it."""
        sent = await self._exchange.send(clocks, wire, None)
        body = await self._exchange.read(clocks, sent.response)
        try:
            return self._settings.dialect.decode_models(body)
        except LLMError as error:
            return error.scrubbed(*sent.secrets)

    async def _retrying(self, clocks: Clocks, attempt: Callable[[int], Awaitable[T]]) -> T:
        policy = self._settings.retry
        return await attempt(1) if policy is None else await retry.run(policy, attempt, sleep=clocks.sleep)

    def _with_defaults(self, request: Request) -> Request:
        asked = self._settings.options.apply(request)
        if not asked.model:
            asked = evolve(asked, model=self.model)
        if not asked.model:
            raise ConfigError(f'no model: pass model="..." to open("{self.provider}") or to the Request')
        if not asked.messages:
            raise InvalidRequestError("a request needs at least one message")
        return asked

    def _encode(self, request: Request, *, stream: bool) -> WireRequest:
        wire = self._settings.dialect.encode(request, stream=stream, provider=self.provider)
        if wire.body is None or not self._settings.row.body:
            return wire
        return evolve(wire, body=_under(dict(self._settings.row.body), wire.body))

    def _stamp(self, error: LLMError, model: str | None = None) -> LLMError:
        error.provider = error.provider or self.provider
        error.model = error.model or model or ""
        return error

    async def _near_models(self, name: str) -> tuple[str, ...]:
        """Up to 20 model ids like name, () when the provider lists none or does not answer in a moment."""
        try:
            async with asyncio.timeout(_NEAR_SECONDS):
                known = [model.id for model in await self.single_attempt.list_models()]
        except (LLMError, TimeoutError):
            return ()
        from difflib import get_close_matches  # rarely needed

        return tuple(get_close_matches(name, known, n=_NEAR_MODELS, cutoff=0.4))


Begun: TypeAlias = tuple[Reader, list[Event]]


def _failed_at_once(events: list[Event]) -> LLMError | None:
    """The error of an answer that ended before anything of it could be handed out."""
    failure: LLMError | None = None
    for event in events:
        if isinstance(event, ErrorEvent):
            failure = event.error
        elif not isinstance(event, _WITHOUT_CONTENT):
            return None
    return failure


def _request(messages: Messages, overrides: dict[str, Any]) -> Request:
    if isinstance(messages, str):
        messages = user(messages)
    wrong = set(overrides).difference(a.name for a in fields(Request))
    if wrong or "messages" in overrides:
        overrides.clear()
        raise ConfigError(f"not a field of Request beside the messages: {', '.join(sorted(wrong)) or 'messages'}")
    return Request((messages,) if isinstance(messages, Message) else messages, **overrides)


def _under(defaults: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """The provider's own options under the body, key by key: what the request says wins."""
    merged = {**defaults, **body}
    for name, value in defaults.items():
        said = body.get(name)
        if isinstance(value, dict) and isinstance(said, dict):
            merged[name] = {**cast("dict[str, Any]", value), **cast("dict[str, Any]", said)}
    return merged
