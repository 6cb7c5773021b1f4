"""The code in an answer."""

from markdown_it import MarkdownIt


def first(text: str) -> str | None:
    """What stands in the first fenced block, None when there is none."""
    tokens = MarkdownIt("commonmark").parse(text)
    return next((token.content for token in tokens if token.type == "fence"), None)
