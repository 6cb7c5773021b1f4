"""HTTPClient: where the pure code meets I/O. One provider's row, its settings, and the transport under it.

The road of a call, from here to the socket; every step knows the next one, none the one before:

    HTTPClient.stream, complete     a Request: nothing is sent yet
      StreamCore.events             stream.py    the first read begins the call, each later one reads on
        Attempts.begin              attempts.py  defaults and encoding, once; then attempts, as retry.py decides,
                                                 each let pass by the gates (gates.py), where there are any
          Exchange.send             exchange.py  address, key, headers; under the clocks; a 200 or a typed error
            Transport.send          transport/   HTTP
          Reader.events             reader.py    bytes -> AnswerParser (answer.py) -> the events of one read
"""

import logging
import os
import time
from collections.abc import Awaitable, Coroutine, Iterable
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from attrs import Factory, define, evolve, fields

from ..client import Gate
from ..errors import ConfigError, InvalidRequestError, LLMError
from ..retry import log_failure
from ..secret import Unpicklable
from ..transport.base import Transport
from ..types.embeddings import Embeddings
from ..types.events import Event
from ..types.exchange import ResumeToken
from ..types.ranking import Ranking
from ..types.request import Options, Request, Said, checked
from ..types.response import ModelInfo, Response
from .attempts import Attempts
from .clocks import Clocks
from .exchange import Exchange, Settings
from .stream import EventStream, Source, StreamCore
from .verbs import Verbs

if TYPE_CHECKING:  # loaded when it is first asked for
    from .hosted import HostedBatches

T = TypeVar("T")
Messages: TypeAlias = Said | Iterable[Said]


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


class HTTPClient(Unpicklable):
    """A Client that speaks one provider's wire over HTTP. Make it with `aikido_llm.open`.

    Opening does no I/O. Connections are made on the first request, in the running event loop (asyncio's or uvloop's),
    and end with it at the latest. Any number of requests may run at once, in one event loop at a time. After a fork,
    open a new client in the child.
    """

    def __init__(self, settings: Settings, transport: Transport, life: _Life | None = None) -> None:
        self._settings = settings
        self._transport = transport
        self._exchange = Exchange(settings, transport)
        self._attempts = Attempts(settings, self._exchange)
        self._life = life or _Life()  # nothing here refers to the client: a dropped one is closed at once
        self._verbs = Verbs(settings, self._exchange, self._attempts, self._life.check)

    @property
    def provider(self) -> str:
        """The row's name."""
        return self._settings.provider.name

    @property
    def model(self) -> str | None:
        """The model that a request without one goes to."""
        return self._settings.model

    @property
    def options(self) -> Options:
        """What its requests have where they say nothing themselves."""
        return self._settings.options

    @property
    def base_url(self) -> str:
        """Where it sends to, without a slash at the end; no key stands in it."""
        return self._settings.base_url

    @property
    def identity(self) -> dict[str, Any]:
        """What decides the answers beside the request: who is asked, where, with which defaults. Plain data, no key."""
        return self._settings.identity

    @property
    def single_attempt(self) -> "HTTPClient":
        """The same client, same connections, never retrying and never asking a provider that paused to go on."""
        return self._view(evolve(self._settings, retry=None, continuation=0, failures=logging.DEBUG))

    def gated(self, gate: Gate, /) -> "HTTPClient":
        """The same client, same connections, that asks `gate` before every HTTP request of an answer: each attempt and
        each continuation, not for lists of models. It is asked before the gates that are there already."""
        return self._view(evolve(self._settings, gates=(gate, *self._settings.gates)))

    def _view(self, settings: Settings) -> "HTTPClient":
        return HTTPClient(settings, self._transport, self._life)

    def __repr__(self) -> str:
        return f"<HTTPClient {self.provider} {self._settings.base_url} model={self.model!r}>"

    def stream(self, request: Request) -> EventStream:
        """Ask, and yield the answer's events as they come (see `EventStream`). Nothing is sent before the first one.

        The first `__anext__` raises ConfigError, UnsupportedFeatureError and whatever failed before the answer began.
        """
        return EventStream(
            partial(self._begin, request, True), self._settings.timeouts, self._life.live, self._settings.failures
        )

    async def complete(self, request: Request) -> Response:
        """Ask without streaming, and return the whole answer.

        raises: an LLMError; ContentFilteredError when a policy ended the answer, with `partial` and its usage.
        """
        begin = partial(self._begin, request, False)
        core = StreamCore(begin, self._settings.timeouts, self._life.live, self._settings.failures)
        return await core.response()

    async def chat(self, messages: Messages, **overrides: Any) -> Response:
        """`complete` for a text, a Message, a chat dict or several; overrides are fields of Request."""
        request = as_request(messages, overrides)
        overrides.clear()  # headers may be among them, and a traceback shows what a frame holds
        return await self.complete(request)

    def chat_stream(self, messages: Messages, **overrides: Any) -> EventStream:
        """`stream` for a text, a Message, a chat dict or several; overrides are fields of Request."""
        return self.stream(as_request(messages, overrides))

    async def list_models(self) -> list[ModelInfo]:
        """Every model the provider lists for this key, all pages read. Raises an LLMError."""
        self._life.check()
        clocks = Clocks(self._settings.timeouts)
        begun = clocks.now()
        try:
            return await self._attempts.models(clocks)
        except LLMError as error:
            log_failure(error, clocks.now() - begun, self._settings.failures)
            raise

    async def embed(
        self,
        texts: str | Iterable[str],
        model: str | None = None,
        dimensions: int | None = None,
        input_type: str | None = None,
    ) -> Embeddings:
        """A vector for each text, in their order: any number of texts, in as many requests as the host's limits want.

        The requests go out side by side, each with attempts of its own; Timeouts.total spans all of them.
        model:      None is the client's own.
        dimensions: of each vector, where model and host can shorten them.
        input_type: what the texts are for, where the host asks: `query`, `document`, or a word of its own.
        raises: UnsupportedFeatureError where the wire has no vectors, ConfigError without a model, an LLMError of the
            requests, with those vectors in `partial_embeddings` that are there; no request is begun behind a failure.
        """
        return await self._told(self._verbs.embed(texts, model, dimensions, input_type))

    async def rerank(
        self, query: str, documents: Iterable[str], model: str | None = None, top_n: int | None = None
    ) -> Ranking:
        """The documents by how much they tell about the query, the best first. top_n: so many of the best.

        raises: UnsupportedFeatureError where the wire has no rankings, ConfigError without a model, an LLMError.
        """
        return await self._told(self._verbs.rerank(query, documents, model, top_n))

    async def count_tokens(self, request: Request) -> int:
        """How many tokens the request has that the model would read, as its provider counts them; nothing is answered.

        raises: UnsupportedFeatureError where the wire does not count, or cannot carry the request; an LLMError.
        """
        return await self._told(self._verbs.count_tokens(request))

    async def _told(self, verb: Coroutine[Any, Any, T]) -> T:
        """What a verb gives; its failure is logged."""
        try:
            self._life.check()
        except LLMError:
            verb.close()
            raise
        begun = time.monotonic()
        try:
            return await verb
        except LLMError as error:
            error.provider = error.provider or self.provider
            log_failure(error, time.monotonic() - begun, self._settings.failures)
            raise

    def resume(self, answer: ResumeToken | str) -> EventStream:
        """Take up an answer that is made in the background, one of another process too: by `LLMError.resume` or
        `EventStream.resume_token`, or by its id alone.

        A token's `after` says what is known already: the events behind it are handed out, and the EndEvent's Response
        is whole all the same. Where the provider does not stream the answer any more, all of it is handed out once it
        is there. The first `__anext__` raises UnsupportedFeatureError where the wire has no such answers,
        InvalidRequestError when the provider does not have this one (any more), and what else its GET fails with.
        """
        token = _token_of(answer)
        return EventStream(
            partial(self._take_up, token), self._settings.timeouts, self._life.live, self._settings.failures
        )

    async def cancel(self, answer: ResumeToken | str) -> None:
        """Have an answer made in the background no further, which leaving it does not. An end that came before stands.

        raises: UnsupportedFeatureError where the wire has no such answers, InvalidRequestError when the provider has
        not this one or it was not begun in the background, and what else the POST fails with.
        """
        self._life.check()
        clocks = Clocks(self._settings.timeouts)
        begun = clocks.now()
        try:
            await self._attempts.cancel(_token_of(answer).id, clocks)
        except LLMError as error:
            log_failure(error, clocks.now() - begun, self._settings.failures)
            raise

    def hosted_batches(self) -> "HostedBatches":
        """What the provider offers for batches, which `aikido_llm.bulk.submit` uses. No I/O.

        raises: UnsupportedFeatureError where it has none, and for a client whose budget no batch would keep to.
        """
        from .hosted import HostedBatches, offered  # rarely needed

        self._life.check()
        return HostedBatches(self._settings, self._exchange, self._attempts, offered(self._settings))

    async def warm(self, connections: int) -> None:
        """Have so many connections ready, DNS and TLS included; the next calls use them. Nothing is sent on them.

        They are opened at the same time, within `Timeouts.connect`, and count under `Limits.connections` meanwhile;
        idle ones that are there already are among them. Unused they are kept for `Limits.keepalive` seconds, or as
        long as the server keeps them. A transport that has no connections (echo, a cassette) opens none.

        raises: ConfigError for a number below 1 or over Limits.connections, ConnectError, TimedOutError (connect).
        """
        self._life.check()
        most = self._settings.limits.connections
        if type(connections) is not int or not 1 <= connections <= most:
            raise ConfigError(f"warm takes a number of connections, from 1 to Limits.connections ({most})")
        if not self._settings.limits.keepalive:
            raise ConfigError("Limits.keepalive is 0: no connection is kept, so none can be opened ahead")
        try:
            await self._exchange.warm(connections)
        except LLMError as error:
            error.provider = error.provider or self.provider
            raise

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

    def _begin(self, request: Request, stream: bool, clocks: Clocks) -> Awaitable[tuple[Source, list[Event]]]:
        self._life.check()
        return self._attempts.begin(checked(request), stream, clocks)

    def _take_up(self, token: ResumeToken, clocks: Clocks) -> Awaitable[tuple[Source, list[Event]]]:
        self._life.check()
        return self._attempts.resume(token, clocks)


def _token_of(answer: ResumeToken | str) -> ResumeToken:
    token = answer if isinstance(answer, ResumeToken) else ResumeToken(answer)
    if not token.id:
        raise InvalidRequestError("an answer is taken up by its id, and this one is empty")
    return token


def as_request(messages: Messages, overrides: dict[str, Any]) -> Request:
    """What `chat` was given, as a Request. Raises ConfigError for what is no field of one."""
    wrong = set(overrides).difference(a.name for a in fields(Request))
    if wrong or "messages" in overrides:
        overrides.clear()
        raise ConfigError(f"not a field of Request beside the messages: {', '.join(sorted(wrong)) or 'messages'}")
    return Request(messages, **overrides)
