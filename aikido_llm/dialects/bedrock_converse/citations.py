"""Citations (source: Amazon Bedrock API reference, "Citation", "CitationLocation", read 2026-11)."""

from typing import Any

from ...types.citations import Citation
from ..values import as_object, as_objects, as_text

_TYPED = frozenset(("title", "source", "sourceContent"))


def citation_of(data: dict[str, Any], start: int, end: int) -> Citation:
    """start, end: of the cited block's text in that of the whole answer. The place inside of the source stays in
    provider_data."""
    title, source = as_text(data.get("title")), as_text(data.get("source"))
    web = as_object(as_object(data.get("location")).get("web"))
    return Citation(
        url=as_text(web.get("url")) or (source if "://" in source else ""),
        title=title,
        cited_text="".join(as_text(piece.get("text")) for piece in as_objects(data.get("sourceContent"))),
        document="" if web else source or title,
        start=start,
        end=end,
        provider_data={name: item for name, item in data.items() if name not in _TYPED and item is not None},
    )
