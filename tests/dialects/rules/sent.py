"""What the validators share: the body as the server reads it, and looks at JSON values."""

import base64
import json
from typing import Any, cast

from aikido_llm.codecs import json as _json


def received(body: dict[str, Any]) -> dict[str, Any]:
    """The body behind its way over the wire."""
    read: dict[str, Any] = json.loads(_json.dumps(body))
    return read


def check_keys(value: dict[str, Any], allowed: str, what: str, needed: str = "") -> None:
    """allowed, needed: names, separated by blanks; needed ones are allowed too."""
    unknown = set(value) - set(allowed.split()) - set(needed.split())
    assert not unknown, f"{what} has unknown keys {unknown}"
    missing = set(needed.split()) - set(value)
    assert not missing, f"{what} lacks {missing}"


def check_no_nulls(value: Any) -> None:
    assert value is not None, "a null"
    for inner in [*items(value), *members(value).values()]:
        check_no_nulls(inner)


def items(value: Any) -> list[Any]:
    """A list's items, none of anything else."""
    return cast("list[dict[str, Any]]", value) if isinstance(value, list) else []


def members(value: Any) -> dict[str, Any]:
    """An object's members, none of anything else."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def check_base64(text: str) -> None:
    assert base64.b64decode(text, validate=True)


def check_url(url: str) -> None:
    """An http(s) URL, or a data URI with base64 in it."""
    if url.startswith("data:"):
        head, _, data = url.partition(",")
        assert head.endswith(";base64") and "/" in head, head
        check_base64(data)
    else:
        assert url.startswith(("https://", "http://")), url[:40]
