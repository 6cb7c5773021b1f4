"""`aikido-llm map`: many prompts from a file, each answered once."""

import asyncio
import sys
from collections.abc import Iterator
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
from .options import Access, access_options
from .outputs import Errors, Output

_EPILOG = """\b
A line of FILE is a JSON string, or an object:
  "why is the sky blue?"
  {"id": 7, "prompt": "why?", "max_tokens": 100}
  {"id": "b", "messages": [{"role": "user", "content": "why?"}], "model": "..."}
\b
A line of OUT is {"line": 1, "hash": "...", "id": 7, "response": {"text": "...", ...}}.
Run the same command again to go on after a stop, and to ask again for what failed.
"""


@click.command("map", epilog=_EPILOG)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
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
def command(access: Access, file: Path, out: Path, concurrency: int, attempts: int, **options: Any) -> None:
    """Ask every line of FILE, and append the answers to OUT as they come (so in another order).

    Answers that are in OUT are not asked for again, also after kill -9. Exit status 1 when some failed.
    """
    if out.exists() and out.samefile(file):
        raise click.UsageError("FILE and OUT are the same file")
    defaults = llm.Options(
        temperature=options["temperature"],
        max_tokens=options["max_tokens"],
        thinking=asking.thinking(options["thinking"]),
    )
    client = access.client(options=defaults, limits=llm.Limits(connections=concurrency))
    output = Output(out)
    try:
        total = check(file, output)
        run = Run(client, file, output, Errors(out), total, attempts=attempts, system=options["system"])
        try:
            asyncio.run(run.go(concurrency))
        finally:
            speak.err(run.summary())
    finally:
        output.close()
    if run.stopped is not None:
        raise run.stopped
    if run.errors.count:
        sys.exit(1)


def check(file: Path, output: Output) -> int:
    """The number of inputs. Raises ConfigError when the output's answers are to other lines than these."""
    left = dict(output.done)
    total = 0
    for number, text in inputs.lines(file):
        total += 1
        if left.pop(number, (mark := inputs.digest(text))) != mark:
            raise llm.ConfigError(
                f"line {number} of {file} is another one than {output.path} has answered: pass another --out"
            )
    if left:
        raise llm.ConfigError(f"{output.path} has answers to lines that {file} does not have: pass another --out")
    return total


@define
class Run:
    """One run over one file."""

    client: llm.HTTPClient
    file: Path
    output: Output
    errors: Errors
    total: int
    attempts: int = 5
    system: str | None = None
    answered: int = 0
    tokens: int = 0
    cost: float = 0.0
    stopped: llm.LLMError | None = None

    async def go(self, concurrency: int) -> None:
        """Answer what is not answered. After a failure that would meet every input (the key, the credit) it stops."""
        todo = (inputs.read(number, text) for number, text in inputs.lines(self.file) if number not in self.output.done)
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
