"""How the process ends that is told to: by Ctrl-C at any moment, or by SIGTERM.

Both take the same road: what runs is cancelled, closes what it holds, and the terminal is as it was. Behind that
nothing is left to do, and the interpreter's own end is left out, as one more Ctrl-C in the middle of it would be told
as a traceback. Only a process that is ours alone does so (`arm`); who calls `run` in another gets its status.
"""

import atexit
import contextlib
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, NoReturn

_PATIENCE = 2.0  # s that what runs has to end by itself after a SIGTERM, before it is ended

CTRL_C = 130
_SHOW_CURSOR = b"\x1b[?25h"


class _Process:
    """The process that is ours. told: the signal that has ended it, 0: none. tidy: puts its terminal right."""

    def __init__(self) -> None:
        self.id = 0
        self.told = 0
        self.tidy: Callable[[], None] | None = None


_process = _Process()


def arm() -> None:
    """This process is the command line's; what a signal does to it is decided here."""
    _process.id = os.getpid()
    _process.tidy = _terminal()
    if sys.platform != "win32" and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminated)
        signal.signal(signal.SIGALRM, _at_once)


def heed() -> None:
    """Raises KeyboardInterrupt when the process has been told to end: a Ctrl-C, which whoever takes it may use for
    less, stood for that."""
    if _process.told:
        raise KeyboardInterrupt


def interrupted() -> int:
    """The status of what Ctrl-C, or whatever takes its road, has ended. It does not return in a process of ours."""
    if _process.id == os.getpid():
        over()
        with contextlib.suppress(Exception):  # of functions that a tool of the user's has left
            vars(atexit)["_run_exitfuncs"]()
        _leave()
    return CTRL_C


def over() -> None:
    """Nothing is left that a Ctrl-C could cancel: it ends the process where it stands."""
    if callable(signal.getsignal(signal.SIGINT)):
        signal.signal(signal.SIGINT, _at_once)


def _leave() -> NoReturn:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):  # nobody reads it, or it is closed
            stream.flush()
    if _process.tidy is not None:
        _process.tidy()
    if _process.told:
        signal.signal(_process.told, signal.SIG_DFL)
        os.kill(os.getpid(), _process.told)
    os._exit(CTRL_C)


def _terminated(number: int, frame: FrameType | None) -> None:
    """As Ctrl-C, wherever that may be waited for; a second one, or the alarm, ends what does not heed it."""
    _process.told = number
    if _process.id != os.getpid():  # forked from it
        _leave()
    signal.signal(signal.SIGTERM, _at_once)
    signal.setitimer(signal.ITIMER_REAL, _PATIENCE)
    if signal.getsignal(signal.SIGINT) in (signal.SIG_IGN, signal.SIG_DFL, None):  # as `nohup` and scripts have it
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)


def _at_once(number: int, frame: FrameType | None) -> None:
    _leave()


def _terminal() -> Callable[[], None]:
    """What puts the terminal, if there is one, into the state that it is in now."""
    shown = [n for n in (2, 1) if _is_terminal(n)]
    modes: list[tuple[int, list[Any]]] = []
    if sys.platform != "win32":
        import termios

        for number in [n for n in (0, 2, 1) if _is_terminal(n)][:1]:
            with contextlib.suppress(termios.error):
                modes.append((number, termios.tcgetattr(number)))

    def tidy() -> None:
        if sys.platform == "win32" or _process.id != os.getpid():
            return
        with contextlib.suppress(OSError, termios.error):  # it is gone
            for number, before in modes:
                if not _in_background(number) and termios.tcgetattr(number) != before:
                    termios.tcsetattr(number, termios.TCSANOW, before)
            for number in shown[:1]:
                if not _in_background(number) and os.environ.get("TERM", "dumb") != "dumb":
                    os.write(number, _SHOW_CURSOR)

    return tidy


def _in_background(number: int) -> bool:
    """Whether a shell has put us there: a process that touches its terminal from there is stopped."""
    try:
        return os.tcgetpgrp(number) != os.getpgrp()
    except OSError:  # it is not the one that rules us
        return False


def _is_terminal(number: int) -> bool:
    try:
        return os.isatty(number)
    except OSError:  # it is closed
        return False
