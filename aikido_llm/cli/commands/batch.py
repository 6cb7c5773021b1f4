"""`aikido-llm batch`: hosted batches, wherever they were submitted."""

import asyncio
import datetime
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import click

import aikido_llm as llm
from aikido_llm import bulk

from ..access.options import Access, access_options
from ..terminal import speak
from ..terminal.explain import explain
from ..terminal.table import show

_EPILOG = """\b
Examples:
  aikido-llm map rows.jsonl -o out.jsonl -p openai -m gpt-5-mini --batch
  aikido-llm batch list -p openai
  aikido-llm batch results -p openai ID > answers.jsonl
"""
_COLUMNS = ("batch", "state", "rows", "answered", "failed", "begun")


@click.group("batch", epilog=_EPILOG)
def command() -> None:
    """Look at batches that a provider works through, wait for them, fetch their answers, cancel them.

    A batch is named by the id that `map --batch` or `bulk.submit` gave it, or by the provider's own.
    """


@command.command("list")
@access_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def list_batches(access: Access, as_json: bool) -> None:
    """List the batches of this key, the newest first."""
    found = [_about(batch) for batch in _run(access, bulk.list_batches)]
    if as_json:
        for about in found:
            speak.line(about)
    elif found:
        show(_COLUMNS, [[_shown(about[name]) for name in _COLUMNS] for about in found], right=_COLUMNS[2:5])
    else:
        speak.err(f"aikido-llm: {access.provider} lists no batches")


@command.command("wait")
@click.argument("id")
@access_options
def wait(access: Access, id: str) -> None:
    """Wait until the batch ID has ended. Leaving changes nothing: it goes on."""

    async def waited(client: llm.HTTPClient) -> bulk.BatchProgress:
        return await bulk.batch(client, id).wait(_tell)

    told = _run(access, waited)
    speak.err(f"aikido-llm: {', '.join(told.states)}: {told.succeeded:,} answered, {told.failed:,} failed")


@command.command("results")
@click.argument("id")
@access_options
def results(access: Access, id: str) -> None:
    """Print what came of the batch ID, one JSON object a line; waits for its end. Exit status 1 when rows failed.

    A line is {"key": ..., "response": {...}}, or {"key": ..., "error": {...}, "reason": "..."}; in any order.
    """

    async def printed(client: llm.HTTPClient) -> int:
        failed = 0
        batch = bulk.batch(client, id)
        await batch.wait(_tell)
        async with batch.results() as rows:
            async for row in rows:
                failed += row.error is not None
                speak.line(_line(row))
        return failed

    failed = _run(access, printed)
    if failed:
        speak.err(f"aikido-llm: {failed:,} rows have no answer")
        sys.exit(1)


@command.command("cancel")
@click.argument("id")
@access_options
def cancel(access: Access, id: str) -> None:
    """Have no further row of the batch ID asked. What was answered stays, and is paid for."""
    _run(access, lambda client: bulk.batch(client, id).cancel())


def _run(access: Access, ask: Callable[[llm.HTTPClient], Awaitable[Any]]) -> Any:
    async def asked() -> Any:
        async with access.client(model_needed=False) as client:
            return await ask(client)

    return asyncio.run(asked())


def _about(batch: bulk.Batch) -> dict[str, Any]:
    parts = batch.parts
    begun = min((part.created for part in parts if part.created), default=None)
    stamp = begun and datetime.datetime.fromtimestamp(begun).astimezone().isoformat(" ", "minutes")
    states = dict.fromkeys(part.raw_state or part.state.value for part in parts)
    return {
        "batch": batch.id,
        "state": ", ".join(states),
        "rows": sum(part.total or 0 for part in parts),
        "answered": sum(part.succeeded or 0 for part in parts),
        "failed": sum(part.failed or 0 for part in parts),
        "begun": stamp,
    }


def _shown(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else value or ""


def _line(row: bulk.Row) -> dict[str, Any]:
    if row.error is None:
        return {"key": row.key, "response": llm.serialize.to_dict(row.response)}
    return {"key": row.key, "error": llm.serialize.to_dict(row.error), "reason": explain(row.error)}


def _tell(told: bulk.BatchProgress) -> None:
    if not told.done:
        failing = f" ({explain(told.error)})" if told.error else ""
        speak.err(f"aikido-llm: {', '.join(told.states)}: {told.succeeded + told.failed:,} of {told.rows:,}{failing}")
