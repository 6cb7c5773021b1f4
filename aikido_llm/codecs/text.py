"""Text that any encoder takes: halves of characters (lone surrogates, which JSON can spell) joined, or U+FFFD."""

import re
from typing import Any, cast

_half = re.compile("[\ud800-\udfff]").search
_pairs = re.compile("[\ud800-\udbff][\udc00-\udfff]").findall


def has_half(text: str) -> bool:
    """Whether some half of a character stands in it, with its other half or alone."""
    return not text.isascii() and _half(text) is not None


def mended(text: str) -> str:
    """Two halves in a row are their character; one that stands alone is U+FFFD."""
    if not has_half(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def mended_in(value: Any) -> Any:
    """The same for all text in plain data, keys of objects too; the value itself where there is nothing to mend."""
    if isinstance(value, str):
        return mended(value)
    if isinstance(value, list):
        return [mended_in(item) for item in cast("list[object]", value)]
    if isinstance(value, tuple):
        return tuple(mended_in(item) for item in cast("tuple[object, ...]", value))
    if isinstance(value, dict):
        return {mended_in(key): mended_in(item) for key, item in cast("dict[object, object]", value).items()}
    return value


NAMES: dict[type, str] = {
    str: "text",
    int: "an int",
    float: "a number",
    bool: "True or False",
    bytes: "bytes",
    type(None): "None",
}
"""What a value of such a class is called in a message."""


def kind_name(value: object) -> str:
    """What a value is, in a message that must not show it (it may be a key in the wrong place): `an int`, `text`."""
    name = type(value).__name__
    return NAMES.get(type(value), f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}")


def is_blank(text: str | bytes) -> bool:
    """Whether it is empty or white space; where it is long, `strip` would copy it to tell."""
    return not text or text.isspace()


def points(text: str) -> int:
    """Code points of a text, whose halves of characters may have come in two pieces."""
    return len(text) if text.isascii() else len(text) - len(_pairs(text))


def ends_in_half(text: str) -> bool:
    """Whether the first half of a character stands at the end: its other half may come."""
    return "\ud800" <= text[-1:] <= "\udbff"
