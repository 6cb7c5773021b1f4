"""The Client protocol: what every client promises, ours and a caller's own; and what may stand before its requests."""

from collections.abc import AsyncIterator, Iterable
from typing import Any, Protocol, cast, runtime_checkable

from .codecs.text import kind_name
from .errors import ConfigError, LLMError
from .types.embeddings import Embeddings
from .types.events import Event
from .types.exchange import RateLimits
from .types.ranking import Ranking
from .types.request import Request
from .types.response import Response
from .types.usage import Usage


@runtime_checkable
class Client(Protocol):
    """Two methods; what takes a Client and gives a Client (retrying, recording, falling back) is just another."""

    def stream(self, request: Request) -> AsyncIterator[Event]:
        """Ask, and yield the answer as it comes, in the grammar of `types.events`: exactly one EndEvent, last.

        Nothing is sent before the first `__anext__`. A failure before the answer began raises an LLMError from it; one
        after that is an ErrorEvent (with `partial`), then the EndEvent. Leaving early closes the connection.
        """
        ...

    async def complete(self, request: Request) -> Response:
        """Ask, and return the whole answer. Raises the LLMError that a stream would have carried, with `partial`."""
        ...


def checked_client(client: object, by: str, *verbs: str) -> Client:
    """What was given as a client, when it has these verbs (none named: both). by: who takes it. Raises ConfigError for
    anything else."""
    if not all(callable(getattr(client, verb, None)) for verb in verbs or ("stream", "complete")):
        raise ConfigError(f"{by} takes a client, which has stream and complete, not {kind_name(client)}")
    return cast("Client", client)


@runtime_checkable
class Embedder(Protocol):
    """A client that makes vectors of texts; see `aikido_llm.HTTPClient.embed`."""

    async def embed(
        self,
        texts: str | Iterable[str],
        model: str | None = None,
        dimensions: int | None = None,
        input_type: str | None = None,
    ) -> Embeddings: ...


@runtime_checkable
class Reranker(Protocol):
    """A client that orders documents by their relevance; see `aikido_llm.HTTPClient.rerank`."""

    async def rerank(
        self, query: str, documents: Iterable[str], model: str | None = None, top_n: int | None = None
    ) -> Ranking: ...


@runtime_checkable
class TokenCounter(Protocol):
    """A client that counts a request's tokens; see `aikido_llm.HTTPClient.count_tokens`."""

    async def count_tokens(self, request: Request) -> int: ...


NOTHING = Usage(input_tokens=0, output_tokens=0)
"""What a request took that was never worked on."""


class Lease(Protocol):
    """What a gate has reserved for one HTTP request. Its methods never wait, and may be called from any thread."""

    def told(self, limits: RateLimits | None, error: LLMError | None = None) -> None:
        """The reply is there: what its headers say of limits, and the error when it is one."""
        ...

    def settle(self, usage: Usage | None) -> None:
        """It is over. usage: what it took, `NOTHING` when it was not worked on, None when nobody knows, as of an answer
        that was left early. What follows a first call is nothing."""
        ...


class Gate(Protocol):
    """What is asked before every HTTP request that a client makes for an answer: attempts and continuations too."""

    async def acquire(self, request: Request) -> Lease:
        """Wait until the request may be sent. Raises an LLMError when it may not.

        request: as it will be sent, the defaults of its client filled in. A verb that is no chat is asked for by a
            request that takes as much: its texts as one message, `max_tokens` 1.
        """
        ...


@runtime_checkable
class Gated(Protocol):
    """A client that asks gates."""

    def gated(self, gate: Gate, /) -> Client:
        """The same client, with the same connections, that asks this gate before those it has."""
        ...


@runtime_checkable
class Identified(Protocol):
    """A client that says what, beside the request, decides its answers: what caches and logs key them by."""

    @property
    def identity(self) -> Any:
        """Plain data, the same in every process: who is asked, where, over which wire, with which defaults. No key."""
        ...


def identity_of(client: Client) -> Any:
    """What the client says of itself; of one that does not, the name of its class is all that is known."""
    kind = type(client)
    return client.identity if isinstance(client, Identified) else f"{kind.__module__}.{kind.__qualname__}"
