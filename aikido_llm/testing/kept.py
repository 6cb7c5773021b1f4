"""Answers that are made in the background: the server keeps them under their ids, and goes on making them."""

from attrs import Factory, define, frozen

from .answer import Answer
from .batches import KeptBatches
from .wires.base import Keeps, Received, Wire


@define
class Kept:
    """request: that asked for it. unfinished: how many more looks at it find it in the making."""

    answer: Answer
    request: Received
    unfinished: int
    cancelled: bool = False


@define
class KeptAnswers:
    """generations: how many answers have been asked for, and not refused; whatever became of their connections."""

    generations: int = 0
    _by_id: dict[str, Kept] = Factory(dict[str, Kept])

    def begun(self, wire: Wire, answer: Answer, request: Received) -> None:
        """An answer is asked for."""
        self.generations += 1
        id = wire.kept_id(answer, request) if isinstance(wire, Keeps) else ""
        if id:
            self._by_id[id] = Kept(answer, request, answer.unfinished)

    def find(self, id: str) -> Kept | None:
        return self._by_id.get(id)


@frozen
class Holdings:
    """What a server has beside its scripts. models: of the model list. kept: answers made in the background."""

    models: tuple[str, ...]
    kept: KeptAnswers
    batches: KeptBatches
