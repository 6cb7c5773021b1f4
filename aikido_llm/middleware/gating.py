"""limited: a client whose requests a Limiter lets pass. And how any gate comes before any client."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar, cast, overload

from ..call.gates import kept, settled
from ..call.http_client import HTTPClient
from ..call.parts import read_alone, stand_in, texts_of
from ..client import Client, Gate
from ..codecs.text import kind_name
from ..errors import ConfigError
from ..types.embeddings import Embeddings
from ..types.ranking import Ranking
from ..types.request import Request
from ..types.usage import Usage
from .base import Middleware
from .limits.limiter import Entrance, Limiter
from .roads import Begun, Road

M = TypeVar("M", bound=Middleware)
T = TypeVar("T")


@overload
def limited(client: HTTPClient, limiter: Limiter) -> HTTPClient: ...
@overload
def limited(client: M, limiter: Limiter) -> M: ...
@overload
def limited(client: Client, limiter: Limiter) -> Client: ...
def limited(client: Client, limiter: Limiter) -> Client:
    """The same client, whose requests wait until `limiter` lets them pass.

    A client of this library asks before every HTTP request for an answer: each attempt and each continuation; and so do
    those inside another middleware. Any other client is asked for once a call. It is the client itself that comes back,
    with all its verbs: nothing stands between it and its events.

    raises: ConfigError for what is no client, or no limiter.
    """
    if not isinstance(cast("object", limiter), Limiter):
        raise ConfigError(f"limited takes a Limiter, not {kind_name(limiter)}")
    gate = Entrance(limiter) if type(limiter) is Limiter else limiter
    return gated(client, lambda inner: gate, _Limited)


class PerCall(Middleware):
    """Around a client that is not ours, which sends what it likes: it is asked for once a call."""

    def __init__(self, client: Client, gate: Gate) -> None:
        super().__init__(client)
        self._gate = gate

    async def _begin(self, request: Request, road: Road) -> Begun:
        return await kept(await self._gate.acquire(request), road.ask(self._clients[0], request))

    async def embed(
        self,
        texts: str | Iterable[str],
        model: str | None = None,
        dimensions: int | None = None,
        input_type: str | None = None,
    ) -> Embeddings:
        """Vectors of texts, as the inner client's `embed`."""
        several = texts_of(texts, "embed")
        lease = await self._gate.acquire(stand_in(several, model or self.model or ""))
        return await settled(lease, _unlimited(super().embed(several, model, dimensions, input_type)), _usage)

    async def rerank(
        self, query: str, documents: Iterable[str], model: str | None = None, top_n: int | None = None
    ) -> Ranking:
        """Documents by their relevance, as the inner client's `rerank`."""
        several = texts_of(documents, "rerank")
        read = [f"{query}\n{document}" for document in several]
        lease = await self._gate.acquire(stand_in(read, model or self.model or ""))
        return await settled(lease, _unlimited(super().rerank(query, several, model, top_n)), _usage)


async def _unlimited(asking: Awaitable[T]) -> tuple[T, None]:
    """What a client of others gives, of whose reply nothing is known."""
    return await asking, None


def _usage(found: Embeddings | Ranking) -> Usage | None:
    return read_alone(found.usage)


class _Limited(PerCall):
    made_by = "limited"


def gated(client: Client, gate: Callable[[Client], Gate], foreign: Callable[[Client, Gate], PerCall]) -> Client:
    """The client, all of whose requests are asked for at a gate: of each client inside, what `gate` makes for it.

    foreign: what is put around a client that is not ours.
    """
    if isinstance(client, HTTPClient):
        return client.gated(gate(client))
    if isinstance(client, Middleware) and not isinstance(client, PerCall):
        return client.around(lambda inner: gated(inner, gate, foreign))
    return foreign(client, gate(client))
