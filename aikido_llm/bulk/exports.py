"""What a log holds -> a file for others: lines of JSON, CSV or Parquet."""

import asyncio
import contextlib
import csv
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from .. import serialize
from ..codecs import json
from ..errors import ConfigError
from ..store import Call

_PAGE = 500  # calls that are written at once
Write: TypeAlias = Callable[[Sequence[Call]], None]


class Kept(Protocol):
    """What holds calls: a CallStore, Parts."""

    def calls(self) -> AsyncIterator[Call]: ...


async def export(log: Kept, path: str | os.PathLike[str]) -> int:
    """Write all calls of a log into a new file, which only the user may read. Returns how many.

    The name's ending says how: `.jsonl` has all of each call (`serialize.from_dict(line, Call)` reads it); `.csv` and
    `.parquet` (extra `parquet`) have the columns of `flat`.
    raises: FileExistsError; ConfigError for another ending, and for Parquet without pyarrow.
    """
    file = Path(path)
    writer = _WRITERS.get(file.suffix.lower())
    if writer is None:
        raise ConfigError(f"{file.name} should end in one of {', '.join(_WRITERS)}: the ending says how it is written")
    count = 0
    page: list[Call] = []
    with writer(file) as write:
        async with contextlib.aclosing(_closable(log)) as calls:
            async for call in calls:
                page.append(call)
                count += 1
                if len(page) == _PAGE:
                    await asyncio.to_thread(write, page)
                    page = []
        await asyncio.to_thread(write, page)
    return count


def flat(call: Call) -> dict[str, Any]:
    """A call as columns of plain values. row, prompt (the text of the last message), text; error, reason."""
    last: Any = call.request["messages"][-1].get("content", "") if call.request.get("messages") else ""
    prompt = last if isinstance(last, str) else "".join(part.get("text", "") for part in last)
    usage = call.usage
    return {
        "row": _bare(call.row),
        "prompt": prompt,
        "text": call.response.text if call.response else None,
        "outcome": call.outcome.value,
        "finish_reason": call.response.finish_reason.value if call.response else None,
        "error": type(call.error).__name__ if call.error else None,
        "reason": str(call.error) if call.error else None,
        "provider": call.provider,
        "model": call.model,
        "attempts": call.attempts,
        "at": call.at,
        "seconds": call.seconds,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read_tokens": usage.cache_read_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "cost_usd": usage.cost_usd,
        "key": call.key,
    }


def _bare(row: str) -> str:
    """A row's key as text: without the quotes that it has as JSON."""
    value = json.loads(row) if row else ""
    return value if isinstance(value, str) else row


async def _closable(log: Kept) -> AsyncGenerator[Call]:
    async for call in log.calls():
        yield call


@contextmanager
def _lines(path: Path) -> Generator[Write]:
    with os.fdopen(_new(path), "wb") as file:
        yield lambda calls: file.writelines(json.dumps(serialize.to_dict(call)) + b"\n" for call in calls)


@contextmanager
def _csv(path: Path) -> Generator[Write]:
    with os.fdopen(_new(path), "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(_TYPES))
        writer.writeheader()
        yield lambda calls: writer.writerows(map(flat, calls))


@contextmanager
def _parquet(path: Path) -> Generator[Write]:
    try:
        arrow: Any = import_module("pyarrow")
        parquet: Any = import_module("pyarrow.parquet")
    except ImportError:
        raise ConfigError("Parquet needs pyarrow: pip install 'aikido-llm[parquet]'") from None
    schema = arrow.schema([(name, getattr(arrow, kind)()) for name, kind in _TYPES.items()])

    def write(calls: Sequence[Call]) -> None:
        if calls:
            writer.write_table(arrow.Table.from_pylist([flat(call) for call in calls], schema=schema))

    with os.fdopen(_new(path), "wb") as file, parquet.ParquetWriter(file, schema) as writer:
        yield write


def _new(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


# Column of `flat` -> its type in Arrow.
_TYPES = {
    **dict.fromkeys(("row", "prompt", "text", "outcome", "finish_reason", "error", "reason"), "string"),
    **dict.fromkeys(("provider", "model"), "string"),
    "attempts": "int64",
    **dict.fromkeys(("at", "seconds"), "float64"),
    **dict.fromkeys(("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens"), "int64"),
    "reasoning_tokens": "int64",
    "cost_usd": "float64",
    "key": "string",
}
_WRITERS = {".jsonl": _lines, ".csv": _csv, ".parquet": _parquet}
