"""The system's keyring, by the library of that name where it is installed (https://keyring.readthedocs.io, 2026-11)."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import aikido_llm as llm
from aikido_llm.secret import Secret

NAME = "the system's keyring"
_SERVICE = "aikido-llm"


def installed() -> bool:
    """Whether the library is there; the system may have no keyring all the same."""
    return find_spec("keyring") is not None


def read(name: str) -> Secret:
    """Raises ConfigError."""
    found: str | None = _do("get_password", name)
    if not found:
        raise llm.ConfigError(f"{NAME} has no key of {name} any more: `aikido-llm keys set {name}`")
    return Secret(found)


def write(name: str, key: Secret) -> None:
    """Raises ConfigError."""
    _do("set_password", name, key.reveal())


def remove(name: str) -> None:
    """Raises ConfigError."""
    _do("delete_password", name)


def _do(what: str, *arguments: str) -> Any:
    """The library and what stands behind it raise of every kind; their texts are theirs, and may hold anything."""
    try:
        return getattr(import_module("keyring"), what)(_SERVICE, *arguments)
    except Exception as error:
        kind = type(error).__name__
    raise llm.ConfigError(f"{NAME} cannot be used ({kind}); `aikido-llm keys set --file` keeps keys in a file")
