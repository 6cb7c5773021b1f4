"""What a client offers for hosted batches: `HTTPClient.hosted_batches()` gives one, and so may a client of yours."""

from collections.abc import AsyncGenerator, Callable
from typing import Any, Protocol, runtime_checkable

from ..client import Client
from ..codecs.text import kind_name
from ..errors import UnsupportedFeatureError
from ..types.batches import Answered, HostedBatch
from ..types.request import Request


class Limits(Protocol):
    """name_length: characters of a row's name."""

    @property
    def name_length(self) -> int: ...


class Sheet(Protocol):
    """Requests that go into one hosted batch."""

    @property
    def count(self) -> int: ...
    @property
    def label(self) -> str: ...
    def close(self) -> None: ...


class Sheets(Protocol):
    """Requests, gathered within the host's limits. kind, entry: as `Host.encode` gives them."""

    def add(self, kind: Any, entry: Any, /) -> tuple[Any, Any]:
        """(the sheet it is on, one that was full before it and is to be begun, or None)."""
        ...

    def rest(self) -> list[Any]:
        """Those that are still open."""
        ...

    def close(self) -> None: ...


class Answers(Protocol):
    """What came of the rows of a hosted batch, in any order."""

    async def next(self) -> list[Answered] | None:
        """Of some rows, None behind the last."""
        ...

    def close(self) -> None: ...


class Host(Protocol):
    """The verbs of one provider's batches. See `aikido_llm.call.hosted`."""

    @property
    def limits(self) -> Limits: ...
    @property
    def price(self) -> float: ...
    def sheets(self, label: str, /) -> Sheets: ...
    def encode(self, request: Request, name: str, /) -> tuple[Any, Any]: ...
    async def create(self, sheet: Any, /) -> HostedBatch: ...
    async def get(self, id: str, /) -> HostedBatch: ...
    async def cancel(self, id: str, /) -> None: ...
    def all(self) -> AsyncGenerator[HostedBatch]: ...
    def answers(self, batch: HostedBatch, asked: Callable[[str], Request | None], /) -> Answers: ...


@runtime_checkable
class HasBatches(Protocol):
    """A client whose provider takes batches."""

    def hosted_batches(self) -> Host:
        """Raises UnsupportedFeatureError where it has none."""
        ...


def host_of(client: Client) -> Host:
    """Raises UnsupportedFeatureError for a client without batches."""
    if not isinstance(client, HasBatches):
        raise UnsupportedFeatureError(f"{kind_name(client)} has no hosted batches; use bulk.map")
    return client.hosted_batches()
