"""What every middleware stands on: a Client around others, and one call through it.

A maker's class says what it does with one call (`_begin`), for both roads at once; all else that a client has is here.
What is shared (counters, breakers, stores) is made once, in `__init__`: `single_attempt` and `around` make further
views of the same middleware.
"""

import os
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractContextManager
from functools import partial
from types import TracebackType
from typing import Any, ClassVar, Self, cast

from attrs import Factory, define

from ..call.clocks import Clocks
from ..call.http_client import HTTPClient, Messages, as_request
from ..call.stream import EventStream, Source, StreamCore
from ..client import Client, Embedder, Reranker, TokenCounter, checked_client, identity_of
from ..errors import ConfigError, UnsupportedFeatureError
from ..secret import Unpicklable
from ..transport.base import Timeouts
from ..types.embeddings import Embeddings
from ..types.events import Event
from ..types.exchange import ResumeToken
from ..types.ranking import Ranking
from ..types.request import Options, Request, checked
from ..types.response import ModelInfo, Response
from ..types.tools import Tool, ToolCall
from .roads import COMPLETE, STREAM, Begun, Road, response_of

NO_CLOCKS = Timeouts(connect=None, first_event=None, idle=None, total=None)
"""The clocks of a call are the inner client's."""


@define
class _Life:
    """What the views of one middleware share. live: its streams under way."""

    live: set[StreamCore] = Factory(set[StreamCore])
    process: int = Factory(os.getpid)
    closed: bool = False

    def check(self) -> None:
        if self.closed:
            raise ConfigError("this client is closed; open a new one")


class Middleware(Unpicklable):
    """A Client around one or several others. It has all that HTTPClient has, by what the first of them offers.

    Closing it closes each of them, once. A stream of it is an EventStream whatever the inner client gives.
    """

    made_by: ClassVar[str] = "middleware"

    def __init__(self, *clients: Client) -> None:
        for client in clients:
            checked_client(client, self.made_by)
        self._clients = clients
        self._life = _Life()

    # ---------------------------------------------------------------- what a maker says

    def _begin(self, request: Request, road: Road) -> Awaitable[Begun]:
        """Ask, by `road.ask(client, request)`: the answer under way, and its first events."""
        return road.ask(self._clients[0], request)

    # ---------------------------------------------------------------- the two roads

    def stream(self, request: Request) -> EventStream:
        """Ask, and yield the answer's events as they come (see `EventStream`). Nothing is sent before the first one."""
        return EventStream(partial(self._begin_stream, request), NO_CLOCKS, self._life.live, None)

    async def complete(self, request: Request) -> Response:
        """Ask without streaming, and return the whole answer. Raises an LLMError."""
        self._life.check()
        return await response_of(*await self._begin(checked(request), COMPLETE))

    async def _begin_stream(self, request: Request, clocks: Clocks) -> tuple[Source, list[Event]]:
        self._life.check()
        with clocks.attempt():  # left when the stream is ended from outside
            return await self._begin(checked(request), STREAM)
        raise clocks.error()

    async def chat(self, messages: Messages, **overrides: Any) -> Response:
        """`complete` for a text, a Message, a chat dict or several; overrides are fields of Request."""
        request = as_request(messages, overrides)
        overrides.clear()  # headers may be among them, and a traceback shows what a frame holds
        return await self.complete(request)

    def chat_stream(self, messages: Messages, **overrides: Any) -> EventStream:
        """`stream` for a text, a Message, a chat dict or several; overrides are fields of Request."""
        return self.stream(as_request(messages, overrides))

    # ---------------------------------------------------------------- what the inner client offers

    @property
    def first(self) -> Client:
        """The client that answers for it: whose models it lists, whose verbs it has."""
        return self._clients[0]

    @property
    def provider(self) -> str:
        """The first client's row, "" where it has none."""
        return cast("str", getattr(self._clients[0], "provider", ""))

    @property
    def model(self) -> str | None:
        """The model that a request without one goes to."""
        return cast("str | None", getattr(self._clients[0], "model", None))

    @property
    def options(self) -> Options | None:
        """The defaults of the first client's requests, None where it does not say."""
        return cast("Options | None", getattr(self._clients[0], "options", None))

    @property
    def base_url(self) -> str:
        """Where the first client sends to, "" where it does not say."""
        return cast("str", getattr(self._clients[0], "base_url", ""))

    @property
    def identity(self) -> Any:
        """What decides the answers beside the request: the identity of the inner client, or those of all in order."""
        several = [identity_of(client) for client in self._clients]
        return several[0] if len(several) == 1 else several

    async def list_models(self) -> list[ModelInfo]:
        """Every model the provider lists."""
        return cast("list[ModelInfo]", await self._verb("list_models")())

    async def warm(self, connections: int) -> None:
        """Open connections ahead."""
        await self._verb("warm")(connections)

    def resume(self, answer: ResumeToken | str) -> EventStream:
        """Take up an answer that goes on at the provider of the first client."""
        return cast("EventStream", self._verb("resume")(answer))

    async def cancel(self, answer: ResumeToken | str) -> None:
        """End an answer that goes on at the provider of the first client."""
        await self._verb("cancel")(answer)

    def hosted_batches(self) -> Any:
        """The batches of the first client's provider, as its `hosted_batches`: what stands here sees none of their
        rows."""
        return self._verb("hosted_batches")()

    async def embed(
        self,
        texts: str | Iterable[str],
        model: str | None = None,
        dimensions: int | None = None,
        input_type: str | None = None,
    ) -> Embeddings:
        """Vectors of texts, as the inner client's `embed`."""
        self._life.check()
        return await embed_with(self.first, texts, model, dimensions, input_type)

    async def rerank(
        self, query: str, documents: Iterable[str], model: str | None = None, top_n: int | None = None
    ) -> Ranking:
        """Documents by their relevance, as the inner client's `rerank`."""
        self._life.check()
        return await rerank_with(self.first, query, documents, model, top_n)

    async def count_tokens(self, request: Request) -> int:
        """Tokens of a request, as the inner client's `count_tokens`."""
        self._life.check()
        if not isinstance(self.first, TokenCounter):
            raise without(self.first, "count_tokens")
        return await self.first.count_tokens(request)

    def watch_tool(self, call: ToolCall, tool: Tool | None, /) -> "AbstractContextManager[Any] | None":
        """The first inside that wants to see a tool run (see `aikido_llm.tools.WatchesTools`), None for nobody."""
        watches = (getattr(client, "watch_tool", None) for client in self._clients)
        return next((found for watch in watches if watch is not None and (found := watch(call, tool))), None)

    def _verb(self, name: str) -> Callable[..., Any]:
        """A method of the first client. Raises UnsupportedFeatureError where it has none."""
        self._life.check()
        return method_of(self._clients[0], name)

    # ---------------------------------------------------------------- views, and the end

    @property
    def single_attempt(self) -> Self:
        """The same middleware around clients that never retry."""
        return self.around(once)

    def around(self, change: Callable[[Client], Client]) -> Self:
        """The same middleware, with all that it shares, around other views of its clients."""
        made = object.__new__(type(self))
        made.__dict__.update(self.__dict__)
        made._clients = tuple(change(client) for client in self._clients)
        return made

    async def aclose(self) -> None:
        """Close each wrapped client, once. In a forked child it does nothing: they are the parent's."""
        if self._life.closed or self._life.process != os.getpid():
            return
        self._life.closed = True
        try:
            for client in {id(client): client for client in self._clients}.values():
                close = getattr(client, "aclose", None)
                if close is not None:
                    await close()
        finally:
            for core in list(self._life.live):
                core.end()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<{self.made_by} {', '.join(map(shown, self._clients))}>"


def once(client: Client) -> Client:
    """The client without its own retries."""
    return cast("Client", getattr(client, "single_attempt", client))


def method_of(client: Client, name: str) -> Callable[..., Any]:
    """A client's method beside the two. Raises UnsupportedFeatureError where it has none."""
    method = getattr(client, name, None)
    if method is None:
        raise without(client, name)
    return cast("Callable[..., Any]", method)


def embed_with(
    client: Client, texts: str | Iterable[str], model: str | None, dimensions: int | None, input_type: str | None
) -> Awaitable[Embeddings]:
    """A client's `embed`. Raises UnsupportedFeatureError where it has none."""
    if not isinstance(client, Embedder):
        raise without(client, "embed")
    return client.embed(texts, model=model, dimensions=dimensions, input_type=input_type)


def rerank_with(
    client: Client, query: str, documents: Iterable[str], model: str | None, top_n: int | None
) -> Awaitable[Ranking]:
    """A client's `rerank`. Raises UnsupportedFeatureError where it has none."""
    if not isinstance(client, Reranker):
        raise without(client, "rerank")
    return client.rerank(query, documents, model=model, top_n=top_n)


def without(client: Client, name: str) -> UnsupportedFeatureError:
    """The error of a client that has not a method."""
    return UnsupportedFeatureError(f"{shown(client)} has no {name}")


def needs_model(client: Client, maker: str) -> None:
    """Raises ConfigError for one of the others that has no model of its own; of one that is not ours nobody knows."""
    bottom = client
    while isinstance(bottom, Middleware):
        bottom = bottom.first
    if isinstance(bottom, HTTPClient) and not bottom.model:
        raise ConfigError(
            f"{maker} asks {shown(client)} without the request's model, and it has none of its own:"
            ' open it with model="..."'
        )


def shown(client: Client) -> str:
    """A client in a message: of one that is not ours its class, for its repr may hold anything."""
    return repr(client) if isinstance(client, HTTPClient | Middleware) else f"<{type(client).__name__}>"
