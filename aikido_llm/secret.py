"""Keys, and the scrubbing of text that may hold them. Imports nothing of ours."""

import inspect
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Generic, NoReturn, Self, TypeAlias, TypeVar, cast
from urllib.parse import quote

KeySource: TypeAlias = str | Callable[[], str | Awaitable[str]]
"""A key, or a (sync or async) function that is asked for it once per attempt."""


V = TypeVar("V")


class Unpicklable:
    """What holds keys is not pickled: such bytes reach task brokers, caches and pipes. A copy of it is itself."""

    __slots__ = ()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"{type(self).__name__} cannot be pickled, a key would stand in the bytes: open a client where it is used"
        )


class Secret(Unpicklable):
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

    @property
    def problem(self) -> str:
        """Why no header can carry it, in words that go on from "the key"; "" when one can."""
        if not self.is_text:
            return "is no text: the function that was given as api_key must return a str"
        if not self._text.isascii() or not self._text.isprintable():
            return "holds a line end or a character that is no ASCII letter, digit or sign"
        return "holds a blank: it must be the key alone" if " " in self._text else ""

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret(***)" if self._text else "Secret()"


class Key(Unpicklable):
    """Where the key of a client comes from. What stands around it in a file, blanks and line ends, is no part of it."""

    __slots__ = ("_source",)

    def __init__(self, source: "KeySource | Secret | None") -> None:
        held = Secret(source) if isinstance(source, str) else source
        self._source = _bare(held) if isinstance(held, Secret) else held

    def __bool__(self) -> bool:
        """Whether there is a key or a function to ask for one."""
        return bool(self._source)

    @property
    def held(self) -> Secret | None:
        """The key that was given as text, an empty Secret when there is none; None where a function is to be asked."""
        source = self._source
        return source if isinstance(source, Secret) else None if source else Secret("")

    async def get(self) -> Secret:
        """The key for one attempt; an empty Secret when there is none."""
        source = self._source
        if source is None or isinstance(source, Secret):
            return source or Secret("")
        asked = source()
        return _bare(Secret(await asked if inspect.isawaitable(asked) else asked))

    def __repr__(self) -> str:
        return "Key(***)" if self else "Key()"


def _bare(secret: Secret) -> Secret:
    return Secret(secret.reveal().strip().removeprefix("\ufeff").strip()) if secret.is_text else secret


class HiddenValues(Unpicklable, Mapping[str, V], Generic[V]):
    """A mapping that shows its names alone: headers, and parameters, may hold keys. Empty, it is pickled like any."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, V] | None = None) -> None:
        self._values = dict(values or {})

    def __getitem__(self, name: str) -> V:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"<{', '.join(self._values)}>"

    def __reduce__(self) -> Any:
        return super().__reduce__() if self._values else (type(self), ())


HIDDEN = "***"


def scrub(text: str, *secrets: Secret) -> str:
    """The text without these secrets, without anything that looks like a key, and without what URLs say beside a path.

    Secrets of fewer than 4 characters are left: they would be found everywhere.
    """
    text = hide(text, *secrets)
    for secret in secrets:
        text = _without_parts(text, secret.reveal())
    for pattern, shown in _LOOKS_SECRET:
        text = pattern.sub(shown, text)
    return text


def excerpt(text: str, size: int) -> str:
    """Its first `size` characters, and a sign that there were more: what a server wrote may be of any length."""
    return text if len(text) <= size else text[: size - 1] + _MORE


def hide(text: str, *secrets: Secret) -> str:
    """The text without these secrets, in full, percent-encoded, or shown in part (`sk-abc...xyz`); those that are no
    words (from 12 characters on) in capitals and small letters alike, and with their signs as a URL, JSON or HTML
    spells them. Other spellings (base64, hexadecimal, backwards) are not looked for."""
    lowered = text.lower()
    is_spelled = "%" in text or "\\" in text or "&" in text
    values = [value for secret in secrets if (value := secret.reveal())[:4].lower() in lowered or is_spelled]
    if not values:
        return text
    for value in sorted(values, key=len, reverse=True):
        if len(value) >= 4:
            text = text.replace(value, HIDDEN).replace(quote(value, safe=""), HIDDEN)
        if len(value) >= 12:
            if value.lower() in lowered or is_spelled:
                text = re.sub(_spelled(value) if is_spelled else re.escape(value), HIDDEN, text, flags=re.IGNORECASE)
            # a part of it, as providers show it: `sk-abc...xyz`
            text = re.sub(_elided(value[:4]), _if_elided, text, flags=re.IGNORECASE)
            text = _without_cut_end(text, value)
    return text


def _without_parts(text: str, value: str) -> str:
    """Without any run of `_PART` characters and more of a secret, from whatever place in it: each such run holds one of
    the blocks of half that length that the secret can be cut into."""
    half, value = _PART // 2, value.lower()
    for at in range(0, len(value) - half + 1, half):
        block = value[at : at + half]
        seen = _lowered(text)
        found, done, out = seen.find(block), 0, list[str]()
        while found >= 0:
            start, end = found, found + half
            while start > max(done, found - at) and seen[start - 1] == value[start - 1 - found + at]:
                start -= 1
            while end < min(len(text), found - at + len(value)) and seen[end] == value[end - found + at]:
                end += 1
            if end - start >= _PART:
                out += (text[done:start], HIDDEN)
                done = end
            found = seen.find(block, end)
        text = "".join([*out, text[done:]]) if out else text
    return text


def _without_cut_end(text: str, value: str) -> str:
    """The text of an excerpt may end inside a secret."""
    text, more = (text[:-1], _MORE) if text.endswith(_MORE) else (text, "")
    seen, value = _lowered(text[-len(value) :]), value.lower()
    at = seen.rfind(value[:5])
    return text[: at - len(seen)] + HIDDEN + more if at >= 0 and value.startswith(seen[at:]) else text + more


def _lowered(text: str) -> str:
    """In small letters, each in its place: outside of ASCII some become two."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else text


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
    """Whether a header or a parameter of this name holds a secret.

    The last of its words says what it is: `x-api-key` is a key, `x-token-budget` a budget, `x-author` no auth.
    """
    words = [word.lower() for word in _WORD.findall(name)]
    while len(words) > 1 and words[-1] in _CARRIERS:
        words.pop()
    last, before = (words or [""])[-1], words[-2:-1]
    return (last in _SECRET_WORDS or last.endswith(_SECRET_ENDS)) and not (last == "key" and before in _OPEN_KEYS)


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")  # of x-api-key, api_key, apiKey, X-APIKey
_CARRIERS = {"id", "value", "header"}
_SECRET_WORDS = {"key", "session", "sid", "jwt", "sig", "pwd", "pat"}
_SECRET_ENDS = (
    *("auth", "authorization", "authentication", "bearer", "cookie", "credential", "credentials", "passphrase"),
    *("passwd", "password", "secret", "signature", "token", "apikey", "accesskey", "authkey", "secretkey"),
)
_OPEN_KEYS = (["idempotency"], ["cache"], ["surrogate"])  # they name a thing, and open none


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


_PART = 12  # characters of a key that must not be shown, wherever in it they stand


def _elided(begin: str) -> str:
    """What begins so and goes on to the dots or stars of a part left out, which are group 1. A beginning of letters may
    come again inside of the run that it begins: then the run is taken even without them."""
    return rf"{re.escape(begin)}[\w\-]*+((?:\*{{2,}}|\.{{2,}}|{_MORE})[\w\-.*]*+){'?' if _in_run(begin) else ''}"


def _spelled(value: str) -> str:
    """The value, whose signs may be escaped, a few times over: by a URL (%2B), by JSON, by HTML."""
    return "".join(letter if letter.isalnum() else _sign(letter) for letter in value)


def _sign(letter: str) -> str:
    code = ord(letter)
    in_html = rf"&(?:amp;){{0,3}}#(?:0{{0,4}}{code}|x0{{0,4}}{code:x});"
    return rf"(?:%(?:25){{0,3}}{code:02x}|\\{{1,4}}u{code:04x}|{in_html}|\\{{0,4}}{re.escape(letter)})"


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
