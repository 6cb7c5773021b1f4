"""Prompts made of columns: `--prompt 'translate {text} into {language}'`. Pure."""

import string
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from aikido_llm.codecs import json


@frozen
class Template:
    """Literal text and names of columns, in turn. Make it with `parse`."""

    text: str
    pieces: tuple[tuple[str, str | None], ...]

    @classmethod
    def parse(cls, text: str) -> "Template":
        """`{column}` stands for a column's value, `{{` and `}}` for braces. Raises ValueError."""
        try:
            parsed = list(string.Formatter().parse(text))
        except ValueError as error:
            raise ValueError(f"the template cannot be read: {error}; a brace itself is written twice") from None
        for _, name, form, conversion in parsed:
            if name is not None and (not name or form or conversion):
                raise ValueError("the template takes {column} alone, with a name and nothing after it")
        return cls(text, tuple((before, name) for before, name, _, _ in parsed))

    def fill(self, row: Mapping[str, Any]) -> str:
        """The prompt of a row: text as it is, other values as JSON, nothing for null. Raises ValueError that names a
        column which the row does not have, and those that it has."""
        pieces: list[str] = []
        for before, name in self.pieces:
            pieces.append(before)
            if name is None:
                continue
            if name not in row:
                raise ValueError(f"there is no column {name!r}; the row has: {', '.join(row) or 'none'}")
            value = row[name]
            pieces.append(value if isinstance(value, str) else "" if value is None else json.text(value))
        return "".join(pieces)
