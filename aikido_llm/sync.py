"""The same client without await.

    import aikido_llm.sync as llm

    with llm.open("openrouter", model="anthropic/claude-haiku-4.5") as client:
        for event in client.stream(Request(messages=[user("hello")])):
            ...

All clients share one event loop in one thread (anyio's portal), which starts with the first client and ends with the
last. A client may be used from several threads at once, and where an event loop already runs (a notebook).
"""

import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Any, Generic, ParamSpec, Self, TypeVar

from anyio.from_thread import BlockingPortal, BlockingPortalProvider

from .call.http_client import HTTPClient, Messages
from .call.stream import EventStream
from .connect import open as connect
from .types.events import Event
from .types.request import Request
from .types.response import ModelInfo, Response

P = ParamSpec("P")
T = TypeVar("T")

_portals = BlockingPortalProvider()


class SyncIterator(Generic[T]):
    """An asynchronous iterator, read from a thread: an iterator and a context manager. Leaving the `with` block,
    `close()` and being collected end it; a KeyboardInterrupt while it waits does too."""

    def __init__(self, portal: BlockingPortal, items: AsyncIterator[T], close: Callable[[], Awaitable[None]]) -> None:
        self._portal = portal
        self._items = items
        self._close = close
        self._open = True

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        if not self._open:
            raise StopIteration
        try:
            return _call(self._portal, self._next)
        except StopAsyncIteration:
            self._open = False
            raise StopIteration from None
        except BaseException:
            self.close()
            raise

    async def _next(self) -> T:
        return await anext(self._items)

    def close(self) -> None:
        """Close the connection at once and end the iteration."""
        if self._open:
            self._open = False
            _call(self._portal, self._close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class SyncEventStream(SyncIterator[Event]):
    """The events of one answer. Nothing is sent before the first `next`; see `aikido_llm.EventStream`."""

    def __init__(self, portal: BlockingPortal, events: EventStream) -> None:
        super().__init__(portal, events, events.aclose)
        self._events = events

    def text(self) -> SyncIterator[str]:
        """The text alone, piece by piece; raises what an ErrorEvent carries."""
        pieces = self._events.text()
        return SyncIterator(self._portal, pieces, pieces.aclose)


class SyncHTTPClient:
    """A client for code without an event loop. Make it with `open`, leave it by `with` or `close()`."""

    def __init__(self, client: HTTPClient) -> None:
        self._client = client
        self._portal: BlockingPortal = _portals.__enter__()
        self._open = True

    @property
    def provider(self) -> str:
        """The row's name."""
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
        return _call(self._portal, self._client.complete, request)

    def chat(self, messages: Messages, **overrides: Any) -> Response:
        """`complete` for a text, a Message or several; overrides are fields of Request."""
        return _call(self._portal, lambda: self._client.chat(messages, **overrides))

    def chat_stream(self, messages: Messages, **overrides: Any) -> SyncEventStream:
        """`stream` for a text, a Message or several; overrides are fields of Request."""
        return SyncEventStream(self._portal, self._client.chat_stream(messages, **overrides))

    def list_models(self) -> list[ModelInfo]:
        """Every model the provider lists for this key."""
        return _call(self._portal, self._client.list_models)

    def close(self) -> None:
        """End every live stream and close the connections; the thread ends with the last client."""
        if self._open:
            self._open = False
            try:
                _call(self._portal, self._client.aclose)
            finally:
                _portals.__exit__(None, None, None)

    def __enter__(self) -> "SyncHTTPClient":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return repr(self._client).replace("HTTPClient", type(self).__name__, 1)

    def __del__(self) -> None:
        if getattr(self, "_open", False):
            warnings.warn("a SyncHTTPClient was dropped while it was open; leave it by `with` or close()",
                          ResourceWarning, source=self, stacklevel=2)  # fmt: skip


def _without_await(asynchronous: Callable[P, HTTPClient]) -> Callable[P, SyncHTTPClient]:
    def opened(*args: P.args, **kwargs: P.kwargs) -> SyncHTTPClient:
        """The same arguments as `aikido_llm.open`."""
        return SyncHTTPClient(asynchronous(*args, **kwargs))

    return opened


open = _without_await(connect.open)


def _call(portal: BlockingPortal, function: Callable[..., Awaitable[T]], *args: Any) -> T:
    """Run it on the loop and wait. An exception in the waiting thread (Ctrl-C) cancels it."""
    future = portal.start_task_soon(function, *args)
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise
