"""`aikido-llm embed`: vectors of many texts from files, each made once."""

import asyncio
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import click

import aikido_llm as llm

from ..access.details import Details
from ..access.options import Access, access_options
from ..rows import inputs, vectors
from ..rows.outputs import Errors, Output
from ..rows.tables import expand, open_source
from ..terminal import speak
from ..terminal.render import json_line
from .map import bounded, check, check_names

_EPILOG = """\b
A line of FILE (or of stdin: -) is a JSON string or an object with text and id; with --text it is the text.
Of a table (.csv, .tsv, .parquet) the columns text and id are read; --column names another.
\b
A line of OUT.jsonl is {"line": 1, "hash": "...", "id": 7, "settings": "...", "vector": [0.25, ...]}.
OUT.parquet has line, id and vector, and is written when all is made; until then see OUT.parquet.jsonl.
\b
Examples:
  aikido-llm embed texts.jsonl -p openai -m text-embedding-3-small -o vectors.jsonl
  aikido-llm embed notes.csv --column body -p cohere -m embed-v4.0 --input-type document -o vectors.parquet
  aikido-llm embed --text words.txt -p ollama -m nomic-embed-text -o vectors.jsonl
"""
_OF_VECTORS = ("dimensions", "input_type")


@click.command("embed", epilog=_EPILOG)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--text", "plain", is_flag=True, help="The lines are texts, not JSON.")
@click.option("--column", metavar="NAME", help="Where a row has its text.  [default: text, or prompt]")
@click.option("-o", "--out", required=True, metavar="OUT", type=click.Path(dir_okay=False, path_type=Path),
              help="Where vectors are appended (.jsonl), or a table (.parquet); failures go beside it.")  # fmt: skip
@access_options
@click.option("-d", "--dimensions", type=click.IntRange(min=1), help="Of each vector, where the model can shorten.")
@click.option("--input-type", metavar="WORD", help="What the texts are for: query, document, or the host's own word.")
@click.option("--limit-rpm", type=click.IntRange(1), metavar="N", help="At most so many requests a minute.")
@click.option("--limit-tpm", type=click.IntRange(1), metavar="N", help="At most so many tokens a minute.")
@click.option("--budget", type=click.FloatRange(0, min_open=True), metavar="USD", help="Stop before more is spent, in "
              "US dollars (needs the extra prices).")  # fmt: skip
def command(access: Access, files: tuple[str, ...], out: Path, *, plain: bool, **options: Any) -> None:
    """Make a vector of every text in the FILEs. Run it again to go on after a stop: what is there is not asked again,
    also after kill -9. Exit status 1 when some failed.
    """
    table = out if out.suffix.lower() == ".parquet" else None
    lines = out if table is None else out.with_name(f"{out.name}.jsonl")
    paths = expand(files)
    errors = Errors(lines)
    check_names(paths, lines, errors.path)
    if table is not None:
        _check_table(table, lines)
    kind, chosen = _kind(access, options)
    client = access.client(**chosen.own)
    settings = inputs.digest(
        json_line([repr(client), access.parameters, plain, options["column"], *kind, *chosen.decides]).encode()
    )
    with closing(open_source(paths, plain=plain, whole=True)) as source:
        if source.all_wrong():
            raise click.UsageError(f"no line of {paths[0]} is JSON: write each text as a JSON string, or pass --text")
        with closing(Output(lines, answer=vectors.ANSWER)) as output:
            total = check(source, paths, output, settings)
            output.begin()
            errors.begin()
            run = vectors.Vectors(
                bounded(client, options), source, output, errors, total, settings, options["column"], plain, *kind
            )
            try:
                asyncio.run(run.go())
            finally:
                speak.err(run.summary())
    if run.stopped is not None:
        raise run.stopped
    if run.errors.count:
        sys.exit(1)
    if table is not None:
        vectors.write_parquet(lines, table)
        lines.unlink()
        speak.err(f"embed: the table is {table}")


def _kind(access: Access, options: dict[str, Any]) -> tuple[tuple[int | None, str | None], Details]:
    """((dimensions, input type), what else is set for this model): the flags beat the settings. Raises ConfigError."""
    held = access.set_options
    chosen = access.details(apart=_OF_VECTORS)
    dimensions = held.get("dimensions")
    wrong = next(iter(chosen.fields), "dimensions" if dimensions and not dimensions.isdecimal() else None)
    if wrong is not None:
        raise llm.ConfigError(f"option.{access.asked_model} in `aikido-llm config`: vectors have no such {wrong}")
    kind = (options["dimensions"] or (int(dimensions) if dimensions else None),
            options["input_type"] or held.get("input_type"))  # fmt: skip
    return kind, chosen


def _check_table(table: Path, lines: Path) -> None:
    """Raises ConfigError when the table is there already, or cannot be written in the end."""
    vectors.needed("pyarrow.parquet")
    if table.exists() and not (lines.exists() and vectors.is_ours(table)):  # a kill may have left both
        raise llm.ConfigError(f"{table} is there already: pass another --out, or remove it")
