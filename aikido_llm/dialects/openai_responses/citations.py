"""Annotations of text -> citations.

source: OpenAI API reference, "Responses", output text, read 2026-11; recorded answers, whose `end_index` is the first
character behind the piece.
"""

from collections import deque
from typing import Any

from ...types.citations import Citation
from ...types.events import CitationEvent, Event
from ..values import MOST, as_object, as_text

_SAID = {"url", "title", "start_index", "end_index", "file_id", "filename"}


def read(annotation: Any, base: int) -> Citation | None:
    """base: characters of the answer's text before the part that is annotated. None for what is no annotation."""
    said = as_object(annotation)
    if not said:
        return None
    start: Any = said.get("start_index")
    end: Any = said.get("end_index")
    left = {name: value for name, value in said.items() if name not in _SAID and value is not None}
    placed = isinstance(start, int) and isinstance(end, int) and 0 <= start <= end <= MOST
    if not placed:
        left |= {name: said[name] for name in ("start_index", "end_index") if said.get(name) is not None}
    return Citation(
        url=as_text(said.get("url")),
        title=as_text(said.get("title")) or as_text(said.get("filename")),
        document=as_text(said.get("file_id")),
        start=base + int(start) if placed else None,
        end=base + int(end) if placed else None,
        provider_data=left,
    )


class Citations:
    """The citations of one answer, in the order of its text. One is sent when the text that it is about has been."""

    def __init__(self) -> None:
        self._waiting: deque[Citation] = deque()
        self._counts: dict[tuple[int, int], int] = {}  # annotations that came, by item and part

    def note(self, place: tuple[int, int], citation: Citation | None) -> None:
        self._counts[place] = self._counts.get(place, 0) + 1
        if citation is not None:
            self._waiting.append(citation)

    def noted(self, place: tuple[int, int]) -> int:
        return self._counts.get(place, 0)

    def send(self, out: list[Event], until: int | None = None) -> None:
        """until: characters of text that have been; None for all there will be."""
        while self._waiting and (until is None or (self._waiting[0].end or 0) <= until):
            out.append(CitationEvent(self._waiting.popleft()))
