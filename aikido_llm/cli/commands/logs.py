"""`aikido-llm logs`: what was asked and answered."""

import asyncio
import re
import time
from typing import TYPE_CHECKING

import click

import aikido_llm as llm

from ..access import places, settings
from ..log import consent, past
from ..terminal import speak
from ..terminal.render import counts, safe
from ..terminal.table import show

if TYPE_CHECKING:
    from aikido_llm.types.calls import Call

_EPILOG = """\b
Examples:
  aikido-llm logs -q "tide tables" -n 5
  aikido-llm logs show 12                      # the whole conversation
  aikido-llm logs prune --before 90d
"""
_COLUMNS = ("id", "when", "model", "asked", "answered")
_SHOWN = 40  # characters of a question and of an answer in the list
_SPAN = re.compile(r"(\d+)([dhm])")
_SECONDS = {"d": 86400.0, "h": 3600.0, "m": 60.0}


@click.group("logs", epilog=_EPILOG, invoke_without_command=True)
@click.option("-q", "--query", metavar="WORDS", default="", help="Those with all WORDS in question or answer.")
@click.option("-n", "--count", type=click.IntRange(min=1), default=10, show_default=True, help="How many, the newest.")
@click.option("-m", "--model", metavar="NAME", default="", help="Those whose model has NAME in its name.")
@click.option("--conversation", metavar="ID", type=click.IntRange(min=1), help="The turns that led to this call.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@click.pass_context
def command(ctx: click.Context, query: str, count: int, model: str, conversation: int | None, as_json: bool) -> None:
    """List the calls that were kept, the newest last; `chat --conversation ID` goes on from one of them.

    They are kept when `config set log on` says so and a terminal is used, or `--log` is given.
    """
    if ctx.invoked_subcommand is not None:
        return
    if conversation is not None:
        _conversation(conversation, as_json=as_json)
        return
    if not places.log().exists():
        speak.err(f"aikido-llm: {_nothing()}")
        return
    found = asyncio.run(_find(query, count, model))
    if as_json:
        for call in found:
            speak.line(llm.serialize.to_dict(call))
        return
    if found:
        show(_COLUMNS, map(_row, found), right=_COLUMNS[:1], cut=_COLUMNS[3:])
    speak.err(f"aikido-llm: {'' if found else 'no such call in '}{places.log()}")


@command.command("show")
@click.argument("number", metavar="ID", type=click.IntRange(min=1), required=False)
@click.option("-r", "--response", "alone", is_flag=True, help="Print the answer alone.")
@click.option("--json", "as_json", is_flag=True, help="Print the messages as one JSON list.")
def show_call(number: int | None, alone: bool, as_json: bool) -> None:
    """Print the conversation that ends in the call ID, or in the last one."""
    if alone:
        call, _ = asyncio.run(_kept(number))
        speak.out(call.response.text if call.response is not None else "")
    else:
        _conversation(number, as_json=as_json)


@command.command("prune")
@click.option("--before", metavar="AGE|DATE", help="Those older than 90d, 12h, 30m, or than 2026-01-31.")
@click.option("--keep", type=click.IntRange(min=0), help="All but so many of the newest.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def prune(before: str | None, keep: int | None, yes: bool) -> None:
    """Forget calls for good: what only they held is overwritten."""
    if before is None and keep is None:
        raise click.UsageError("say which: --before AGE or --keep COUNT")
    limit = None if before is None else _time(before)
    if not yes:
        click.confirm(f"Forget what is {_which(before, keep)} in {places.log()}?", abort=True, err=True)
    count = asyncio.run(_prune(limit, keep))
    speak.err(f"aikido-llm: {count:,} call{'' if count == 1 else 's'} forgotten")


@command.command("path")
def path() -> None:
    """Print where the calls lie."""
    speak.out(str(places.log()))


async def _find(query: str, count: int, model: str) -> "list[Call]":
    async with consent.existing() as store:
        return (await store.find(query, limit=count, model=model))[::-1]


async def _prune(before: float | None, keep: int | None) -> int:
    async with consent.existing() as store:
        return await store.prune(before=before, keep=keep)


def _conversation(number: int | None, *, as_json: bool) -> None:
    call, found = asyncio.run(_kept(number))
    if as_json:
        speak.line([llm.serialize.to_dict(message) for message in found.messages])
        return
    speak.err(f"aikido-llm: call {call.id}, {_when(call)}, {safe(call.provider)}/{safe(call.model)}")
    for message in found.messages:
        speak.out(f"{message.role.value}:\n{message.text}\n")
        for one in message.tool_calls:
            speak.out(f"tool call: {one.name}({one.arguments})\n")
    if call.error is not None:
        speak.err(f"aikido-llm: it failed: {call.error}")
    elif said := counts(call.usage):
        speak.err(f"aikido-llm: {said}")


async def _kept(number: int | None) -> "tuple[Call, past.Past]":
    async with consent.existing() as store:
        call = await past.call(store, number)
        return call, past.of(call)


def _row(call: "Call") -> tuple[str, ...]:
    asked = [turn for turn in call.request["messages"] if turn.get("role") == "user"]
    content = asked[-1].get("content", "") if asked else ""
    text = content if isinstance(content, str) else " ".join(part.get("text", "") for part in content)
    said = str(call.error) if call.error is not None else call.response.text if call.response is not None else ""
    return str(call.id), _when(call), call.model, _short(text), _short(said)


def _when(call: "Call") -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(call.at))


def _short(text: str) -> str:
    line = " ".join(text[: 4 * _SHOWN].split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}..."


def _time(text: str) -> float:
    """Seconds since 1970. Raises click.BadParameter."""
    if span := _SPAN.fullmatch(text):
        return time.time() - int(span[1]) * _SECONDS[span[2]]
    try:
        return time.mktime(time.strptime(text, "%Y-%m-%d"))
    except (ValueError, OverflowError):
        raise click.BadParameter("takes 90d, 12h, 30m or 2026-01-31", param_hint="--before") from None


def _which(before: str | None, keep: int | None) -> str:
    older = f"older than {before}" if before else ""
    return " and ".join(part for part in (older, f"not among the newest {keep}" if keep is not None else "") if part)


def _nothing() -> str:
    said = "on, and nothing was asked on a terminal yet" if settings.read().log else "off: `config set log on`"
    return f"no calls are kept in {places.log()}; the log is {said}"
