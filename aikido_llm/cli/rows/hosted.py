"""`map --batch`: the same rows as a hosted batch, whose id stands beside the output until all of it is there."""

from collections.abc import Iterator
from pathlib import Path

from attrs import define, evolve
from rich.progress import Progress, TaskID

import aikido_llm as llm
from aikido_llm import bulk
from aikido_llm.codecs import json

from ..access import places
from ..terminal import speak
from .job import Job, progress_bar

# What the file says while nobody knows whether the batch was begun.
_SUBMITTING = ""


def note_of(out: Path) -> Path:
    """Where the id of the batch stands whose answers go to that file."""
    return out.with_name(f"{out.name}.batch")


@define
class HostedJob(Job):
    """One run: submits what is not answered, or takes up the batch that an earlier run has submitted."""

    @property
    def note(self) -> Path:
        """Where the id of the batch is."""
        return note_of(self.output.path)

    async def go(self, concurrency: int) -> None:
        """Wait for the batch, and append its answers. Leaving it changes nothing: the batch goes on."""
        try:
            batch = await self._batch()
            if batch is None:
                return
            with progress_bar() as bar:
                task = bar.add_task("", total=self.total, completed=len(self.output.done), about="")
                await batch.wait(lambda told: self._tell(bar, task, told))
                async with batch.results() as rows:
                    async for row in rows:
                        self._take(row)
        except llm.LLMError as error:
            self.stopped = error
            return
        self.output.sync()
        self.note.unlink(missing_ok=True)

    async def _batch(self) -> bulk.Batch | None:
        """None when there is nothing to ask. Raises ConfigError where it cannot be known what was begun."""
        if self.note.exists():
            id = self._noted()
            for _ in self._asked():  # so that the answers find their lines
                pass
            speak.err(f"map: waiting for the batch {id} ({self.note})")
            return bulk.batch(self.client, id)
        if not any(number not in self.output.done for number, _ in self.source.numbered()):
            return None
        self._write(_SUBMITTING)
        try:
            batch = await bulk.submit(self.client, self._asked())
        except llm.LLMError:
            self.note.unlink()  # nothing was begun
            raise
        self._write(batch.id)
        speak.err(f"map: submitted the batch {batch.id}; run the same command again to wait for it, after any stop")
        return batch

    def _asked(self) -> Iterator[bulk.Row]:
        """What each line asks is not kept: there may be a million of them."""
        for row in self._rows():
            self._open[row.key] = evolve(self._open[row.key], request=None)
            yield row

    def _take(self, row: bulk.Row) -> None:
        item = self._open.get(row.key) if isinstance(row.key, int) else None
        if item is None:
            if row.key not in self.output.done:
                speak.err(f"map: the batch has an answer to {row.key}, which is no line of the input")
            return
        if row.response is not None:
            self.keep(row.key, row.response)
            self.answered += 1
        elif row.error is not None:
            self._fail(item, row.error)
        del self._open[row.key]

    def _tell(self, bar: Progress, task: TaskID, told: bulk.BatchProgress) -> None:
        states = ", ".join(dict.fromkeys(told.states))
        said = f"{states}, {told.failed:,} failed" if told.failed else states
        bar.update(task, completed=len(self.output.done) + told.succeeded + told.failed, about=said)

    # ---------------------------------------------------------------- the note

    def _noted(self) -> str:
        try:
            found = json.loads_object(self.note.read_bytes())
            id, settings = str(found["batch"]), found["settings"]
        except (ValueError, KeyError):
            raise llm.ConfigError(f"{self.note} is no note of `map --batch`: pass another --out") from None
        if settings != self.settings:
            raise llm.ConfigError(f"{self.note} is of a batch with other settings: pass another --out")
        if id == _SUBMITTING:
            raise llm.ConfigError(
                f"a batch was being submitted when an earlier run ended: look whether it was, by `aikido-llm batch"
                f' list`, then write its id into {self.note} as "batch", or delete that file'
            )
        return id

    def _write(self, id: str) -> None:
        """As a whole, and kept by the disk: what it names is paid for."""
        with places.drafted(self.note, 0o666) as file:
            file.write(json.dumps({"batch": id, "settings": self.settings}) + b"\n")
