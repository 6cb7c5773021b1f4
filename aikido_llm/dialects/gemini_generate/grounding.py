"""What an answer stands on -> citations (source: Gemini API reference, GroundingMetadata and CitationMetadata, v1beta,
read 2026-11).

Places in the answer are bytes of a part there, and code points of the whole text here. The service leaves `partIndex`
out also where a part of thoughts comes first, and then counts in the text alone (recorded 2026-06), so a place is
believed where the segment's own text stands.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from ...types.citations import Citation
from ..values import as_count, as_list, as_object, as_objects, as_text, beside, is_object


class AnswerText:
    """The visible text. lengths: characters of it in each part, 0 for a part of another kind."""

    def __init__(self, text: str, lengths: Sequence[int]) -> None:
        self.text = text
        self._starts = [0, *accumulate(lengths)]
        self._bytes: list[int] | None = None if text.isascii() else [0, *accumulate(map(_width, text))]

    def place(self, segment: dict[str, Any]) -> tuple[int, int] | None:
        """A segment's place, None for one that is not in the text."""
        first, last = as_count(segment.get("startIndex")) or 0, as_count(segment.get("endIndex"))
        said, part = as_text(segment.get("text")), as_count(segment.get("partIndex")) or 0
        begin = self._starts[part] if part < len(self._starts) else 0
        for base in dict.fromkeys((begin, 0)):
            start = self._character(base, first)
            if said and start is not None and self.text.startswith(said, start):
                return start, start + len(said)
        start = self._character(begin, first)
        end = None if last is None else self._character(begin, last, up=True)
        return None if start is None or end is None or start > end else (start, end)

    def _character(self, base: int, offset: int, *, up: bool = False) -> int | None:
        """The place of the byte that lies `offset` behind the character at `base`; inside a character, its own start,
        or its end for up."""
        if self._bytes is None:
            return base + offset if base + offset <= len(self.text) else None
        byte = self._bytes[base] + offset
        if byte > self._bytes[-1]:
            return None
        return bisect_left(self._bytes, byte) if up else bisect_right(self._bytes, byte) - 1


def citations(metadata: dict[str, Any], text: AnswerText) -> list[Citation]:
    """groundingMetadata: what each support cites, in order, then the sources that no support has."""
    sources = [_source(source) for source in as_objects(metadata.get("groundingChunks"))]
    cited: set[int] = set()
    found: list[Citation] = []
    for support in as_objects(metadata.get("groundingSupports")):
        found += _supported(support, sources, text, cited)
    found += [source for n, source in enumerate(sources) if n not in cited]
    return found


def recited(metadata: dict[str, Any], text: AnswerText) -> list[Citation]:
    """citationMetadata: what the model repeats of others' works."""
    found: list[Citation] = []
    for source in as_objects(metadata.get("citationSources")) + as_objects(metadata.get("citations")):
        place = text.place(source)
        rest = _without(source, "uri", "title", *(("startIndex", "endIndex") if place else ()))
        start, end = place or (None, None)
        url, title = as_text(source.get("uri")), as_text(source.get("title"))
        found.append(Citation(url, title, start=start, end=end, provider_data=rest))
    return found


def _supported(support: dict[str, Any], sources: list[Citation], text: AnswerText, cited: set[int]) -> list[Citation]:
    segment = as_object(support.get("segment"))
    place = text.place(segment)
    rest = _without(support, "segment", "groundingChunkIndices", "confidenceScores")
    if place is None and segment:
        rest["segment"] = segment
    start, end = place or (None, None)
    scores = as_list(support.get("confidenceScores"))
    found: list[Citation] = []
    indexes: list[Any] = as_list(support.get("groundingChunkIndices")) or [None]
    for n, index in enumerate(indexes):
        source = Citation(provider_data={} if index is None else {"groundingChunkIndex": index})
        if isinstance(index, int) and 0 <= index < len(sources):
            cited.add(index)
            source = sources[index]
        scored = {"confidenceScore": scores[n]} if n < len(scores) else {}
        told = beside(source.provider_data, "groundingChunk", beside(rest, "groundingSupport", scored))
        found.append(Citation(source.url, source.title, source.cited_text, source.document, start, end, told))
    return found


def _source(source: dict[str, Any]) -> Citation:
    """A grounding chunk, wherever it is cited."""
    kind = next((name for name, item in source.items() if is_object(item)), "")
    fields = as_object(source.get(kind))
    url_name = "uri" if "uri" in fields else "sourceUri"  # of a picture: the page that it stands on
    left = _without(fields, url_name, "title", "text", "documentName")
    title = as_text(fields.get("title"))
    others = {name: item for name, item in source.items() if name != kind}
    return Citation(
        as_text(fields.get(url_name)),
        title,
        as_text(fields.get("text")),
        as_text(fields.get("documentName")) or (title if kind == "retrievedContext" else ""),
        provider_data={**others, **({kind: left} if left else {})},
    )


def _without(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: item for name, item in fields.items() if name not in names and item not in (None, {}, [])}


def _width(character: str) -> int:
    """Bytes of its UTF-8."""
    code = ord(character)
    return 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4
