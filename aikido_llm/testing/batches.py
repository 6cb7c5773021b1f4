"""Batches of the test server: files, and batches that are worked through while they are looked at."""

from collections.abc import Callable
from typing import Literal, TypeAlias

from attrs import Factory, define, frozen

from .wires.base import Received

Ending: TypeAlias = Literal["completed", "failed", "expired", "cancelled"]
State: TypeAlias = Literal["running", "cancelling", "completed", "failed", "expired", "cancelled"]


@frozen
class Asked:
    """A row as its host was given it. request: as if it had come by itself."""

    name: str
    request: Received


@frozen
class Outcome:
    """What came of a row. status: 0 for one that was not asked before the end."""

    name: str
    status: int
    body: bytes = b""


@define
class Kept:
    """One batch. looks: how many more find it running. path: of its rows' requests. refusal: why it failed. host: that
    has it, by its address. gone: its answers are no longer kept."""

    id: str
    label: str
    path: str
    outcomes: list[Outcome]
    looks: int
    created: float
    ending: Ending = "completed"
    state: State = "running"
    refusal: str = ""
    refused_line: int | None = None
    host: str = ""
    gone: bool = False

    def look(self) -> None:
        """Time passes by being looked at."""
        if self.state not in ("running", "cancelling"):
            return
        if self.looks > 0:
            self.looks -= 1
        else:
            self.state = "cancelled" if self.state == "cancelling" else self.ending

    def cancel(self) -> None:
        if self.state == "running":
            self.state = "cancelling"
            self.outcomes = [Outcome(one.name, 0) for one in self.outcomes]

    @property
    def ended(self) -> bool:
        return self.state not in ("running", "cancelling")


@define
class KeptBatches:
    """How the server treats batches, and what it has of them.

    looks: that find a new batch running before it ends. ending: how new ones end. answered: rows of each that are
    answered before that; None: all. edit: takes the lines of an answer file, and returns those to send. refusal: why
    new ones fail. refused_line: the line at fault, from 1. ranges: whether a part of an answer file may be asked for.
    submitted: what came of the rows of the latest request for a new one, or what is wrong with it.
    """

    looks: int = 0
    ending: Ending = "completed"
    answered: int | None = None
    edit: Callable[[list[bytes]], list[bytes]] = list
    refusal: str = ""
    refused_line: int | None = None
    ranges: bool = True
    submitted: list[Outcome] | str = Factory(list[Outcome])
    files: dict[str, bytes] = Factory(dict[str, bytes])
    all: dict[str, Kept] = Factory(dict[str, Kept])

    def store(self, data: bytes, prefix: str = "file-") -> str:
        """The id of a new file."""
        id = f"{prefix}{len(self.files) + 1}"
        self.files[id] = data
        return id

    def begin(self, id: str, label: str, path: str, outcomes: list[Outcome], created: float) -> Kept:
        """A new batch. outcomes: of all its rows."""
        asked = len(outcomes) if self.answered is None else self.answered
        outcomes = [*outcomes[:asked], *(Outcome(one.name, 0) for one in outcomes[asked:])]
        kept = Kept(id, label, path, outcomes, self.looks, created, self.ending)
        if self.refusal:
            kept.ending, kept.refusal, kept.refused_line = "failed", self.refusal, self.refused_line
        self.all[id] = kept
        return kept
