"""While an answer is drawn, the terminal shows nothing of its own."""

import sys
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def hushed() -> Generator[None]:
    """What is typed is not echoed (the next prompt gets it), and Ctrl-C neither prints ^C nor drops what is being
    written: both would shift lines that are about to be drawn again. Nothing happens where no terminal is."""
    if sys.platform == "win32" or sys.stdin is None or not sys.stdin.isatty():
        yield
        return
    import termios

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    quiet = termios.tcgetattr(descriptor)
    quiet[3] = (quiet[3] & ~termios.ECHO) | termios.NOFLSH  # the local flags
    try:
        termios.tcsetattr(descriptor, termios.TCSANOW, quiet)
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSANOW, before)
