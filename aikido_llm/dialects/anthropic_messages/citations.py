"""Citations: a source's own words, and which text of the answer they stand behind.

source: Anthropic API reference, "Citations", "Search results", "Web search tool", read 2026-11.
"""

from typing import Any

from ...types.citations import Citation
from ..values import as_text

_TYPED = ("url", "title", "cited_text", "document_title", "file_id", "source")


def citation_of(data: dict[str, Any], start: int, end: int) -> Citation:
    """start, end: of the cited block's text in that of the whole answer. The places inside of the source (characters,
    pages, blocks, the index of the document) stay in provider_data, with the type that says which they are."""
    source, title = as_text(data.get("source")), as_text(data.get("document_title"))
    return Citation(
        url=as_text(data.get("url")) or (source if "://" in source else ""),
        title=as_text(data.get("title")) or title,
        cited_text=as_text(data.get("cited_text")),
        document=as_text(data.get("file_id")) or source or title,
        start=start,
        end=end,
        provider_data={key: value for key, value in data.items() if _is_untold(key, value)},
    )


def _is_untold(key: str, value: Any) -> bool:
    """A typed field that is no text has no other place."""
    return value is not None and not (key in _TYPED and isinstance(value, str))
