"""Where an answer's text goes: to stdout as it is, or as Markdown that is drawn while it grows."""

import sys
import time
from threading import Event, Lock, Thread
from typing import Protocol

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.segment import Segment

from .document import Document
from .markdown import settled, split
from .render import safe

_SECONDS = 1 / 12  # between two drawings
_SHARE = 4  # a drawing that took long is followed by a rest so many times as long
_LONGEST = 32 * 1024  # characters that are drawn again and again: of a longer block the first part is printed for good


class Writer(Protocol):
    """Takes the pieces of one answer's text."""

    def write(self, text: str) -> None: ...

    def close(self) -> None:
        """End the text, so that something else can be written; more may follow."""
        ...


class NoWriter:
    """Shows nothing."""

    def write(self, text: str) -> None: ...

    def close(self) -> None: ...


class PlainWriter:
    """Every piece at once. On a terminal without control characters; elsewhere exactly as it came."""

    def __init__(self) -> None:
        self._open = False
        self._safe = sys.stdout.isatty()

    def write(self, text: str) -> None:
        if self._safe:
            text = safe(text)
        if text:
            self._open = not text.endswith("\n")
            sys.stdout.write(text)
            sys.stdout.flush()

    def close(self) -> None:
        if self._open:
            self.write("\n")


class MarkdownWriter:
    """Draws Markdown while it comes. Blocks that are final are printed once; only the last one is drawn again. The work
    is linear in the text: a block is looked at again when it is twice as long, and none grows beyond a bound.

    A thread draws so many times a second, however many tokens come. It is ours and not rich's: there, a print and a
    drawing that meet each count the lines that the other one has moved.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._text = ""  # not printed for good yet
        self._look_at = 0  # how long it must be before its blocks are looked for again
        self._printed = False
        self._live: Live | None = None
        self._lock = Lock()
        self._over = Event()
        self._thread: Thread | None = None

    def write(self, text: str) -> None:
        for at in range(0, len(text), _LONGEST):
            with self._lock:
                self._text += safe(text[at : at + _LONGEST])
                self._settle()
        if self._live is None:
            self._live = Live(console=self._console, get_renderable=self._draw, transient=True, auto_refresh=False,
                              redirect_stdout=False, redirect_stderr=False)  # fmt: skip
            self._live.start()
            self._over.clear()
            self._thread = Thread(target=self._keep_drawing, args=(self._live,), daemon=True)
            self._thread.start()

    def close(self) -> None:
        live, self._live = self._live, None
        if live is not None and self._thread is not None:
            self._over.set()
            self._thread.join()
            live.stop()
        if self._text.strip():
            self._print(self._text)
        self._text = ""
        self._look_at = 0
        self._printed = False

    def _keep_drawing(self, live: Live) -> None:
        while not self._over.wait(_SECONDS):
            with self._lock:
                started = time.monotonic()
                live.refresh()
                took = time.monotonic() - started
            if took * _SHARE > _SECONDS and self._over.wait(took * _SHARE):
                return

    def _settle(self) -> None:
        """Print what is final."""
        while len(self._text) > _LONGEST:
            final, self._text = split(self._text, _LONGEST)
            self._print_final(final)
        if len(self._text) >= self._look_at and "\n" in self._text:
            count = settled(self._text)
            if count:
                final, self._text = self._text[:count], self._text[count:]
                self._print_final(final)
            self._look_at = 2 * len(self._text)

    def _print_final(self, text: str) -> None:
        self._print(text)
        if self._live is not None:
            self._live.refresh()

    def _print(self, text: str) -> None:
        if self._printed:
            self._console.print()
        self._printed = True
        self._console.print(Document(text))

    def _draw(self) -> "Bottom":
        return Bottom(self._text, blank=self._printed)


class Bottom:
    """The last lines of a Markdown text, as many as the screen has. blank: an empty line stands above it."""

    def __init__(self, text: str, *, blank: bool) -> None:
        self._text = text
        self._blank = blank

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        lines = console.render_lines(Document(self._text), options, pad=False)
        if self._blank:
            lines = [[], *lines]
        for line in lines[-max(1, console.height - 1) :]:
            yield from line
            yield Segment.line()
