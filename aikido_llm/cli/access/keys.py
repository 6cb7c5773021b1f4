"""Where a key comes from: a flag, the DSN, the environment, a `.env` file, `keys set`, a key file, or a person."""

import os
import stat
import sys
from collections.abc import Iterable
from pathlib import Path

from attrs import frozen

import aikido_llm as llm
from aikido_llm.providers import find
from aikido_llm.providers.base import Provider
from aikido_llm.secret import Secret

from . import env_file, keyring, places, settings

_MOST_BYTES = 64 * 1024  # of a key file: more is another kind of file


@frozen
class Found:
    """A key, or why there is none. source: in words for a person. key: None when `open` finds it by itself (DSN,
    environment) and when there is none; problem: what is wrong with a key file that is there."""

    source: str = ""
    key: Secret | None = None
    problem: str = ""
    taken: bool = False  # from a file that lies where the user works: worth a word

    def __bool__(self) -> bool:
        return bool(self.source)


def key_file(row: Provider) -> Path:
    """`~/.config/PROVIDER/api_key`, or under XDG_CONFIG_HOME: other programs may have put it there."""
    return places.base("XDG_CONFIG_HOME", ".config") / row.name / "api_key"


def own_file(row: Provider) -> Path:
    """Where `keys set` keeps it."""
    return places.config() / "keys" / row.name


def read_key_file(path: Path) -> Secret:
    """The key in a file. Raises ConfigError for a file that others can read, that is empty or that holds no key."""
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            if os.name == "posix" and stat.S_ISREG(found.st_mode) and found.st_mode & 0o077:
                raise llm.ConfigError(f"the key file {path} can be read by others: chmod 600 {path}")
            held = Secret(file.read(_MOST_BYTES).decode("utf-8", "replace").strip())
    except OSError as error:
        raise llm.ConfigError(f"the key file {path} cannot be read: {error.strerror}") from None
    if not held:
        raise llm.ConfigError(f"the key file {path} is empty")
    if not held.reveal().isprintable() or " " in held.reveal():
        raise llm.ConfigError(f"the key file {path} holds more than a key: it must hold one line, the key")
    return held


def look(row: Provider, in_dsn: bool = False) -> Found:
    """The key of a provider, without asking anybody. in_dsn: the DSN in use has one."""
    if in_dsn:
        return Found("the DSN")
    for variable in row.key_env:
        if os.environ.get(variable, "").strip():
            return Found(variable)
    file = env_file.find()
    try:
        if (taken := file.key(row)) is not None:
            return Found(f"{taken[0]} of {file.path}", taken[1], taken=True)
    except llm.ConfigError as error:
        return Found(problem=error.message)
    if (name := _of_same(row, settings.read().keyring)) is not None:
        try:
            return Found(keyring.NAME, keyring.read(name))
        except llm.ConfigError as error:
            return Found(problem=error.message)
    folder = own_file(row).parent
    own = _of_same(row, os.listdir(folder) if _is_there(folder) else ())
    path = next((path for path in ([folder / own] if own else [key_file(row)]) if _is_there(path)), None)
    if path is not None:
        try:
            return Found(str(path), read_key_file(path))
        except llm.ConfigError as error:
            return Found(problem=error.message)
    return Found()


def _of_same(row: Provider, kept: Iterable[str]) -> str | None:
    """The provider among these whose key is this row's too: its own, or one that has the same variable."""
    names = [name for name in kept if name in llm.providers()]
    same = (name for name in names if row.key_env and find(name).key_env[:1] == row.key_env[:1])
    return row.name if row.name in names else next(same, None)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder that may not be looked into
        return False


def ask(row: Provider) -> Secret | None:
    """Ask the person at the terminal, without an echo; None where there is no terminal."""
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    import click

    where = f" ({row.key_url})" if row.key_url else ""
    answer: str = click.prompt(f"API key for {row.title or row.name}{where}, not shown", hide_input=True, err=True)
    return Secret(answer.strip())
