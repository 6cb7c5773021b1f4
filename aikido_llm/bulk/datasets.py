"""`bulk.ray`: a Ray Dataset in, the same with its answers out. All that knows Ray, and it knows it by one method."""

import asyncio
import os
from importlib import import_module
from typing import Any, Protocol, TypeVar

from ..errors import ConfigError
from ..retry import RetryPolicy
from .tables import Asks, folder_of, read_batch, whole, with_answers
from .worker import Open, Worker

_TASKS = 2  # blocks that an actor works on at once: while the slowest rows of one are waited for, the next has begun


class Mappable(Protocol):
    """What is used of a `ray.data.Dataset`."""

    def map_batches(self, fn: Any, **options: Any) -> Any: ...


D = TypeVar("D", bound=Mappable)


def ray(
    dataset: D,
    *,
    open: Open,
    log: str | os.PathLike[str],
    rows: Asks | None = None,
    key: str | None = None,
    actors: int | tuple[int, int] = 1,
    concurrency: int = 64,
    policy: RetryPolicy | None = None,
    prefix: str = "",
    **options: Any,
) -> D:
    """Ask every row of a Ray Dataset: the Dataset with columns for the answers (extra `ray`). Lazy, as Ray's are.

    open:   what gives the client, called once in each actor; limits that all actors share stand in it, by a RedisStore.
    log:    a folder that all machines share. Each actor appends to a part of its own; what stands in any part is not
            asked again, by an actor that was restarted, by the next run of a job that was killed, or by `bulk.map`.
    actors: how many ask, or the fewest and the most. They need no CPU of Ray's (`num_cpus=0`), so they take none from
            what reads and writes.
    concurrency: rows that an actor has under way; the next blocks wait in Ray until there is room.
    options: what else `map_batches` takes: `batch_size` (4 times `concurrency`), `resources`, `runtime_env`.
    rows, key, prefix, policy: as `bulk.arrow` has them.
    raises: ConfigError without Ray, for a wrong argument. What `bulk.map` raises ends the job, as Ray's error with ours
            as its cause. An actor that dies is Ray's to begin again: what it has answered is taken from its part.
    """
    try:
        compute: Any = import_module("ray.data").ActorPoolStrategy
    except ImportError:
        raise ConfigError("Ray Datasets need Ray: pip install 'aikido-llm[ray]'") from None
    fewest, most = (actors, actors) if isinstance(actors, int) else actors
    for name, number in (("actors", fewest), ("actors", most), ("concurrency", concurrency)):
        whole(name, number)
    given = {"open": open, "rows": rows, "log": folder_of(log), "key": key, "concurrency": concurrency}
    answered: D = dataset.map_batches(
        Asking,
        fn_constructor_kwargs={**given, "policy": policy, "prefix": prefix},
        batch_format="pyarrow",
        compute=compute(min_size=fewest, max_size=most, max_concurrent_calls_per_actor=_TASKS),
        **{"num_cpus": 0, "batch_size": 4 * concurrency, "udf_modifying_row_count": False, **options},
    )
    return answered


class Asking:
    """What an actor is: a worker that lives as long as it does.

    Ray runs the calls of a block side by side, and keeps their order. They wait in Ray's loop for what is done in the
    worker's: Ray stops its own while nobody takes what is ready.
    """

    def __init__(
        self, *, open: Open, rows: Asks | None, log: str, key: str | None, concurrency: int,
        policy: RetryPolicy | None, prefix: str,
    ) -> None:  # fmt: skip
        self._rows, self._key, self._prefix = rows, key, prefix
        self._worker = Worker(open, log, concurrency, policy)

    async def __call__(self, batch: Any) -> Any:
        asked = read_batch(batch, self._rows, self._key, self._prefix)
        answered = await asyncio.wrap_future(self._worker.ask(asked))
        return with_answers(batch, answered, self._prefix)

    def __del__(self) -> None:
        worker = getattr(self, "_worker", None)
        if worker is not None:
            worker.close()
