"""`--schema`: a JSON Schema from a file, or from a line such as `name, age int, tags: words that tell of it`."""

import json
import re
from pathlib import Path
from typing import Any

import aikido_llm as llm
from aikido_llm.codecs.json import loads_object

_TYPES = {
    "str": "string", "string": "string", "int": "integer", "integer": "integer", "float": "number", "number": "number",
    "bool": "boolean", "boolean": "boolean",
}  # fmt: skip


def response_format(text: str | dict[str, Any], *, several: bool = False) -> llm.ResponseFormat:
    """text: a file of JSON Schema, the schema itself, or fields: `NAME [TYPE][: what it is]`, by commas or lines.
    several: a list of such, as `items`. Raises ValueError."""
    schema = text if isinstance(text, dict) else _read(text)
    name = re.sub(r"\W", "_", str(schema.get("title") or "answer"))[:60]
    wanted = _object({"items": {"type": "array", "items": schema}}) if several else schema
    return llm.ResponseFormat.json_schema(wanted, name)


def is_file(text: str) -> bool:
    """Whether a file is meant, not what would stand in it."""
    return "\n" not in text and not text.lstrip().startswith("{") and Path(text).is_file()


def _read(text: str) -> dict[str, Any]:
    try:
        if text.lstrip().startswith("{"):
            return loads_object(text.encode())
        if is_file(text):
            return loads_object(Path(text).read_bytes())
    except ValueError as error:
        raise ValueError(f"{text[:60]} is no JSON Schema: {error}") from None
    except OSError as error:
        raise ValueError(f"{text[:60]}: {error.strerror}") from None
    lines = text.split("\n" if "\n" in text else ",")
    fields = dict(_field(line) for line in lines if line.strip())
    if not fields:
        raise ValueError("there is no field in it")
    return _object(fields)


def _field(text: str) -> tuple[str, dict[str, Any]]:
    """`age int: in years`."""
    head, _, about = text.partition(":")
    name, _, kind = head.strip().partition(" ")
    kind = kind.strip() or "str"
    if not name.isidentifier():
        raise ValueError(f"there is no file {text.strip()}, and {name or text!r} is no name of a field")
    if kind.removesuffix("[]") not in _TYPES:
        raise ValueError(
            f"{name}: {kind} is no type; there are {', '.join(_TYPES)}, and each with [] for a list of them"
        )
    found: dict[str, Any] = {"type": _TYPES[kind.removesuffix("[]")]}
    if kind.endswith("[]"):
        found = {"type": "array", "items": found}
    return name, {**found, **({"description": about.strip()} if about.strip() else {})}


def _object(fields: dict[str, Any]) -> dict[str, Any]:
    """Closed, and all of it required: what strict schemas want everywhere."""
    return {"type": "object", "properties": fields, "required": [*fields], "additionalProperties": False}


def check(text: str, provider: str, response: llm.Response | None) -> None:
    """Raises InvalidAnswer for an answer that is no JSON."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        raise llm.InvalidAnswer("the answer is no JSON", provider=provider, partial=response) from None
