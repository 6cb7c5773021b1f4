"""What the user has set for good: who is asked, short names, options of a model, whether calls are kept."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from attrs import evolve, field, frozen

import aikido_llm as llm
from aikido_llm.codecs.json import loads_object

from . import places


@frozen
class Alias:
    """A short name of a model. provider: "" for whoever is asked."""

    model: str
    provider: str = ""

    def __str__(self) -> str:
        return f"{self.provider} {self.model}".strip()


@frozen
class Settings:
    """What `config.json` holds; what it does not name is not set.

    provider: asked when nobody says another, "" for none. models: of each provider, by its name. aliases: by the short
    name. options: of a model, by its name: option -> the text of its value. log: None while nobody was asked.
    keyring: the providers whose key the system's keyring has.
    """

    provider: str = ""
    models: Mapping[str, str] = field(factory=dict[str, str])
    aliases: Mapping[str, Alias] = field(factory=dict[str, Alias])
    options: Mapping[str, Mapping[str, str]] = field(factory=dict[str, Mapping[str, str]])
    log: bool | None = None
    keyring: tuple[str, ...] = ()

    def meant(self, model: str) -> str:
        """The model that an alias stands for; any other name is itself."""
        return self.aliases[model].model if model in self.aliases else model


def path() -> Path:
    """Where they lie."""
    return places.config() / "config.json"


def read() -> Settings:
    """Raises ConfigError for a file that does not hold what `write` writes; OSError."""
    try:
        held = loads_object(path().read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return Settings()
    except ValueError as error:
        raise llm.ConfigError(f"{path()} is not JSON ({error}): mend or remove it") from None
    try:
        return _settings(held)
    except (TypeError, KeyError) as error:
        raise llm.ConfigError(f"{path()}: {error} is not as `aikido-llm config` writes it: mend or remove it") from None


def write(changed: Settings) -> None:
    """Raises OSError."""
    held: dict[str, Any] = {
        "provider": changed.provider,
        "models": dict(changed.models),
        "aliases": {name: {"provider": it.provider, "model": it.model} for name, it in changed.aliases.items()},
        "options": {name: dict(pairs) for name, pairs in changed.options.items() if pairs},
        "log": changed.log,
        "keyring": list(changed.keyring),
    }  # fmt: skip
    kept = {name: value for name, value in held.items() if value not in (None, "", {}, [])}
    places.write(path(), json.dumps(kept, indent=1, ensure_ascii=False) + "\n")


def change(**changes: Any) -> Settings:
    """Read, change, write. Raises ConfigError, OSError."""
    changed = evolve(read(), **changes)
    write(changed)
    return changed


def _settings(held: Mapping[str, Any]) -> Settings:
    """Raises TypeError and KeyError that name what is wrong."""
    log = held.get("log")
    if log is not None and not isinstance(log, bool):
        raise TypeError("log")
    aliases = {name: _texts(alias, f"alias {name}") for name, alias in _object(held.get("aliases"), "aliases").items()}
    options = _object(held.get("options"), "options")
    return Settings(
        _text(held.get("provider", ""), "provider"),
        _texts(held.get("models"), "models"),
        {name: Alias(alias["model"], alias.get("provider", "")) for name, alias in aliases.items()},
        {name: _texts(pairs, f"option {name}") for name, pairs in options.items()},
        log,
        tuple(_text(name, "keyring") for name in _list(held.get("keyring"), "keyring")),
    )


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise TypeError(what)
    return value


def _list(value: Any, what: str) -> list[Any]:
    if value is not None and not isinstance(value, list):
        raise TypeError(what)
    return cast("list[Any]", value) or []


def _object(value: Any, what: str) -> dict[str, Any]:
    if value is not None and not isinstance(value, dict):
        raise TypeError(what)
    return cast("dict[str, Any]", value) or {}


def _texts(value: Any, what: str) -> dict[str, str]:
    return {name: _text(text, what) for name, text in _object(value, what).items()}
