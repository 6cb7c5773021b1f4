"""Keys, and the scrubbing of text that may hold them. Imports nothing of ours."""

import inspect
import re
from collections.abc import Awaitable, Callable
from typing import TypeAlias

KeySource: TypeAlias = str | Callable[[], str | Awaitable[str]]
"""A key, or a (sync or async) function that is asked for it once per attempt."""


class Secret:
    """Holds a text that must not be shown. Not a str, so that no `+`, format or JSON encoder can leak it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself. Use it in an expression; do not keep it in a local variable, which tracebacks may show."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret(***)" if self._text else "Secret()"


class Key:
    """Where the key of a client comes from."""

    __slots__ = ("_source",)

    def __init__(self, source: "KeySource | Secret | None") -> None:
        self._source = Secret(source) if isinstance(source, str) else source

    def __bool__(self) -> bool:
        """Whether there is a key or a function to ask for one."""
        return bool(self._source)

    async def get(self) -> Secret:
        """The key for one attempt; an empty Secret when there is none."""
        source = self._source
        if source is None or isinstance(source, Secret):
            return source or Secret("")
        text = source()
        return Secret(await text if inspect.isawaitable(text) else text)

    def __repr__(self) -> str:
        return "Key(***)" if self else "Key()"


HIDDEN = "***"


def scrub(text: str, *secrets: Secret) -> str:
    """The text without these secrets, without anything that looks like a bearer token or a key, without URL queries."""
    for secret in secrets:
        value = secret.reveal()
        if len(value) >= 4:
            text = text.replace(value, HIDDEN)
    text = _TOKEN.sub(rf"\1{HIDDEN}", text)
    return _QUERY.sub(rf"\1?{HIDDEN}", text)


_TOKEN = re.compile(
    r"((?:\bBearer\s+|\bBasic\s+|\b(?:x-)?(?:goog-)?api[-_]key[\"']?\s*[:=]\s*[\"']?))(?!\*\*\*)[^\s\"',;&}]{6,}"
    r"|\b()(?:sk|pk|rk|cpk|gsk|xai|csk)-[A-Za-z0-9_\-]{16,}|\b()AIza[A-Za-z0-9_\-]{20,}",
    re.IGNORECASE,
)
_QUERY = re.compile(r"(\bhttps?://[^\s?\"'<>]+)\?[^\s\"'<>)\]]+")
