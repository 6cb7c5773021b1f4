"""A JSON object that is still being written -> what of it is certain so far. Pure.

Each character is read once. Values that are whole are made once and shared by all the partial objects that follow; what
is copied for one is the containers that are still open, since each partial object is the reader's own.
"""

import re
from typing import Any, TypeAlias, cast

from ..codecs import json

_Container: TypeAlias = dict[str, Any] | list[Any]

_blank = re.compile(r"[ \t\r\n]*").match
_plain = re.compile(r'[^"\\]*').match  # of a string, up to its end or an escape
_word = re.compile(r"[^ \t\r\n,\]}]*").match
_key = re.compile(r'"([^"\\]*)"[ \t\r\n]*:').match
_escape = re.compile(
    r'\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|["\\/bfnrt])'
).match
_cut_escape = re.compile(r"\\(?:u[0-9a-fA-F]{0,3}|u[dD][89abAB][0-9a-fA-F]{2}(?:\\(?:u[0-9a-fA-F]{0,3})?)?)?\Z").match
_DEEPEST = 500  # brackets within brackets; deeper ones no reader of JSON takes
_TRIES = 8  # values that a piece of text may begin and not end, before it is read token by token
_BASE, _EACH = 200, 4  # items that may be copied for a piece of text, and for each of its characters
_AS_ITEM = 128  # characters of a string that take as long to copy as an item


class GrowingObject:
    """Feed it text as it comes; `value` is the object so far.

    Strings grow with their pieces. Numbers and words appear when they are whole (12 may become 123), keys when their
    value has begun.
    """

    def __init__(self) -> None:
        self._open: list[_Container] = []
        self._keys: list[str] = []  # of what is open in each of them, "" in a list
        self._expect = "value"  # value, item (or the end of a list), key, colon, more (or the end), end
        self._inside = ""  # the kind of token that is being read: "", "string", "key", "word"
        self._token: list[str] = []  # what there is of it
        self._length = 0
        self._held = ""  # the beginning of an escape
        self._root: _Container | None = None
        self._width = 0  # items in the containers that are open
        self._tries = 0
        self._grown = False
        self._credit = 0  # items that may be copied for what has been read since the last partial object

    def feed(self, text: str) -> None:
        """Take the next piece. What is no JSON any more simply adds nothing."""
        self._credit += _BASE + _EACH * len(text)
        self._tries = _TRIES
        text = self._held + text
        self._held = ""
        at = 0
        while at < len(text) and self._expect != "end":
            at = self._in_token(text, at) if self._inside else self._between(text, at)

    @property
    def value(self) -> dict[str, Any]:
        """The object so far, {} before anything of it is certain. It is the caller's."""
        child: Any = self._text() if self._inside == "string" else _NOTHING
        for container, key in zip(reversed(self._open), reversed(self._keys), strict=True):
            copy = container.copy()
            if child is not _NOTHING:
                _put(copy, key, child)
            child = copy
        root = child if self._open else self._root
        return cast("dict[str, Any]", root) if isinstance(root, dict) else {}

    def partial(self, *, last: bool = False) -> dict[str, Any] | None:
        """The object, if it has grown since it was last given out. Where to copy it would cost more than what has come
        since is worth, as with thousands of items in a list, it is given out later, at the `last` moment always."""
        if not self._grown or not (last or self._width + self._length // _AS_ITEM <= self._credit):
            return None
        self._grown = False
        self._credit = 0
        return self.value

    # ---------------------------------------------------------------- between tokens

    def _between(self, text: str, at: int) -> int:
        at = _end(_blank(text, at))
        if at == len(text):
            return at
        char, expect = text[at], self._expect
        if expect == "more" and char == ",":
            self._expect = "key" if isinstance(self._open[-1], dict) else "value"
        elif char in "]}" and expect in _MAY_CLOSE[char] and isinstance(self._open[-1], dict) == (char == "}"):
            self._close()
        elif expect in ("value", "item"):
            return self._value(text, at)
        elif char == '"' and expect in ("key", "first key"):
            return self._begin_key(text, at)
        elif expect == "colon" and char == ":":
            self._expect = "value"
        else:
            self._give_up()
        return at + 1

    def _value(self, text: str, at: int) -> int:
        char = text[at]
        if self._open and self._tries:
            whole = json.value_at(text, at)
            if whole is not None and (char in '"[{' or text[whole[1] : whole[1] + 1] in _BEHIND_WORD):
                self._add(whole[0])
                return whole[1]
            self._tries -= 1
        if char in "[{":
            self._begin({} if char == "{" else [])
        elif char == '"':
            self._inside = "string"
            self._grown = True
        else:
            self._inside = "word"
            return at
        return at + 1

    def _begin(self, container: _Container) -> None:
        self._grown = self._grown or bool(self._open)
        self._open.append(container)
        self._keys.append("")
        self._width += 1
        self._expect = "first key" if isinstance(container, dict) else "item"
        if len(self._open) > _DEEPEST:
            self._give_up()

    def _begin_key(self, text: str, at: int) -> int:
        found = _key(text, at)
        if found is None:
            self._inside = "key"
            return at + 1
        self._keys[-1] = found[1]
        self._expect = "value"
        return found.end()

    def _close(self) -> None:
        container = self._open.pop()
        self._keys.pop()
        self._width -= len(container) + 1
        if self._open:
            self._keep(container)
        else:
            self._root = container
            self._expect = "end"

    def _add(self, value: Any) -> None:
        """A value that is whole."""
        self._grown = True
        self._keep(value)

    def _keep(self, value: Any) -> None:
        container = self._open[-1]
        before = len(container)
        _put(container, self._keys[-1], value)
        self._width += len(container) - before
        self._expect = "more"

    def _give_up(self) -> None:
        """This is no JSON: what was certain stays."""
        self._root = self.value
        self._open.clear()
        self._keys.clear()
        self._inside = ""
        self._expect = "end"

    # ---------------------------------------------------------------- inside of a token

    def _in_token(self, text: str, at: int) -> int:
        if self._inside == "word":
            end = _end(_word(text, at))
            self._token.append(text[at:end])
            if end < len(text):
                self._end_word()
            return end
        end = _end(_plain(text, at))
        if end > at:
            self._extend(text[at:end])
        if end == len(text):
            return end
        if text[end] == '"':
            self._end_string()
            return end + 1
        return self._in_escape(text, end)

    def _in_escape(self, text: str, at: int) -> int:
        if _cut_escape(text, at):
            self._held = text[at:]
            return len(text)
        found = _escape(text, at)
        if found is None:
            self._give_up()
            return len(text)
        self._extend(json.loads(f'"{found[0]}"'))
        return found.end()

    def _extend(self, text: str) -> None:
        self._token.append(text)
        self._length += len(text)
        self._grown = self._grown or self._inside == "string"

    def _text(self) -> str:
        """What there is of the token."""
        if len(self._token) != 1:
            self._token = ["".join(self._token)]
        return self._token[0]

    def _end_string(self) -> None:
        text, kind = self._text(), self._inside
        self._end_token()
        if kind == "key":
            self._keys[-1] = text
            self._expect = "colon"
        elif self._open:
            self._keep(text)  # already counted as growth
        else:
            self._expect = "end"

    def _end_word(self) -> None:
        word = self._text()
        self._end_token()
        try:
            value = json.loads(word)
        except ValueError:
            self._give_up()
            return
        if self._open:
            self._add(value)
        else:
            self._expect = "end"

    def _end_token(self) -> None:
        self._inside = ""
        self._token = []
        self._length = 0


_NOTHING = object()
_BEHIND_WORD = tuple(" \t\r\n,]}")
_MAY_CLOSE = {"]": ("item", "more"), "}": ("first key", "more")}


def _end(found: "re.Match[str] | None") -> int:
    """Where a pattern that matches everywhere ends."""
    assert found is not None
    return found.end()


def _put(container: _Container, key: str, value: Any) -> None:
    if isinstance(container, dict):
        container[key] = value
    else:
        container.append(value)
