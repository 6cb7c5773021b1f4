"""What `embed` does with its rows: a few hundred texts a call, what is there kept at once, and a table at the end."""

from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar, cast

from attrs import define, frozen
from rich.progress import Progress, TaskID

import aikido_llm as llm
from aikido_llm.codecs import json
from aikido_llm.types.embeddings import Vector

from ..access import places
from ..asking.media import text_of
from ..terminal.explain import explain
from .inputs import digest
from .job import progress_bar
from .outputs import Errors, Output
from .tables import Source

T = TypeVar("T")
ANSWER = "vector"
_AT_ONCE = 1024  # rows that are asked for together: what a kill may have asked again
_MEETS_ALL = (
    llm.AuthError,
    llm.ConfigError,
    llm.BudgetExceededError,
    llm.UnsupportedFeatureError,
    llm.ModelNotFoundError,
)
_TEXTS = ("text", "prompt")
_OURS = b"aikido_llm.vectors"
"""By which a table of ours is known."""


@frozen
class Text:
    """One row. text: None when it has none, and problem says why."""

    line: int
    hash: str
    id: Any = None
    text: str | None = None
    problem: str = ""


def read(number: int, line: bytes, column: str | None, *, plain: bool) -> Text:
    """A line of text, a JSON string, or an object whose text is under `column` (else `text` or `prompt`)."""
    mark = digest(line)
    try:
        row: Any = text_of(line) if plain else json.loads(line)
    except ValueError:
        return Text(number, mark, problem="the line is not JSON" if not plain else "the line is no text in UTF-8")
    if isinstance(row, str):
        return Text(number, mark, text=row)
    if not isinstance(row, dict):
        return Text(number, mark, problem="the line is neither a JSON string nor an object")
    columns = cast("dict[str, Any]", row)
    names = _TEXTS if column is None else (column,)
    text = next((columns[name] for name in names if isinstance(columns.get(name), str)), None)
    problem = "" if text is not None else f"the row has no text under {' or '.join(names)}"
    return Text(number, mark, columns.get("id"), text, problem)


@define
class Vectors:
    """One run. total: of rows in the source. stopped: what would have met every row."""

    client: llm.HTTPClient
    source: Source
    output: Output
    errors: Errors
    total: int
    settings: str
    column: str | None = None
    plain: bool = False
    dimensions: int | None = None
    input_type: str | None = None
    made: int = 0
    tokens: int = 0
    stopped: llm.LLMError | None = None

    async def go(self) -> None:
        """Make what is not there. After a failure that would meet every row (the key, the credit) it stops."""
        with progress_bar() as bar:
            task = bar.add_task("", total=self.total, completed=len(self.output.done), about="")
            try:
                async with self.client:
                    for rows in together(self._asked()):
                        await self._make(rows)
                        self._show(bar, task)
            except llm.LLMError as error:
                self.stopped = error

    def summary(self) -> str:
        """What came of it, and what to do next."""
        before, failed = len(self.output.done), self.errors.count
        left = self.total - before - self.made - failed
        parts = [f"{self.made:,} made" + (f" of {self.tokens:,} tokens" if self.tokens else "")]
        parts += [f"{before:,} were there before"] * bool(before)
        parts += [f"{failed:,} failed ({self.errors.path})"] * bool(failed)
        parts += [f"{left:,} not asked"] * bool(left)
        again = "; run it again for the rest" if left or failed else ""
        return f"embed: {self.total:,} texts: {', '.join(parts)}; vectors are in {self.output.path}{again}"

    def _asked(self) -> Iterator[Text]:
        for number, line in self.source.numbered():
            if number in self.output.done:
                continue
            row = read(number, line, self.column, plain=self.plain)
            if row.text is None:
                self._fail(row, llm.InvalidRequestError(f"line {row.line}: {row.problem}"))
            else:
                yield row

    async def _make(self, rows: Sequence[Text]) -> None:
        """The vectors of these rows. Of several that are refused, the one that is at fault is looked for by halves:
        what is refused costs nothing."""
        try:
            found = await self.client.embed(
                [row.text or "" for row in rows], dimensions=self.dimensions, input_type=self.input_type
            )
        except llm.LLMError as error:
            made = error.partial_embeddings
            self._keep(made, rows)
            there = set(() if made is None else made.indexes or ())
            missing = [row for place, row in enumerate(rows) if place not in there]
            if isinstance(error, _MEETS_ALL):
                raise
            if isinstance(error, llm.InvalidRequestError) and len(missing) > 1:
                half = len(missing) // 2
                await self._make(missing[:half])
                await self._make(missing[half:])
                return
            for row in missing:
                self._fail(row, error)
        else:
            self._keep(found, rows)

    def _keep(self, found: llm.Embeddings | None, rows: Sequence[Text]) -> None:
        if found is None:
            return
        places: Iterable[int] = range(len(rows)) if found.indexes is None else found.indexes
        for place, vector in zip(places, found.vectors, strict=True):
            self.output.append({**_head(rows[place]), "settings": self.settings, ANSWER: numbers(vector)})
            self.made += 1
        self.tokens += found.usage.input_tokens or 0

    def _fail(self, row: Text, error: llm.LLMError) -> None:
        failed = {"error": llm.serialize.to_dict(error), "reason": explain(error)}
        self.errors.append({**_head(row), **failed})

    def _show(self, bar: Progress, task: TaskID) -> None:
        done = len(self.output.done) + self.made + self.errors.count
        about = f"{self.tokens:,} tokens" if self.tokens else ""
        bar.update(task, completed=done, about=about)


def together(items: Iterable[T]) -> Iterator[list[T]]:
    """A few hundred at a time."""
    rest = iter(items)
    while some := list(islice(rest, _AT_ONCE)):
        yield some


def _head(row: Text) -> dict[str, Any]:
    return {"line": row.line, "hash": row.hash, **({} if row.id is None else {"id": row.id})}


def numbers(vector: Vector) -> list[float]:
    """As decimals that give the same float32 again; nine digits do, and the text is half as long."""
    return [float(f"{number:.9g}") for number in vector]


def is_ours(table: Path) -> bool:
    """Whether `write_parquet` has written it."""
    try:
        held = needed("pyarrow.parquet").read_metadata(table).metadata
    except (OSError, ValueError):  # what is no Parquet is a ValueError of pyarrow
        return False
    return _OURS in (held or {})


def write_parquet(lines: Path, path: Path) -> None:
    """The kept lines -> a table with the columns line, id and vector (float32), in the order of the input: whole or not
    at all."""
    arrow, parquet = needed("pyarrow"), needed("pyarrow.parquet")
    kept: list[tuple[int, int]] = []
    with lines.open("rb") as file:
        at = 0
        for line in file:
            kept.append((json.loads_object(line)["line"], at))
            at += len(line)
        kinds = {"line": arrow.int64(), "id": arrow.string(), ANSWER: arrow.list_(arrow.float32())}
        schema = arrow.schema(kinds, metadata={_OURS: b""})
        with places.drafted(path, 0o666) as written, parquet.ParquetWriter(written, schema) as writer:
            for some in together(sorted(kept)):
                records = [_record_at(file, place) for _, place in some]
                columns = {name: [record.get(name) for record in records] for name in kinds}
                columns["id"] = [id if id is None or isinstance(id, str) else json.text(id) for id in columns["id"]]
                writer.write_table(arrow.table(columns, schema=schema))


def _record_at(file: Any, place: int) -> dict[str, Any]:
    file.seek(place)
    return json.loads_object(file.readline())


def needed(module: str) -> Any:
    """A module of pyarrow. Raises ConfigError where it is not installed."""
    try:
        return import_module(module)
    except ImportError:
        raise llm.ConfigError("Parquet needs pyarrow: pip install 'aikido-llm[parquet]'") from None
