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

from attrs import frozen

import aikido_llm as llm
from aikido_llm.codecs import json

from .media import text_of

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

    def read(self, number: int, text: bytes) -> Input:
        """What a line asks."""
        return read_plain(number, text) if self._plain else read(number, text)

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
        value: Any = json.loads_frame(text)  # a half of a character is the user's to know of
        if _SURROGATE.search(text):
            dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return Input(number, mark, problem="the line holds half of a character (a lone surrogate)")
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
