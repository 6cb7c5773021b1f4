"""Where an answer's words come from, in the places where hosts say it -> Citation.

source: OpenAI API reference "annotations", Azure OpenAI "on your data" reference, OpenRouter "web search", Perplexity,
xAI, Z.ai and Venice API references, read 2026-11.
"""

from typing import Any

from ...types.citations import Citation
from ..values import as_count, as_list, as_object, as_objects, as_text, is_object, list_in, object_in
from .wire import Json

# Places in an answer that list sources: a key, or a key in an object. A list is repeated by each chunk, and the last
# one counts.
LISTS = (("citations",), ("search_results",), ("web_search",))
_NESTED = (("venice_parameters", "web_search_citations"), ("search_info", "search_results"))
_PATHS = (*LISTS, *_NESTED)
_HEADS = frozenset(path[0] for path in _PATHS)
TYPED = frozenset(path[0] for path in LISTS)

_URL = ("url", "link", "uri", "source_url")
_TITLE = ("title", "name")
_CITED = ("content", "snippet", "text", "cited_text", "quote")
_DOCUMENT = ("filepath", "file_name", "filename", "file_id", "document_id", "chunk_id", "id")


class Sources:
    """The sources of one choice, in the order in which they were told; one that stands in several lists is one."""

    def __init__(self) -> None:
        self._notes: list[Citation] = []
        self._lists: dict[tuple[str, ...], list[Any]] = {}

    def listed(self, answer: Json) -> None:
        """The lists of a chunk, body or message."""
        if _HEADS.isdisjoint(answer):
            return
        for path in _PATHS:
            value: Any = answer.get(path[0])
            if value:
                for key in path[1:]:
                    value = as_object(value).get(key)
                if as_list(value):
                    self._lists[path] = value

    def annotated(self, annotations: Any, provider_data: Json) -> None:
        """`annotations` of a message. Other notes than of a source are kept as they are (OpenRouter's parsed files,
        which the next request may bring back)."""
        for note in as_objects(annotations):
            kind = as_text(note.get("type"))
            inner = as_object(note.get(kind))
            if kind.endswith("citation"):
                self._notes.append(_source({**note, **inner}, drop=("type", kind)))
            else:
                list_in(provider_data, "annotations").append(note)

    def context(self, value: Any, provider_data: Json) -> None:
        """Azure's `context` of a message: documents that the caller's data gave."""
        said = as_object(value)
        self._notes += [_source(item) for item in as_objects(said.get("citations"))]
        rest = {key: item for key, item in said.items() if key != "citations" and item}
        if rest:
            object_in(provider_data, "context").update(rest)

    def found(self) -> list[Citation]:
        """All of them: notes first, then what only the lists name."""
        listed: dict[str, Citation] = {}
        known = {note.url for note in self._notes if note.url}
        for items in self._lists.values():
            for place, item in enumerate(items):
                source = _source(item) if is_object(item) else Citation(url=as_text(item))
                if source.url in known or source == _NOTHING:
                    continue
                name = source.url or f"{place} {source.title}"
                if name not in listed or not listed[name].title:  # the bare URL said the place, this one the words
                    listed[name] = source
        return [*self._notes, *listed.values()]


_NOTHING = Citation()


def _source(item: Json, drop: tuple[str, ...] = ()) -> Citation:
    """A source under any host's keys. Offsets are of code points in the text; hosts that know none send two equal."""
    rest = {key: value for key, value in item.items() if key not in drop and value not in (None, "")}
    url, title, cited, document = (_take(rest, names) for names in (_URL, _TITLE, _CITED, _DOCUMENT))
    start, end = as_count(rest.pop("start_index", None)), as_count(rest.pop("end_index", None))
    if start is None or end is None or start >= end:
        start = end = None
    return Citation(url, title, cited, document, start, end, rest)


def _take(rest: Json, names: tuple[str, ...]) -> str:
    for name in names:
        if isinstance(rest.get(name), str):
            return str(rest.pop(name))
    return ""
