"""The same client without await.

    import aikido_llm.sync as llm

    with llm.open("openrouter", model="anthropic/claude-haiku-4.5") as client:
        for event in client.stream(Request(messages=[user("hello")])):
            ...

All clients share one event loop in one thread (anyio's portal), which starts with the first client and ends with the
last. A client may be used from several threads at once, and where an event loop already runs (a notebook).
"""

import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, Self, TypeVar

from .call import portal
from .call.http_client import HTTPClient, Messages
from .call.portal import Portal
from .call.stream import EventStream
from .client import Client
from .connect import open as connect
from .errors import ConfigError
from .secret import Unpicklable
from .types.embeddings import Embeddings
from .types.events import Event
from .types.exchange import ResumeToken
from .types.ranking import Ranking
from .types.request import Request
from .types.response import ModelInfo, Response

if TYPE_CHECKING:
    from .middleware.base import Middleware

P = ParamSpec("P")
T = TypeVar("T")


class SyncIterator(Generic[T]):
    """An asynchronous iterator, read from a thread: an iterator and a context manager. Leaving the `with` block,
    `close()` and being collected end it; a KeyboardInterrupt while it waits does too. One thread reads at a time: a
    second one gets a RuntimeError, and the first goes on."""

    def __init__(
        self, portal: Portal, items: AsyncIterator[T], close: Callable[[], Awaitable[None]], reading: Lock
    ) -> None:
        self._portal = portal
        self._items = items
        self._close = close
        self._reading = reading
        self._open = True

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        if not self._open:
            raise StopIteration
        self._portal.check()
        if not self._reading.acquire(blocking=False):
            raise RuntimeError("this stream is already being read by another thread; a stream has one reader")
        try:
            return self._portal.call(self._next)
        except StopAsyncIteration:
            self._open = False
            raise StopIteration from None
        except BaseException:
            self._open = False
            self._portal.finish(self._close)
            raise
        finally:
            self._reading.release()

    async def _next(self) -> T:
        return await anext(self._items)

    def close(self) -> None:
        """Close the connection at once and end the iteration. A thread that is reading gets the end of the stream."""
        if not self._open:
            return
        if self._reading.acquire(blocking=False):
            self._open = False
            self._reading.release()
        self._portal.finish(self._close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class SyncEventStream(SyncIterator[Event]):
    """The events of one answer. Nothing is sent before the first `next`; see `aikido_llm.EventStream`."""

    def __init__(self, portal: Portal, events: EventStream) -> None:
        super().__init__(portal, events, events.aclose, Lock())
        self._events = events

    @property
    def resume_token(self) -> ResumeToken | None:
        """By which `resume` takes this answer up; see `aikido_llm.EventStream.resume_token`."""
        return self._events.resume_token

    def text(self) -> SyncIterator[str]:
        """The text alone, piece by piece; raises what an ErrorEvent carries."""
        pieces = self._events.text()
        return SyncIterator(self._portal, pieces, pieces.aclose, self._reading)


class SyncHTTPClient(Unpicklable):
    """A client for code without an event loop. Make it with `open` or `wrap`, leave it by `with` or `close()`."""

    def __init__(self, client: "HTTPClient | Middleware") -> None:
        self._client = client
        self._portal = portal.take()
        self._open = True

    @property
    def provider(self) -> str:
        """The row's name, "" for a client that has none."""
        return self._client.provider

    @property
    def model(self) -> str | None:
        """The model that a request without one goes to."""
        return self._client.model

    def stream(self, request: Request) -> SyncEventStream:
        """Ask, and yield the answer's events as they come."""
        return SyncEventStream(self._portal, self._client.stream(request))

    def complete(self, request: Request) -> Response:
        """Ask, and return the whole answer. Raises an LLMError."""
        return self._call(self._client.complete, request)

    def chat(self, messages: Messages, **overrides: Any) -> Response:
        """`complete` for a text, a Message, a chat dict or several; overrides are fields of Request."""
        return self._call(lambda: self._client.chat(messages, **overrides))

    def chat_stream(self, messages: Messages, **overrides: Any) -> SyncEventStream:
        """`stream` for a text, a Message, a chat dict or several; overrides are fields of Request."""
        return SyncEventStream(self._portal, self._client.chat_stream(messages, **overrides))

    def list_models(self) -> list[ModelInfo]:
        """Every model the provider lists for this key."""
        return self._call(self._client.list_models)

    def embed(
        self,
        texts: str | Iterable[str],
        model: str | None = None,
        dimensions: int | None = None,
        input_type: str | None = None,
    ) -> Embeddings:
        """A vector for each text; see `aikido_llm.HTTPClient.embed`."""
        return self._call(self._client.embed, texts, model, dimensions, input_type)

    def rerank(
        self, query: str, documents: Iterable[str], model: str | None = None, top_n: int | None = None
    ) -> Ranking:
        """The documents by how much they tell about the query; see `aikido_llm.HTTPClient.rerank`."""
        return self._call(self._client.rerank, query, documents, model, top_n)

    def count_tokens(self, request: Request) -> int:
        """How many tokens the model would read; see `aikido_llm.HTTPClient.count_tokens`."""
        return self._call(self._client.count_tokens, request)

    def resume(self, answer: ResumeToken | str) -> SyncEventStream:
        """Take up an answer that is made in the background; see `aikido_llm.HTTPClient.resume`."""
        return SyncEventStream(self._portal, self._client.resume(answer))

    def cancel(self, answer: ResumeToken | str) -> None:
        """Have an answer made in the background no further; see `aikido_llm.HTTPClient.cancel`."""
        self._call(self._client.cancel, answer)

    def warm(self, connections: int) -> None:
        """Open connections ahead; see `aikido_llm.HTTPClient.warm`."""
        self._call(self._client.warm, connections)

    def close(self) -> None:
        """End every live stream and close the connections; the thread ends with the last client."""
        self._end(wait=True)

    def _call(self, function: Callable[..., Awaitable[T]], *args: Any) -> T:
        if not self._open and not self._portal.inherited:
            raise ConfigError(portal.CLOSED, provider=self.provider)
        return self._portal.call(function, *args)

    def _end(self, *, wait: bool) -> None:
        if not self._open:
            return
        self._open = False
        try:
            self._portal.finish(self._client.aclose, wait=wait)
        finally:
            self._portal.give(wait=wait)

    def __enter__(self) -> "SyncHTTPClient":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return repr(self._client).replace("HTTPClient", type(self).__name__, 1)

    def __del__(self) -> None:
        if not getattr(self, "_open", False) or self._portal.inherited:
            return
        try:
            warnings.warn("a SyncHTTPClient was dropped while it was open; leave it by `with` or close()",
                          ResourceWarning, source=self, stacklevel=2)  # fmt: skip
        finally:
            self._end(wait=False)


def _without_await(asynchronous: Callable[P, HTTPClient]) -> Callable[P, SyncHTTPClient]:
    def opened(*args: P.args, **kwargs: P.kwargs) -> SyncHTTPClient:
        """The same arguments as `aikido_llm.open`."""
        return SyncHTTPClient(asynchronous(*args, **kwargs))

    return opened


def wrap(client: Client) -> SyncHTTPClient:
    """Any client without await: a middleware around clients of this library, or a client of your own. Closing it
    closes the client. It must not have been used yet: what it holds belongs to the event loop that it is used in.

    raises: ConfigError for what is no Client.
    """
    from .middleware.base import Middleware

    return SyncHTTPClient(client if isinstance(client, HTTPClient | Middleware) else Middleware(client))


open = _without_await(connect.open)
