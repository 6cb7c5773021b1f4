"""`aikido-llm map`: many prompts from a file, each answered once."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import click
from attrs import define, evolve
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

import aikido_llm as llm

from . import inputs, speak
from . import request as asking
from .explain import explain
from .options import Access, access_options, stand_in
from .outputs import Errors, Output
from .render import json_line

_EPILOG = """\b
A line of FILE (or of stdin: -) is a JSON string, or an object; with --text it is the prompt itself:
  "why is the sky blue?"
  {"id": 7, "prompt": "why?", "max_tokens": 100}
  {"id": "b", "messages": [{"role": "user", "content": "why?"}], "model": "..."}
\b
A line of OUT is {"line": 1, "hash": "...", "settings": "...", "id": 7, "response": {"text": "...", ...}}.
Run the same command again to go on after a stop, and to ask again for what failed.
"""


@click.command("map", epilog=_EPILOG)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--text", "plain", is_flag=True, help="The lines are prompts, not JSON.")
@click.option("-o", "--out", required=True, metavar="OUT.jsonl", type=click.Path(dir_okay=False, path_type=Path),
              help="Where answers are appended; failures go to OUT.errors.jsonl.")  # fmt: skip
@access_options
@click.option(
    "-c", "--concurrency", type=click.IntRange(1, 1000), default=8, show_default=True, help="Requests at once."
)
@click.option("--attempts", type=click.IntRange(1), default=5, show_default=True, help="Requests for one answer, "
              "when the provider or the network fails or asks to wait.")  # fmt: skip
@click.option("-s", "--system", metavar="TEXT", help="Instructions, for lines that have none.")
@click.option("-t", "--temperature", type=float, help="For lines that give none.")
@click.option("--max-tokens", type=click.IntRange(min=1), help="For lines that give none.")
@click.option("--thinking", metavar="HOW", help="low, medium, high, or a number of tokens; for lines that give none.")
def command(
    access: Access, file: Path, out: Path, concurrency: int, attempts: int, *, plain: bool, **options: Any
) -> None:
    """Ask every line of FILE, and append the answers to OUT as they come (so in another order).

    Answers that are in OUT are not asked for again, also after kill -9. Exit status 1 when some failed.
    """
    errors = Errors(out)
    _check_names(file, out, errors.path)
    system = None if options["system"] is None else asking.typed(options["system"], "--system")
    defaults = llm.Options(
        temperature=options["temperature"],
        max_tokens=options["max_tokens"],
        thinking=asking.thinking(options["thinking"]),
    )
    client = access.client(options=defaults, limits=llm.Limits(connections=concurrency))
    settings = inputs.digest(json_line([repr(client), access.parameters, system, plain, repr(defaults)]).encode())
    with closing(inputs.Lines(file, plain=plain)) as lines:
        if lines.all_wrong():
            raise click.UsageError(f"no line of {file} is JSON: write each prompt as a JSON string, or pass --text")
        with closing(Output(out)) as output:
            total = check(lines, output, settings)
            output.begin()
            errors.begin()
            run = Run(client, lines, output, errors, total, settings, attempts=attempts, system=system)
            try:
                asyncio.run(run.go(concurrency))
            finally:
                speak.err(run.summary() + (f" ({said})" if (said := stand_in(access)) else ""))
    if run.stopped is not None:
        raise run.stopped
    if run.errors.count:
        sys.exit(1)


def _check_names(file: Path, out: Path, errors: Path) -> None:
    """Raises click.UsageError when what is read would be written to."""
    if str(out) == "-":
        raise click.UsageError("OUT must be a file: it is what a later run goes on from")
    if str(file) == "-":
        return
    for path, what in ((out, "OUT"), (errors, f"{errors}, where failures are written,")):
        if path.exists() and path.samefile(file):
            raise click.UsageError(f"FILE and {what} are the same file")


def check(lines: inputs.Lines, output: Output, settings: str) -> int:
    """The number of inputs. Raises ConfigError when the output's answers are to other lines or of other settings."""
    left = dict(output.done)
    if any(mark.settings not in ("", settings) for mark in left.values()):
        raise llm.ConfigError(
            f"{output.path} was answered with other settings (provider, model, address, instructions or options): "
            "pass another --out"
        )
    if any(not mark.settings for mark in left.values()):
        speak.err(f"{output.path} was begun by version 0.1, which did not note with which provider and model")
    total = 0
    for number, text in lines.numbered():
        total += 1
        answered = left.pop(number, None)
        if answered is not None and answered.hash != inputs.digest(text):
            raise llm.ConfigError(
                f"line {number} of {lines.path} is another one than {output.path} has answered: pass another --out"
            )
    if left:
        raise llm.ConfigError(f"{output.path} has answers to lines that {lines.path} does not have: pass another --out")
    return total


@define
class Run:
    """One run over one file."""

    client: llm.HTTPClient
    lines: inputs.Lines
    output: Output
    errors: Errors
    total: int
    settings: str
    attempts: int = 5
    system: str | None = None
    answered: int = 0
    tokens: int = 0
    cost: float = 0.0
    stopped: llm.LLMError | None = None

    async def go(self, concurrency: int) -> None:
        """Answer what is not answered. After a failure that would meet every input (the key, the credit) it stops."""
        lines = self.lines
        todo = (lines.read(number, text) for number, text in lines.numbered() if number not in self.output.done)
        with _progress() as bar:
            task = bar.add_task("", total=self.total, completed=len(self.output.done), about="")
            try:
                async with self.client, asyncio.TaskGroup() as group:
                    for _ in range(min(concurrency, max(1, self.total - len(self.output.done)))):
                        group.create_task(self._work(todo, bar, task))
            except BaseExceptionGroup as several:  # a full disk stops all of them: one is enough to say so
                raise several.exceptions[0] from None

    async def _work(self, todo: Iterator[inputs.Input], bar: Progress, task: TaskID) -> None:
        for item in todo:  # shared by all workers: each takes the next one
            if self.stopped is not None:
                return
            await self._answer(item)
            done = len(self.output.done) + self.answered + self.errors.count
            bar.update(task, completed=done, about=self._about())

    async def _answer(self, item: inputs.Input) -> None:
        head = {"line": item.line, "hash": item.hash, **({} if item.id is None else {"id": item.id})}
        try:
            if item.request is None:
                raise llm.InvalidRequestError(f"line {item.line}: {item.problem}")
            response = await llm.collect_with_retry(self.client, self._with_system(item.request), self._policy())
        except llm.LLMError as error:
            self.errors.append({**head, "error": llm.serialize.to_dict(error), "reason": explain(error)})
            if _meets_all(error):
                self.stopped = error
            return
        head["settings"] = self.settings
        self.output.append({**head, "response": llm.serialize.to_dict(response)})
        self.answered += 1
        self.tokens += response.usage.output_tokens or 0
        self.cost += response.usage.cost_usd or 0.0

    def _policy(self) -> llm.RetryPolicy:
        return llm.RetryPolicy(max_attempts=self.attempts, base_delay=1.0, should_retry=llm.is_retryable)

    def _with_system(self, request: llm.Request) -> llm.Request:
        if not self.system or any(message.role == llm.Role.system for message in request.messages):
            return request
        return evolve(request, messages=(llm.system(self.system), *request.messages))

    def _about(self) -> str:
        failed = f"{self.errors.count:,} failed" if self.errors.count else ""
        tokens = f"{self.tokens:,} tokens" if self.tokens else ""
        return ", ".join(part for part in (failed, tokens, f"${self.cost:.4g}" if self.cost else "") if part)

    def summary(self) -> str:
        """What came of it, and what to do next."""
        before = len(self.output.done)
        left = self.total - before - self.answered - self.errors.count
        parts = [f"{self.answered:,} answered"]
        if before:
            parts.append(f"{before:,} were answered before")
        if self.errors.count:
            parts.append(f"{self.errors.count:,} failed ({self.errors.path})")
        if left:
            parts.append(f"{left:,} not asked")
        said = f"map: {self.total:,} inputs: {', '.join(parts)}; answers are in {self.output.path}"
        return said + ("; run it again for the rest" if left or self.errors.count else "")


def _meets_all(error: llm.LLMError) -> bool:
    """Whether the next input would fail in the same way: no key, a wrong one, no money."""
    match error:
        case llm.ConfigError() | llm.InsufficientCreditsError():
            return True
        case llm.AuthError():
            return error.status == 401
        case _:
            return False


def _progress() -> Progress:
    """On stderr; nothing where no terminal is."""
    console = Console(stderr=True)
    return Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[about]}", style="dim"),
        console=console,
        disable=not console.is_terminal,
    )
