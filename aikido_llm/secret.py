"""Keys, and the scrubbing of text that may hold them. Imports nothing of ours."""

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias, cast
from urllib.parse import quote

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

    @property
    def is_text(self) -> bool:
        """Whether it is one: a caller's function may have returned anything."""
        return isinstance(cast("object", self._text), str)

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
        asked = source()
        held = Secret(await asked if inspect.isawaitable(asked) else asked)
        del asked
        if not held.is_text:
            raise TypeError("the function that was given as api_key must return the key as a str")
        return held

    def __repr__(self) -> str:
        return "Key(***)" if self else "Key()"


HIDDEN = "***"


def scrub(text: str, *secrets: Secret) -> str:
    """The text without these secrets, without anything that looks like a key, and without what URLs say beside a path.

    Secrets of fewer than 4 characters are left: they would be found everywhere.
    """
    text = hide(text, *secrets)
    for pattern, shown in _LOOKS_SECRET:
        text = pattern.sub(shown, text)
    return text


def excerpt(text: str, size: int) -> str:
    """Its first `size` characters, and a sign that there were more: what a server wrote may be of any length."""
    return text if len(text) <= size else text[: size - 1] + _MORE


def hide(text: str, *secrets: Secret) -> str:
    """The text without these secrets, in full, percent-encoded, or shown in part (`sk-abc...xyz`)."""
    values = [value for secret in secrets if (value := secret.reveal())[:4] in text or "%" in text]  # or parts of them
    for value in sorted(values, key=len, reverse=True):
        if len(value) >= 4:
            text = text.replace(value, HIDDEN).replace(quote(value, safe=""), HIDDEN)
        if len(value) >= 12:  # a part of it, as providers show it: `sk-abc...xyz`
            text = re.sub(_elided(value[:4]), _if_elided, text)
            text = _without_cut_end(text, value)
    return text


def _without_cut_end(text: str, value: str) -> str:
    """The text of an excerpt may end inside a secret."""
    text, more = (text[:-1], _MORE) if text.endswith(_MORE) else (text, "")
    start = text.rfind(value[:5], -len(value))
    return text[:start] + HIDDEN + more if start >= 0 and value.startswith(text[start:]) else text + more


def hide_in(value: Any, *secrets: Secret) -> Any:
    """The same for every text, and every name, in a JSON value; what holds no secret is returned as it is."""
    if isinstance(value, str):
        return hide(value, *secrets)
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value)
        return {hide_in(name, *secrets): hide_in(item, *secrets) for name, item in items.items()}
    if isinstance(value, list):
        return [hide_in(item, *secrets) for item in cast("list[object]", value)]
    return value


def secrets_in(headers: Mapping[str, str]) -> tuple[Secret, ...]:
    """The values of the headers whose names say that they are secret; of `Bearer KEY`, the key alone too."""
    found: list[Secret] = []
    for name, value in headers.items():
        if sounds_secret(name):
            found += [Secret(value), Secret(value.partition(" ")[2])]
    return tuple(secret for secret in found if secret)


@lru_cache(maxsize=128)  # the names are few, and asked for with each request
def sounds_secret(name: str) -> bool:
    """Whether a header or a parameter of this name holds a secret."""
    return _SECRET_NAME.search(name) is not None


def without_frames(error: BaseException) -> BaseException:
    """The same exception, and those behind it, without the frames they came through, whose locals hold keys."""
    seen: set[int] = set()
    todo: list[BaseException | None] = [error]
    while todo:
        one = todo.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            one.__traceback__ = None
            todo += [one.__cause__, one.__context__]
    return error


_SECRET_NAME = re.compile(r"auth|key|token|secret|cookie|credential|passw|session|signature", re.IGNORECASE)


def _elided(begin: str) -> str:
    """What begins so and goes on to the dots or stars of a part left out, which are group 1. A beginning of letters may
    come again inside of the run that it begins: then the run is taken even without them."""
    return rf"{re.escape(begin)}[\w\-]*+((?:\*{{2,}}|\.{{2,}}|{_MORE})[\w\-.*]*+){'?' if _in_run(begin) else ''}"


def _if_elided(found: re.Match[str]) -> str:
    return HIDDEN if found[1] else found[0]


def _without_query(found: re.Match[str]) -> str:
    return f"{found[1]}?{HIDDEN}" if found[2] else found[0]


# Servers choose the text, so no pattern may take more than one look at a character: what can begin anywhere inside of
# the run that it reads takes the whole run (`*+`), whether or not the mark behind it makes it a match.
_MORE = "\u2026"
_in_run = re.compile(r"[\w\-]+").fullmatch
_VALUE = r"(?!\*\*\*)[^\s\"',;&}]"
_LOOKS_SECRET: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), shown)
    for pattern, shown in (
        (rf"(\bauthorization[\"']?\s*[:=]\s*[\"']?)(?:[a-z]+\s+)?{_VALUE}+", rf"\1{HIDDEN}"),
        # a word behind "bearer" may be a word ("bearer authentication is missing"): keys have digits, or are long
        (rf"(\b(?:bearer|basic)\s+)(?=[^\s\"',;&}}]*\d|{_VALUE}{{20}}){_VALUE}{{6,}}", rf"\1{HIDDEN}"),
        (rf"(api[-_]?(?:key|token)[\"']?\s*[:=]\s*[\"']?){_VALUE}{{6,}}", rf"\1{HIDDEN}"),
        (r"\b(?:sk|pk|rk|cpk|gsk|xai|csk|hf)[-_][a-z0-9_\-]{16,}", HIDDEN),
        (r"\bAIza[a-z0-9_\-]{20,}", HIDDEN),
        (r"(?<![a-z0-9_\-])[a-z0-9_\-]{2,}+\*{3,}[a-z0-9_\-]*", HIDDEN),
        (r"(\bhttps?://)[^\s/?#@\"'<>]+@", rf"\1{HIDDEN}@"),
        (r"(\bhttps?://[^\s?\"'<>]++)(\?[^\s\"'<>)\]]++)?", _without_query),
    )
)
