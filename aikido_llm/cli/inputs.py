"""The lines of `map`: what is asked, and which answers belong to them. Pure."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from attrs import frozen

import aikido_llm as llm


@frozen
class Input:
    """One line of the input file that is not blank.

    line: its number, from 1. hash: of its bytes without the line end, by which a changed line is noticed.
    id:   the caller's own, any JSON value. request: None when the line is none, and problem says why.
    """

    line: int
    hash: str
    id: Any = None
    request: llm.Request | None = None
    problem: str = ""


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """(number, bytes without the line end) of every line that is not blank."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            text = line.rstrip(b"\r\n")
            if text.strip():
                yield number, text


def digest(text: bytes) -> str:
    """Short enough to read, long enough that two lines do not share one."""
    return hashlib.sha256(text).hexdigest()[:16]


def read(number: int, text: bytes) -> Input:
    """A JSON string, or an object with `prompt` or `messages`, an `id` and other fields of Request."""
    mark = digest(text)
    try:
        value: Any = json.loads(text)
    except ValueError as error:
        return Input(number, mark, problem=f"the line is not JSON: {error}")
    if isinstance(value, str):
        return Input(number, mark, request=llm.Request(messages=[llm.user(value)]))
    if not isinstance(value, dict):
        return Input(number, mark, problem="the line is neither a JSON string nor an object")
    fields = dict(cast("dict[str, Any]", value))
    name = fields.pop("id", None)
    if ("prompt" in fields) == ("messages" in fields):
        return Input(number, mark, name, problem='the object needs either "prompt" or "messages"')
    if "prompt" in fields:
        fields["messages"] = [{"role": "user", "content": fields.pop("prompt")}]
    try:
        return Input(number, mark, name, llm.serialize.from_dict(fields, llm.Request))
    except llm.LLMError as error:
        return Input(number, mark, name, problem=error.message)
