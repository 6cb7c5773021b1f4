"""Keys from a `.env` file. What else it says is not believed: a folder may be somebody else's work.

Keys alone are taken, nothing is expanded, and nothing is put into the environment. The file must lie in this folder, or
in the root of the project that this folder is in, or be named by AIKIDO_LLM_ENV_FILE; and it must be the user's own.
"""

import io
import os
import stat
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from attrs import field, frozen

import aikido_llm as llm
from aikido_llm.providers.base import Provider
from aikido_llm.secret import HiddenValues, Secret

NAMED = "AIKIDO_LLM_ENV_FILE"
_MOST_BYTES = 256 * 1024  # more is another kind of file
_ROOTS = (".git", ".hg", "pyproject.toml", "package.json")
_OURS = ("LLM_PROVIDER", "LLM_DSN", "LLM_MODEL")


@frozen
class EnvFile:
    """path: None when there is none. problem: why it is not read. values: as written, not expanded."""

    path: Path | None = None
    problem: str = ""
    values: Mapping[str, str] = field(factory=HiddenValues[str])

    def key(self, row: Provider) -> tuple[str, Secret] | None:
        """(variable, key) of a provider.

        raises: ConfigError when the file names an address for it too: the key is meant for that one, which is not
        taken from a file, and would go to another.
        """
        for variable in row.key_env:
            if value := self.values.get(variable, "").strip():
                if address := self._address(row):
                    raise llm.ConfigError(
                        f"{self.path} holds {variable} and {address}: addresses are not taken from a file, and "
                        f"the key is not sent elsewhere; set {address} in the environment"
                    )
                return variable, Secret(value)
        return None

    def _address(self, row: Provider) -> str:
        """The first variable that names an address for the row here and not the same one in the environment."""
        used = next((value for name in row.base_variables if (value := os.environ.get(name, "").strip())), "")
        for name in row.base_variables:
            there = self.values.get(name, "").strip()
            if there:
                return "" if there == used else name
        return ""

    @property
    def left(self) -> tuple[str, ...]:
        """What of it this program knows in the environment, and did not take."""
        return tuple(name for name in _OURS if name in self.values and name not in os.environ)


def find() -> EnvFile:
    """The file of this working folder, read once."""
    return _find(os.getcwd(), os.environ.get(NAMED, ""))


def said() -> list[str]:
    """What a person should know of it: why it is not read, what was left in it."""
    file = find()
    if file.problem:
        return [f"{file.path} {file.problem}: not read"]
    return [f"{', '.join(file.left)} of {file.path} not taken: it gives keys alone"] if file.left else []


@lru_cache(maxsize=4)
def _find(folder: str, named: str) -> EnvFile:
    if named:
        return _read(Path(named), is_named=True)
    for place in _folders(Path(folder)):
        if (place / ".env").exists():
            return _read(place / ".env", is_named=False)
    return EnvFile()


def _folders(folder: Path) -> tuple[Path, ...]:
    """This folder, and the root of the project that it is in."""
    root = next(
        (place for place in (folder, *folder.parents) if any((place / mark).exists() for mark in _ROOTS)), folder
    )
    return (folder,) if root in (folder, Path.home()) else (folder, root)


def _read(path: Path, *, is_named: bool) -> EnvFile:
    from dotenv import dotenv_values

    try:
        with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                return EnvFile(path, "is no file")
            if not _is_mine(found) or not (is_named or _is_mine(path.parent.stat())):
                return EnvFile(path, "belongs to another user, or lies in a folder of another")
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        return EnvFile(path, f"cannot be read: {error.strerror}")
    if len(data) > _MOST_BYTES:
        return EnvFile(path, "is too large")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return EnvFile(path, "is not text")
    values = dotenv_values(stream=io.StringIO(text), interpolate=False)
    return EnvFile(path, values=HiddenValues({name: value for name, value in values.items() if value is not None}))


def _is_mine(found: os.stat_result) -> bool:
    return os.name != "posix" or found.st_uid == os.geteuid()
