"""What the checks of requests have in common. What a rule says, in which words, belongs to each wire."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast


class Refused(Exception):
    """The request breaks a rule; the text is what the service says about it."""


def refusal(check: Callable[[Any], None], body: Any) -> str | None:
    """What the check has against the body, None for nothing."""
    try:
        check(body)
    except Refused as refused:
        return str(refused)
    return None


def as_object(value: Any) -> dict[str, Any] | None:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def as_list(value: Any) -> list[Any] | None:
    return [*cast("Iterable[Any]", value)] if isinstance(value, list) else None


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def unknown_keys(value: dict[str, Any], allowed: Iterable[str]) -> list[str]:
    """The keys that are not allowed, in the order they came."""
    return [key for key in value if key not in allowed]


def schema_nodes(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema inside a JSON Schema, itself first, with its path."""
    node = as_object(schema)
    if node is None:
        return
    yield path, node
    for key in ("properties", "$defs", "definitions", "patternProperties"):
        for name, child in (as_object(node.get(key)) or {}).items():
            yield from schema_nodes(child, f"{path}.{key}.{name}")
    for key in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for index, child in enumerate(as_list(node.get(key)) or ()):
            yield from schema_nodes(child, f"{path}.{key}.{index}")
    for key in ("items", "not", "additionalProperties"):
        yield from schema_nodes(node.get(key), f"{path}.{key}")


def matches(pattern: str, value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None
