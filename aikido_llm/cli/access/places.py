"""Where the command line keeps what is the user's, by the platform's conventions. Reads no file but by `write`'s name.

AIKIDO_LLM_HOME names one folder for all of it; else XDG's folders (https://specifications.freedesktop.org/basedir-spec,
read 2026-11) on Linux and its kin, and the folder that click names on macOS and Windows.
"""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click

HOME = "AIKIDO_LLM_HOME"
_NAME = "aikido-llm"
_XDG = sys.platform not in ("darwin", "win32")


def config() -> Path:
    """Settings, templates and keys."""
    return _given() or Path(click.get_app_dir(_NAME))


def templates() -> Path:
    """One file each."""
    return config() / "templates"


def data() -> Path:
    """What was asked and answered."""
    return _given() or _xdg("XDG_DATA_HOME", ".local/share") or config()


def log() -> Path:
    """The calls that are kept."""
    return data() / "calls.db"


def cache() -> Path:
    """What can be asked for again."""
    return (_given() or _xdg("XDG_CACHE_HOME", ".cache") or config()) / ("cache" if _given() or not _XDG else "")


def state() -> Path:
    """What was typed."""
    return _given() or base("XDG_STATE_HOME", ".local/state") / _NAME


def base(variable: str, usual: str) -> Path:
    """The folder that a variable of XDG names; what is not absolute is ignored, as the standard wants it."""
    named = os.environ.get(variable, "")
    return Path(named) if os.path.isabs(named) else Path.home() / usual


def write(path: Path, text: str) -> None:
    """Whole or not at all, and only the user may read it. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with drafted(path) as file:
        file.write(text.encode("utf-8"))


@contextmanager
def drafted(path: Path, mode: int = 0o600) -> Generator[IO[bytes]]:
    """What is written here takes the place of path when it is whole and on the disk, else there is no trace of it. A
    link stays one. Raises OSError; FileExistsError where somebody's file has the name that the draft needs."""
    path = path.resolve()
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException as error:
        draft.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:  # a write does not know its file
            error.filename = str(path)
        raise


def _given() -> Path | None:
    named = os.environ.get(HOME, "")
    return Path(named) if named else None


def _xdg(variable: str, usual: str) -> Path | None:
    return base(variable, usual) / _NAME if _XDG else None
