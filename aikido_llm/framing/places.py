"""Where in its JSON a wire sends media."""

import re
from collections.abc import Iterable
from typing import Any, TypeAlias, cast

_Step: TypeAlias = "str | tuple[str, str] | None"  # into a key; only with this (key, value) beside; into each item


class Places:
    """Paths such as `choices[].message.images[].url`; `item?type=picture.result` asks for a sibling's value.

    keys: the last keys of the paths, for a quick look at the bytes before a string.
    """

    def __init__(self, paths: Iterable[str] = ()) -> None:
        paths = tuple(paths)
        self._paths = [_steps(path) for path in paths]
        keys = {path.rpartition(".")[2].partition("?")[0] for path in paths}
        single = _any(key for key in keys if not key.endswith("[]"))
        listed = _any(key[:-2] for key in keys if key.endswith("[]"))
        self._opening = re.compile(
            rb'[{,\s]"(?:%b)"\s*:\s*"|[{,\s]"(?:%b)"\s*:\s*\[\s*(?:""\s*,\s*)*"' % (single, listed)
        )

    def __bool__(self) -> bool:
        return bool(self._paths)

    def opening(self, before: bytes) -> bytes:
        """The key and the quote with which `before` ends, if a string begins there that may be media; else b"".

        A quote inside a string is escaped, so what looks like a key there does not match.
        """
        for found in self._opening.finditer(before):
            if found.end() == len(before):
                return found[0]
        return b""

    def strings(self, value: Any) -> list[str]:
        """The strings that stand at these places of a JSON value."""
        found = [leaf for path in self._paths for leaf in _at(value, path)]
        return [leaf for leaf in found if isinstance(leaf, str)]


def _any(keys: Iterable[str]) -> bytes:
    return b"|".join(re.escape(key).encode() for key in sorted(keys)) or b"(?!)"


def _steps(path: str) -> list[_Step]:
    steps: list[_Step] = []
    for word in path.split("."):
        name, _, condition = word.partition("?")
        key, *lists = name.split("[]")
        steps += [key, *[None] * len(lists)] if key else [None] * len(lists)
        if condition:
            wanted, _, value = condition.partition("=")
            steps.append((wanted, value))
    return steps


def _at(value: Any, path: list[_Step]) -> list[Any]:
    level: list[Any] = [value]
    for step in path:
        if step is None:
            level = [item for holder in level if isinstance(holder, list) for item in cast("list[object]", holder)]
            continue
        holders = [cast("dict[str, Any]", holder) for holder in level if isinstance(holder, dict)]
        if isinstance(step, str):
            level = [holder[step] for holder in holders if step in holder]
        else:
            level = [holder for holder in holders if holder.get(step[0]) == step[1]]
    return level


NOWHERE = Places()
