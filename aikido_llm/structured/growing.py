"""A JSON object that is still being written -> what of it is certain so far. Pure."""

from typing import Any, cast

from ..codecs import json

_CLOSERS = {"{": "}", "[": "]"}
_BLANK = " \t\r\n"


class GrowingObject:
    """Feed it text as it comes; `value` is the object so far.

    Strings grow with their pieces. Numbers and words appear when they are whole (12 may become 123), keys when their
    value has begun. Each character is looked at once.
    """

    def __init__(self) -> None:
        self._text = ""
        self._at = 0
        self._open: list[str] = []  # brackets that are open
        self._expect = "value"  # value, key, colon, more (a comma or a closing bracket), end
        self._inside = ""  # the kind of token that is being read: "", "string", "word"
        self._is_key = False
        self._escape = 0  # characters of an escape that are still to come
        self._safe = 0  # so much of the text is whole but for the brackets in _safe_open
        self._safe_open = ""

    def feed(self, text: str) -> None:
        """Take the next piece. What is no JSON any more is kept and simply adds nothing."""
        self._text += text
        while self._at < len(self._text):
            self._step(self._text[self._at])
            self._at += 1

    @property
    def value(self) -> dict[str, Any]:
        """The object so far, {} before anything of it is certain."""
        text = self._text[: self._safe] + self._safe_open
        if self._inside == "string" and not self._is_key:
            whole = self._text[: len(self._text) - self._begun_escape()]
            text = whole + '"' + self._closers()
        try:
            value = json.loads(text)
        except ValueError:
            return {}
        return cast("dict[str, Any]", value) if isinstance(value, dict) else {}

    def _step(self, char: str) -> None:
        if self._inside == "string":
            self._string(char)
        elif self._inside == "word" and char not in _BLANK and char not in ",}]":
            pass
        else:
            if self._inside == "word":
                self._inside = ""
                self._done(self._at)
            if char not in _BLANK:
                self._structure(char)

    def _string(self, char: str) -> None:
        if self._escape:
            self._escape = (
                4 if self._escape == 1 and char == "u" and self._text[self._at - 1] == "\\" else self._escape - 1
            )
        elif char == "\\":
            self._escape = 1
        elif char == '"':
            self._inside = ""
            if self._is_key:
                self._expect = "colon"
            else:
                self._done(self._at + 1)

    def _structure(self, char: str) -> None:
        if char == '"' and self._expect in ("value", "key"):
            self._inside, self._is_key = "string", self._expect == "key"
        elif char in _CLOSERS and self._expect == "value":
            self._open.append(char)
            self._expect = "key" if char == "{" else "value"
            self._mark(self._at + 1)
        elif char in "}]" and self._open:
            self._open.pop()
            self._done(self._at + 1)
        elif char == ":" and self._expect == "colon":
            self._expect = "value"
        elif char == "," and self._expect == "more":
            self._expect = "key" if self._open and self._open[-1] == "{" else "value"
        elif self._expect == "value":
            self._inside, self._is_key = "word", False

    def _done(self, at: int) -> None:
        """A value ended before position `at`."""
        self._expect = "more" if self._open else "end"
        self._mark(at)

    def _mark(self, at: int) -> None:
        self._safe, self._safe_open = at, self._closers()

    def _closers(self) -> str:
        return "".join(_CLOSERS[bracket] for bracket in reversed(self._open))

    def _begun_escape(self) -> int:
        """How many characters at the end belong to an escape that is not whole."""
        if not self._escape:
            return 0
        return len(self._text) - self._text.rfind("\\")
