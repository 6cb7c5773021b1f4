"""Templates: prompts that are kept under a name. Their text is text: a value that is filled in is never read again."""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from attrs import evolve, field, frozen

import aikido_llm as llm

from ..access import places
from .template import Template

INPUT = "input"
SKELETON = '''\
# aikido-llm chat --template NAME "what is asked"
# {input} stands for what is typed and piped in, {anything} for --var anything=VALUE; a brace itself is written twice.
prompt = """
{input}"""
# system = "You answer in {language}."
# model = "an alias, or a model"
# provider = "openai"
# schema = "name, age int"                   # or a file, or a table: JSON Schema
# tools = ["weather.py"]                     # files of Python functions; each call is asked about
# options = { temperature = 0.2 }
# defaults = { language = "French" }
'''
_NAME = re.compile(r"[\w][\w.-]*")
_TEXTS = ("prompt", "system", "provider", "model")
_KNOWN = (*_TEXTS, "schema", "tools", "options", "defaults")


@frozen
class Saved:
    """prompt, system: None for none. schema: as `--schema` takes it, or a JSON Schema. tools: files. options: name ->
    text of the value. defaults: of variables."""

    name: str = ""
    prompt: Template | None = None
    system: Template | None = None
    provider: str | None = None
    model: str | None = None
    schema: str | dict[str, Any] | None = None
    tools: tuple[str, ...] = ()
    options: Mapping[str, str] = field(factory=dict[str, str])
    defaults: Mapping[str, str] = field(factory=dict[str, str])

    def filled(self, typed: str, variables: Mapping[str, str]) -> tuple[str, str | None]:
        """(prompt, instructions). typed: what the user says; it follows the prompt when that has no place for it.

        raises: ValueError for a variable that is missing, and for one that nothing stands for.
        """
        names = {name for text in (self.prompt, self.system) if text for _, name in text.pieces if name}
        values = {**self.defaults, **variables}
        if missing := sorted(names - {INPUT} - set(values)):
            raise ValueError(f"the template {self.name} needs {' '.join(f'--var {name}=VALUE' for name in missing)}")
        if unknown := sorted(set(variables) - names):
            raise ValueError(f"the template {self.name} has no {{{unknown[0]}}}" if self.name else
                             "--var speaks of a template: pass --template NAME")  # fmt: skip
        if INPUT in names and not typed:
            raise ValueError(f"the template {self.name} needs a prompt: as an argument or on stdin")
        values = {**values, INPUT: typed}
        system = self.system.fill(values) if self.system else None
        prompt = self.prompt.fill(values) if self.prompt else ""
        left = "" if INPUT in names else typed
        return "\n\n".join(text for text in (prompt, left) if text), system

    def instructions(self, variables: Mapping[str, str]) -> str | None:
        """The instructions alone, for a conversation. Raises ValueError as `filled`."""
        return evolve(self, prompt=None).filled("", variables)[1]


def path(name: str) -> Path:
    """Raises ConfigError for a name that could lead elsewhere."""
    if not _NAME.fullmatch(name):
        raise llm.ConfigError(f"{name!r} is no name of a template: letters, digits, - _ and . alone")
    return places.templates() / f"{name}.toml"


def names() -> list[str]:
    """All there are."""
    return sorted(found.stem for found in places.templates().glob("*.toml"))


def load(name: str) -> Saved:
    """Raises ConfigError that says what is wrong with it, OSError."""
    try:
        text = path(name).read_bytes().decode("utf-8")
        return read(name, tomllib.loads(text))
    except FileNotFoundError:
        there = f"there are: {', '.join(names())}" if names() else "there are none"
        raise llm.ConfigError(f"there is no template {name} (`aikido-llm templates edit {name}`); {there}") from None
    except (ValueError, RecursionError) as error:
        raise llm.ConfigError(f"{path(name)}: {error}") from None


def read(name: str, held: Mapping[str, Any]) -> Saved:
    """Raises ValueError."""
    if unknown := sorted(set(held) - set(_KNOWN)):
        raise ValueError(f"{unknown[0]} is not known; known are: {', '.join(_KNOWN)}")
    for key in _TEXTS:
        if not isinstance(held.get(key, ""), str):
            raise ValueError(f"{key} is text")
    schema = held.get("schema")
    if schema is not None and not isinstance(schema, str | dict):
        raise ValueError("schema is text, or a table: a JSON Schema")
    prompt, system = (Template.parse(held[key]) if held.get(key) else None for key in ("prompt", "system"))
    folder = places.templates()
    return Saved(
        name, prompt, system, held.get("provider"), held.get("model"), cast("str | dict[str, Any] | None", schema),
        tuple(str(folder / Path(one).expanduser()) for one in _texts(held, "tools")),
        _pairs(held, "options"), _pairs(held, "defaults"),
    )  # fmt: skip


def write(name: str, held: Mapping[str, Any]) -> Path:
    """Keep what `read` understands: text, lists of text and tables of text. Raises ConfigError, OSError."""
    text = "".join(f"{key} = {_toml(value)}\n" for key, value in held.items())
    try:
        read(name, tomllib.loads(text))
    except ValueError as error:
        raise llm.ConfigError(f"this can be no template: {error}") from None
    places.write(path(name), text)
    return path(name)


def _texts(held: Mapping[str, Any], key: str) -> list[str]:
    match held.get(key, []):
        case [*items] if all(isinstance(one, str) for one in items):
            return items
        case _:
            raise ValueError(f"{key} is a list of files")


def _pairs(held: Mapping[str, Any], key: str) -> dict[str, str]:
    table: Any = held.get(key, {})
    if not isinstance(table, dict):
        raise ValueError(f"{key} is a table")
    pairs = cast("dict[str, Any]", table)
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in pairs.items()}


def _toml(value: Any) -> str:
    """A text in JSON is one in TOML but for DEL (https://toml.io/en/v1.0.0#string, read 2026-11)."""
    match value:
        case dict():
            pairs = cast("dict[str, Any]", value).items()
            return "{ " + ", ".join(f"{json.dumps(name)} = {_toml(inner)}" for name, inner in pairs) + " }"
        case [*items]:
            return "[" + ", ".join(map(_toml, items)) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
