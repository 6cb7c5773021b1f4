"""What `map` does with its rows: a bulk run over what is not answered, its progress, and what came of it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from attrs import Factory, define, evolve
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

import aikido_llm as llm
from aikido_llm import bulk
from aikido_llm.store import Asked, Call, CallStore

from ..terminal.explain import explain
from .inputs import Input, Reader
from .outputs import Errors, Output
from .tables import Source


@define
class Job:
    """One run. total: of rows in the source. log: where answers are kept beside the output, None for nowhere else.

    answered, known: in this run; known: of these, those that stood in the log. stopped: what would have met every row.
    """

    client: llm.HTTPClient
    source: Source
    reader: Reader
    output: Output
    errors: Errors
    total: int
    settings: str
    log: CallStore | None = None
    attempts: int = 5
    system: str | None = None
    answered: int = 0
    known: int = 0
    stopped: llm.LLMError | None = None
    kinds: Counter[str] = Factory(Counter[str])
    _open: dict[int, Input] = Factory(dict[int, Input])

    async def go(self, concurrency: int) -> None:
        """Answer what is not answered. After a failure that would meet every row (the key, the credit) it stops."""
        policy = llm.RetryPolicy(max_attempts=self.attempts, base_delay=1.0, should_retry=llm.is_retryable)
        log = self.log or _OutputLog(self)
        with progress_bar() as bar:
            task = bar.add_task("", total=self.total, completed=len(self.output.done), about="")
            run = bulk.map(self.client, self._rows(), log, concurrency=concurrency, policy=policy)
            try:
                async with run:
                    async for row in run:
                        self._take(row)
                        self._show(bar, task, run.progress)
            except llm.LLMError as error:
                self.stopped = error

    def keep(self, line: int, response: llm.Response) -> None:
        """Append an answer to the output."""
        record = {"settings": self.settings, "response": llm.serialize.to_dict(response)}
        self.output.append({**self._head(self._open[line]), **record})

    def summary(self) -> str:
        """What came of it, and what to do next."""
        before = len(self.output.done)
        left = self.total - before - self.answered - self.errors.count
        parts = [f"{self.answered:,} answered" + (f" ({self.known:,} of them from the log)" if self.known else "")]
        if before:
            parts.append(f"{before:,} were answered before")
        if self.errors.count:
            parts.append(f"{self.errors.count:,} failed ({self.errors.path})")
        if left:
            parts.append(f"{left:,} not asked")
        said = f"map: {self.total:,} inputs: {', '.join(parts)}; answers are in {self.output.path}"
        return said + ("; run it again for the rest" if left or self.errors.count else "")

    def _rows(self) -> Iterator[bulk.Row]:
        for number, text in self.source.numbered():
            if number in self.output.done:
                continue
            item = self.reader.read(number, text)
            if item.request is None:
                self._fail(item, llm.InvalidRequestError(f"line {item.line}: {item.problem}"))
                continue
            self._open[number] = item
            yield bulk.Row(number, with_system(item.request, self.system))

    def _take(self, row: bulk.Row) -> None:
        if row.error is None and row.response is not None:
            if self.log is not None:
                self.keep(row.key, row.response)
                self.known += row.response.cached
            self.answered += 1
        elif row.error is not None:
            self._fail(self._open[row.key], row.error)
        del self._open[row.key]

    def _fail(self, item: Input, error: llm.LLMError) -> None:
        failed = {"error": llm.serialize.to_dict(error), "reason": explain(error)}
        self.errors.append({**self._head(item), **failed})
        self.kinds[type(error).__name__] += 1

    def _head(self, item: Input) -> dict[str, Any]:
        return {"line": item.line, "hash": item.hash, **({} if item.id is None else {"id": item.id})}

    def _show(self, bar: Progress, task: TaskID, progress: bulk.Progress) -> None:
        done = len(self.output.done) + self.answered + self.errors.count
        bar.update(task, completed=done, about=about(progress, self.kinds))


def with_system(request: llm.Request, system: str | None) -> llm.Request:
    """With these instructions, unless it has its own."""
    if not system or any(message.role == llm.Role.system for message in request.messages):
        return request
    return evolve(request, messages=(llm.system(system), *request.messages))


def about(progress: bulk.Progress, kinds: Counter[str]) -> str:
    """`12.5/s, 3 RateLimitedError, 12,345 tokens, $0.12`"""
    tokens = progress.input_tokens + progress.output_tokens
    return ", ".join(
        part
        for part in (
            f"{progress.rate:.1f}/s" if progress.rate else "",
            *(f"{count:,} {kind}" for kind, count in kinds.most_common(3)),
            f"{tokens:,} tokens" if tokens else "",
            f"${progress.cost_usd:.4g}" if progress.cost_usd else "",
            f"{progress.elsewhere:,} with others" if progress.elsewhere else "",
        )
        if part
    )


class _OutputLog:
    """The output file as the log of a run: it is the one that writes to it, and asks for what it lacks."""

    def __init__(self, job: Job) -> None:
        self._job = job

    async def claim(self, several: Sequence[Asked]) -> list[Call | bool]:
        return [True] * len(several)

    async def holds(self, asked: Asked) -> bool:
        return True

    async def put(self, asked: Asked, outcome: llm.Response | llm.LLMError, **_: Any) -> None:
        """An answer; what failed is asked for by the next run."""
        if isinstance(outcome, llm.Response):
            self._job.keep(int(asked.row), outcome)

    async def release(self, several: Sequence[Asked]) -> None:
        pass

    async def aclose(self) -> None:
        pass


def progress_bar() -> Progress:
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
