"""JSON values with one part replaced by something of another shape: what a decoder must survive."""

import json
from collections.abc import Iterator
from typing import Any, cast

ODD: tuple[Any, ...] = (None, True, 3, -1, 1e30, "x", "", "\ud800", [], [1], {}, {"x": [None]}, [[{}]])


def misshapen(value: Any) -> Iterator[Any]:
    """Every part of the value, itself included, replaced by each odd one in turn; the rest as it was."""
    yield from ODD
    if isinstance(value, dict):
        items = cast("dict[str, Any]", value)
        for key in items:
            yield {name: part for name, part in items.items() if name != key}
            for odd in misshapen(items[key]):
                yield {**items, key: odd}
    elif isinstance(value, list):
        parts = cast("list[object]", value)
        for index, part in enumerate(parts):
            for odd in misshapen(part):
                yield [*parts[:index], odd, *parts[index + 1 :]]


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()
