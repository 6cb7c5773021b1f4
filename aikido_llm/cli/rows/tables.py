"""The inputs of `map` as one sequence of rows: files of lines, tables, several of them."""

import csv
import glob
from collections.abc import Iterator, Sequence
from importlib import import_module
from json import dumps
from pathlib import Path
from typing import Any, Protocol

import click

import aikido_llm as llm

from .inputs import Lines

_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_PARQUET = ".parquet"


class Source(Protocol):
    """What is asked: rows by number, to be read more than once."""

    def numbered(self) -> Iterator[tuple[int, bytes]]:
        """(number from 1, its bytes) of each row: a line, or a table's row as a JSON object."""
        ...

    def all_wrong(self) -> bool:
        """Whether there are rows, and none is what it should be."""
        ...

    def close(self) -> None: ...


def expand(paths: Sequence[str]) -> list[Path]:
    """The files that are meant; patterns that the shell has left alone are ours to fill. Raises click.UsageError."""
    found: list[Path] = []
    for path in paths:
        files = sorted(glob.glob(path, recursive=True)) if not Path(path).exists() and glob.has_magic(path) else [path]
        if not files:
            raise click.UsageError(f"no file fits {path}")
        found += map(Path, files)
    for file in found:
        if str(file) != "-" and not file.exists():
            raise click.UsageError(f"there is no file {file}")
        if file.is_dir():
            raise click.UsageError(f"{file} is a folder: name its files ({file}/*.jsonl)")
    if len(found) > 1 and Path("-") in found:
        raise click.UsageError("stdin (-) stands alone")
    return found


def open_source(files: Sequence[Path], *, plain: bool, whole: bool) -> Source:
    """plain: lines are prompts. whole: all columns of a table count, not `prompt` and `id` alone."""
    opened: list[Source] = []
    for file in files:
        kind = file.suffix.lower()
        if kind in (*_DELIMITERS, _PARQUET) and not plain:
            opened.append(Table(file, whole=whole))
        else:
            opened.append(Lines(file, plain=plain))
    return opened[0] if len(opened) == 1 else Several(opened)


class Table:
    """A file of CSV (.csv, .tsv) or Parquet. Without a template, its column `prompt` is asked."""

    def __init__(self, path: Path, *, whole: bool) -> None:
        self.path = path
        self._whole = whole

    def numbered(self) -> Iterator[tuple[int, bytes]]:
        rows = self._parquet() if self.path.suffix.lower() == _PARQUET else self._csv()
        for number, row in enumerate(rows, 1):
            if not self._whole:
                if "prompt" not in row:
                    raise llm.ConfigError(
                        f"{self.path} has no column `prompt`: make a prompt of those that it has with --prompt "
                        f"({', '.join(row)})"
                    )
                row = {name: row[name] for name in ("id", "prompt") if row.get(name) is not None}
            yield number, dumps(row, ensure_ascii=False, default=str).encode("utf-8", "surrogatepass")

    def all_wrong(self) -> bool:
        return False

    def close(self) -> None:
        pass

    def _csv(self) -> Iterator[dict[str, Any]]:
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as file:
                for row in csv.DictReader(file, delimiter=_DELIMITERS[self.path.suffix.lower()], strict=True):
                    yield {name: value for name, value in row.items() if isinstance(name, str)}
        except (csv.Error, UnicodeDecodeError) as error:
            raise llm.ConfigError(f"{self.path} is no CSV in UTF-8: {error}") from None

    def _parquet(self) -> Iterator[dict[str, Any]]:
        try:
            parquet: Any = import_module("pyarrow.parquet")
        except ImportError:
            raise llm.ConfigError("Parquet needs pyarrow: pip install 'aikido-llm[parquet]'") from None
        try:
            with parquet.ParquetFile(self.path) as file:
                for batch in file.iter_batches(batch_size=1000):
                    yield from batch.to_pylist()
        except (OSError, ValueError) as error:
            raise llm.ConfigError(f"{self.path} cannot be read as Parquet: {error}") from None


class Several:
    """Files one behind the other; the numbers go on."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources

    def numbered(self) -> Iterator[tuple[int, bytes]]:
        behind = 0
        for source in self._sources:
            last = 0
            for last, text in source.numbered():
                yield behind + last, text
            behind += last

    def all_wrong(self) -> bool:
        return all(source.all_wrong() for source in self._sources)

    def close(self) -> None:
        for source in self._sources:
            source.close()
