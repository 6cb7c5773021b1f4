"""`bulk.arrow`: one Arrow batch or table in, the same with its answers out; in any process."""

import os
from collections import Counter, OrderedDict
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from threading import Lock
from typing import Any, TypeAlias, TypeVar, cast

from attrs import evolve

from .. import serialize
from ..codecs import json
from ..errors import ConfigError
from ..retry import RetryPolicy
from ..types.response import Response
from .rows import Row, Rowlike, read_row
from .worker import Open, Worker

T = TypeVar("T")
Asks: TypeAlias = Callable[[dict[str, Any]], Rowlike]
"""A function from a row of a table (column -> plain value) to what it asks."""

COLUMNS = {
    **dict.fromkeys(("answer", "error", "reason"), "string"),
    "again": "bool_",
    **dict.fromkeys(("finish_reason", "model"), "string"),
    **dict.fromkeys(("input_tokens", "output_tokens"), "int64"),
    "cost_usd": "float64",
    "cached": "bool_",
    "response": "string",
}
"""What is added: column -> its type in Arrow."""

_KEPT = 4  # workers of a process that are kept open


def arrow(
    batch: T,
    *,
    open: Open,
    log: str | os.PathLike[str],
    rows: Asks | None = None,
    key: str | None = None,
    concurrency: int = 64,
    policy: RetryPolicy | None = None,
    prefix: str = "",
) -> T:
    """Ask every row of an Arrow record batch or table, and return the same with columns for the answers, when all are
    durable. For Spark's `mapInArrow`, Dask's `map_partitions`, and whatever hands tables to processes.

    batch:  a `pyarrow.RecordBatch` or `pyarrow.Table`; its rows stay in their order.
    open:   a function that gives the client, called once in each process: the client stays open for the next batch
            that names the same function. It may give an async context manager that limits, say, what it yields.
    rows:   a function from a row (column -> plain value) to what it asks: text, a Request, or a mapping with `prompt`
            or `messages` and any other field of Request. None: the columns are such a mapping.
    log:    a folder that all machines share; what stands in any of its parts is not asked again. See `Parts`.
    key:    the column (or the mapping's key) by which a row is known. None: by what it asks, so equal rows are one.
    concurrency: rows under way in this process, whatever the number of batches.
    prefix: put before the names of the new columns: answer, error, reason, again, finish_reason, model, input_tokens,
            output_tokens, cost_usd, cached, response (JSON; `serialize.from_dict(json.loads(it), Response)` reads it).
    A row that failed has `error` and `reason`, and `again` when the next run asks for it again.
    raises: ConfigError without pyarrow (extra `arrow`), for a wrong argument and for a column that is there; what
            `bulk.map` raises: an error that would meet every row, OSError of the log.
    """
    whole("concurrency", concurrency)
    asking = partial(Worker, open, folder_of(log), concurrency, policy)
    asked = read_batch(batch, rows, key, prefix)
    with _kept((open, folder_of(log), concurrency, policy), asking) as worker:
        return with_answers(batch, worker.ask(asked).result(), prefix)


def read_batch(batch: object, rows: Asks | None, key: str | None, prefix: str) -> list[Row]:
    """What each row asks; of one that cannot be asked, its error. Raises ConfigError, and what `rows` raises."""
    table = cast(Any, batch)
    taken = [prefix + name for name in COLUMNS if prefix + name in table.schema.names]
    if taken:
        raise ConfigError(f"there is a column {', '.join(taken)}: rename it, or give prefix= for the new ones")
    return [_read(columns, rows, key, place) for place, columns in enumerate(table.to_pylist())]


def _read(columns: dict[str, Any], rows: Asks | None, key: str | None, place: int) -> Row:
    asked = columns if rows is None else rows(columns)
    if isinstance(asked, Row):
        return asked
    if key is None:
        return evolve(read_row(asked, place, None), key="")
    fields = dict(asked) if isinstance(asked, Mapping) else {}
    name = fields.pop(key, columns.get(key))
    read = read_row({key: name, "prompt": ""}, place, key)  # whether it is a name
    return read if read.error else evolve(read_row(fields or asked, place, None), key=name)


def with_answers(batch: T, rows: Sequence[Row], prefix: str) -> T:
    """The batch with the columns of `COLUMNS`."""
    pyarrow = arrow_library()
    values = [_values(row) for row in rows]
    table = cast(Any, batch)
    for name, kind in COLUMNS.items():
        column = pyarrow.array([value.get(name) for value in values], getattr(pyarrow, kind)())
        table = table.append_column(prefix + name, column)
    return cast(T, table)


def _values(row: Row) -> dict[str, Any]:
    answer = row.response if row.error is None else row.error.partial
    values: dict[str, Any] = {"cached": False, "again": row.again}
    if row.error is not None:
        values |= {"error": type(row.error).__name__, "reason": str(row.error), "model": row.error.model or None}
    if answer is not None:
        usage = answer.usage
        values |= {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens, "cost_usd": usage.cost_usd}
        values |= {"finish_reason": answer.finish_reason.value, "model": answer.model, "cached": answer.cached}
    if row.response is not None and row.error is None:
        values |= {"answer": row.response.text, "response": _text(row.response)}
    return values


def _text(response: Response) -> str:
    """As the log keeps it."""
    return json.text(serialize.to_kept(response))


def arrow_library() -> Any:
    try:
        return import_module("pyarrow")
    except ImportError:
        raise ConfigError("Arrow tables need pyarrow: pip install 'aikido-llm[arrow]'") from None


def folder_of(log: str | os.PathLike[str]) -> str:
    """The log's folder as every process of a machine names it. Raises ConfigError for what is none."""
    path = os.fspath(log)
    if not path or os.path.isfile(path):
        raise ConfigError(f"log names a folder that all machines share, and {path!r} is none")
    return path if "://" in path else os.path.abspath(path)


def whole(name: str, number: int) -> None:
    """Raises ConfigError for what is no whole number from 1 on."""
    if type(number) is not int or number < 1:
        raise ConfigError(f"{name} is a whole number from 1 on")


# ---------------------------------------------------------------- the workers of this process

_workers: OrderedDict[object, Worker] = OrderedDict()
_users: Counter[object] = Counter()
_inherited: list[OrderedDict[object, Worker]] = []  # of the parent: nothing of them is used, closed or collected here
_lock = Lock()


@contextmanager
def _kept(name: object, make: Callable[[], Worker]) -> Generator[Worker]:
    """The worker of that name, made when there is none. Those that nobody uses are closed when there are many."""
    with _lock:
        worker = _workers.pop(name, None) or make()
        _workers[name] = worker
        _users[name] += 1
    try:
        yield worker
    finally:
        with _lock:
            _users[name] -= 1
            idle = [other for other in _workers if not _users[other]]
            left = [_workers.pop(other) for other in idle[: max(0, len(_workers) - _KEPT)]]
        for other in left:
            other.close()


def _forget() -> None:
    """In a forked child, which has none of the threads."""
    global _lock
    _inherited.append(_workers.copy())
    _workers.clear()
    _users.clear()
    _lock = Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
