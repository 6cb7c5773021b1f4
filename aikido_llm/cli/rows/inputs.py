"""The lines of `map`: what is asked, and which answers belong to them."""

import hashlib
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from json import dumps
from pathlib import Path
from typing import IO, Any, cast

from attrs import evolve, field, frozen

import aikido_llm as llm
from aikido_llm.codecs import json

from ..access.details import Details
from ..asking.media import text_of
from ..asking.template import Template

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


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


class Lines:
    """The input, to be read more than once: what cannot be (a pipe, `-` for stdin) is kept in a temporary file. plain:
    a line is a prompt, not JSON."""

    def __init__(self, path: Path, *, plain: bool = False) -> None:
        self.path = path
        self._plain = plain
        with ExitStack() as opened:
            file = sys.stdin.buffer if str(path) == "-" else opened.enter_context(path.open("rb"))
            if not file.seekable() or file is sys.stdin.buffer:
                kept = opened.enter_context(tempfile.TemporaryFile())
                shutil.copyfileobj(file, kept)
                file = kept
            self._file: IO[bytes] = file
            self._open = opened.pop_all()

    def numbered(self) -> Iterator[tuple[int, bytes]]:
        """(number, bytes without the line end) of every line that is not blank. One at a time may read."""
        self._file.seek(0)
        for number, line in enumerate(self._file, 1):
            text = line.rstrip(b"\r\n")
            if text.strip():
                yield number, text

    def all_wrong(self) -> bool:
        """Whether there are lines, and not one of them is what it should be."""
        one = False
        for _, text in self.numbered():
            one = True
            try:
                json.loads(text)
            except ValueError:
                continue
            return False
        return one and not self._plain

    def close(self) -> None:
        self._open.close()


@frozen
class Reader:
    """Reads what `numbered` gives. plain: a line is the prompt. template: makes the prompt of the columns of a row.
    details: of requests that do not say themselves."""

    plain: bool = False
    template: Template | None = None
    details: Details = field(factory=Details)

    def read(self, number: int, text: bytes) -> Input:
        """What a line asks."""
        found = self._read(number, text)
        return found if found.request is None else evolve(found, request=self.details.ask(found.request))

    def _read(self, number: int, text: bytes) -> Input:
        if self.template is not None:
            return _filled(self.template, read_plain(number, text) if self.plain else None, number, text)
        return read_plain(number, text) if self.plain else read(number, text)


def _filled(template: Template, plain: Input | None, number: int, text: bytes) -> Input:
    """A line of text, or a JSON string, is the column `text`."""
    mark = digest(text)
    try:
        row: Any = text_of(text) if plain else _json(text)
    except ValueError as error:
        return Input(number, mark, problem=f"the line {error}")
    if isinstance(row, str):
        row = {"text": row}
    if not isinstance(row, dict):
        return Input(number, mark, problem="the line is neither a JSON string nor an object")
    columns = cast("dict[str, Any]", row)
    try:
        return Input(number, mark, columns.get("id"), llm.Request(messages=[llm.user(template.fill(columns))]))
    except ValueError as error:
        return Input(number, mark, columns.get("id"), problem=str(error))


def digest(text: bytes) -> str:
    """Short enough to read, long enough that two lines do not share one."""
    return hashlib.sha256(text).hexdigest()[:16]


def read_plain(number: int, text: bytes) -> Input:
    """A line of text, which is the prompt."""
    try:
        return Input(number, digest(text), request=llm.Request(messages=[llm.user(text_of(text))]))
    except ValueError as error:
        return Input(number, digest(text), problem=f"the line {error}")


def read(number: int, text: bytes) -> Input:
    """A JSON string, or an object with `prompt` or `messages`, an `id` and other fields of Request."""
    mark = digest(text)
    try:
        value: Any = _json(text)
    except ValueError as error:
        return Input(number, mark, problem=f"the line {error}")
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


def _json(text: bytes) -> Any:
    """Raises ValueError with words that go on from "the line"."""
    try:
        value: Any = json.loads_frame(text)  # a half of a character is the user's to know of
        if _SURROGATE.search(text):
            dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("holds half of a character (a lone surrogate)") from None
    except ValueError as error:
        raise ValueError(f"is not JSON: {error}") from None
    return value
