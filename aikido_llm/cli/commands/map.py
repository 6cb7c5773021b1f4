"""`aikido-llm map`: many prompts from files, each answered once."""

import asyncio
import sys
from collections.abc import Container, Sequence
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any

import click

import aikido_llm as llm
from aikido_llm import middleware
from aikido_llm.store import CallStore

from ..access.details import Said, detail_options
from ..access.options import Access, access_options, stand_in
from ..asking import request as asking
from ..asking import schema
from ..asking.template import Template
from ..rows import inputs
from ..rows.estimate import Estimate, cost, estimate
from ..rows.hosted import HostedJob, note_of
from ..rows.job import Job
from ..rows.outputs import Errors, Output
from ..rows.tables import Source, expand, open_source
from ..terminal import speak
from ..terminal.render import json_line

_EPILOG = """\b
A line of FILE (or of stdin: -) is a JSON string, or {"id": 7, "prompt": "why?", "max_tokens": 100}, or the
same with "messages". Of a table (.csv, .tsv, .parquet) the columns prompt and id are read.
Run the same command again to go on after a stop, and to ask again for what failed.
\b
Examples:
  aikido-llm map questions.jsonl -o answers.jsonl -p openai -m gpt-5-mini
  aikido-llm map reviews.csv -o out.jsonl --prompt 'Is this praise? {review}' --schema verdict.json
  aikido-llm map rows.parquet -o out.jsonl --prompt 'Sum up: {text}' --budget 5 --dry-run
"""


def _template(text: str | None) -> Template | None:
    try:
        return None if text is None else Template.parse(asking.typed(text, "--prompt"))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--prompt") from None


def _schema(text: str | None) -> llm.ResponseFormat | None:
    try:
        return None if text is None else schema.response_format(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--schema") from None


@click.command("map", epilog=_EPILOG)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--text", "plain", is_flag=True, help="The lines are prompts, not JSON.")
@click.option("--prompt", "template", metavar="TEMPLATE", help="The prompt of a row, made of its columns: "
              "'translate {text} into {language}' (a line that is no row is the column text).")  # fmt: skip
@click.option("-o", "--out", required=True, metavar="OUT.jsonl", type=click.Path(dir_okay=False, path_type=Path),
              help="Where answers are appended; failures go to OUT.errors.jsonl.")  # fmt: skip
@access_options
@click.option(
    "-c", "--concurrency", type=click.IntRange(1, 1000), default=8, show_default=True, help="Requests at once."
)
@click.option("--attempts", type=click.IntRange(1), default=5, show_default=True, help="Requests for one answer, "
              "when the provider or the network fails or asks to wait.")  # fmt: skip
@click.option("-s", "--system", metavar="TEXT", help="Instructions to the model.")
@detail_options("--option")
@click.option("--schema", metavar="FILE|FIELDS", help="Answers are JSON: by a JSON Schema, or 'name, age int'.")
@click.option("--log", metavar="LOG.db", type=click.Path(dir_okay=False, path_type=Path), help="A store of calls that "
              "runs share, also at once: what any of them has answered is not asked again.")  # fmt: skip
@click.option("--limit-rpm", type=click.IntRange(1), metavar="N", help="At most so many requests a minute.")
@click.option("--limit-tpm", type=click.IntRange(1), metavar="N", help="At most so many tokens a minute.")
@click.option("--budget", type=click.FloatRange(0, min_open=True), metavar="USD", help="Stop before more is spent, in "
              "US dollars (needs the extra prices); a batch that may cost more is not submitted.")  # fmt: skip
@click.option("--batch", is_flag=True, help="As a hosted batch: half the price, within a day. The same command again "
              "waits for it, after any stop.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Say what would be asked and what it would take; send nothing.")
def command(
    access: Access, files: tuple[str, ...], out: Path, concurrency: int, *, plain: bool, said: Said, **options: Any
) -> None:
    """Ask every row of the FILEs, and append the answers to OUT as they come (so in another order).

    Answers that are in OUT are not asked for again, also after kill -9. Exit status 1 when some failed. What a row
    says itself (its instructions, max_tokens, ...) beats the flags.
    """
    if options["batch"]:
        _check_batch(options)
    paths = expand(files)
    errors = Errors(out)
    check_names(paths, out, errors.path)
    system = None if options["system"] is None else asking.typed(options["system"], "--system")
    chosen = access.details(said)
    reader = inputs.Reader(plain, _template(options["template"]), chosen)
    defaults = llm.Options(response_format=_schema(options["schema"]))
    client = access.client(options=defaults, limits=llm.Limits(connections=concurrency), **chosen.own)
    decides = [repr(client), access.parameters, system, plain, repr(defaults), chosen.decides]
    if reader.template is not None:
        decides.append(reader.template.text)
    settings = inputs.digest(json_line(decides).encode())
    with closing(open_source(paths, plain=plain, whole=reader.template is not None)) as source:
        if source.all_wrong():
            raise click.UsageError(f"no line of {paths[0]} is JSON: write each prompt as a JSON string, or pass --text")
        if options["dry_run"]:
            found = estimate(source, reader, _answered(out), system)
            speak.err(found.said(_cost(client, found, batch=options["batch"])))
            return
        with closing(Output(out)) as output:
            total = check(source, paths, output, settings)
            if options["batch"] and options["budget"] is not None and not note_of(out).exists():
                found = estimate(source, reader, output.done, system)
                _check_budget(found, _cost(client, found, batch=True), options["budget"])
            output.begin()
            errors.begin()
            kind = HostedJob if options["batch"] else Job
            job = kind(
                bounded(client, options), source, reader, output, errors, total, settings,
                attempts=options["attempts"], system=system,
            )  # fmt: skip
            try:
                asyncio.run(_go(job, concurrency, options["log"]))
            finally:
                speak.err(job.summary() + (f" ({words})" if (words := stand_in(access)) else ""))
    if job.stopped is not None:
        raise job.stopped
    if job.errors.count:
        sys.exit(1)


async def _go(job: Job, concurrency: int, log: Path | None) -> None:
    async with AsyncExitStack() as opened:
        if log is not None:
            job.log = await opened.enter_async_context(CallStore(log))
        await opened.enter_async_context(job.client)
        await job.go(concurrency)


def bounded(client: llm.HTTPClient, options: dict[str, Any]) -> llm.HTTPClient:
    """The client under the limits and the budget that were asked for."""
    if options["limit_rpm"] is not None or options["limit_tpm"] is not None:
        client = middleware.limited(client, middleware.Limiter(options["limit_rpm"], options["limit_tpm"]))
    if options["budget"] is not None and not options["batch"]:
        client = middleware.budgeted(client, middleware.Budget(usd=options["budget"]))
    return client


def _check_batch(options: dict[str, Any]) -> None:
    """Raises click.UsageError for what a hosted batch does not know."""
    foreign = [name for name in ("log", "limit_rpm", "limit_tpm") if options[name] is not None]
    if foreign:
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in foreign)
        raise click.UsageError(f"a hosted batch has no place for {flags}: the provider works through it by itself")


def _cost(client: llm.HTTPClient, found: Estimate, *, batch: bool) -> float | None:
    """US dollars, None where nobody knows."""
    usd = cost(client.provider, client.model, found)
    return usd * client.hosted_batches().price if usd is not None and batch else usd


def _check_budget(found: Estimate, usd: float | None, budget: float) -> None:
    """What is handed over is paid, so it is looked at before. Raises ConfigError for what may cost more."""
    if not found.bounded:
        raise llm.ConfigError(
            "what a hosted batch will cost can be told only where each answer has a bound: --max-tokens"
        )
    if usd is None:
        raise llm.ConfigError("nobody knows what this batch will cost: there is no price of this model"
                              " (pip install 'aikido-llm[prices]'), so --budget cannot be held")  # fmt: skip
    if usd > budget:
        raise llm.ConfigError(
            f"this batch may cost ${usd:,.4g}, more than the budget of ${budget:,.4g}; nothing was submitted"
        )


def _answered(out: Path) -> Container[int]:
    if not out.exists():
        return ()
    with closing(Output(out)) as output:
        return output.done


def check_names(files: Sequence[Path], out: Path, errors: Path) -> None:
    """Raises click.UsageError when what is read would be written to."""
    if str(out) == "-":
        raise click.UsageError("OUT must be a file: it is what a later run goes on from")
    for file in files:
        for path, what in ((out, "OUT"), (errors, f"{errors}, where failures are written,")):
            if str(file) != "-" and path.exists() and path.samefile(file):
                raise click.UsageError(f"FILE and {what} are the same file")


def check(source: Source, files: Sequence[Path], output: Output, settings: str) -> int:
    """The number of rows. Raises ConfigError when the output's answers are to other rows or of other settings."""
    named = ", ".join(map(str, files))
    left = dict(output.done)
    if any(mark.settings not in ("", settings) for mark in left.values()):
        raise llm.ConfigError(
            f"{output.path} was answered with other settings (provider, model, address, instructions or options): "
            "pass another --out"
        )
    if any(not mark.settings for mark in left.values()):
        speak.err(f"{output.path} was begun by version 0.1, which did not note with which provider and model")
    total = 0
    for number, text in source.numbered():
        total += 1
        answered = left.pop(number, None)
        if answered is not None and answered.hash != inputs.digest(text):
            raise llm.ConfigError(
                f"line {number} of {named} is another one than {output.path} has answered: pass another --out"
            )
    if left:
        raise llm.ConfigError(f"{output.path} has answers to lines that {named} does not have: pass another --out")
    return total
