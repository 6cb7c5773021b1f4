"""Where the lines of a `repl` come from: a terminal with history and editing, or a pipe."""

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from aikido_llm import InvalidRequestError

from ..access import places
from .media import text_of

if TYPE_CHECKING:
    from prompt_toolkit.key_binding import KeyBindings

FENCE = '"""'


class Source(Protocol):
    """Gives what the user says, one turn after another."""

    def read(self, about: str) -> str:
        """The next turn. about: who is asked. Raises EOFError at the end, KeyboardInterrupt for Ctrl-C,
        InvalidRequestError for what is no text."""
        ...


def unfinished(text: str) -> bool:
    """Whether the turn goes on in the next line: it ends in a backslash, or a block of three quotes is open."""
    if text.lstrip().startswith(FENCE):
        return not (text.rstrip().endswith(FENCE) and len(text.strip()) >= 2 * len(FENCE))
    return text.endswith("\\")


def joined(text: str) -> str:
    """The turn without the marks by which it went on."""
    bare = text.strip()
    if bare.startswith(FENCE) and not unfinished(text):
        return bare[len(FENCE) : -len(FENCE)].strip("\n")
    return "\n".join(line.removesuffix("\\") for line in text.split("\n")[:-1]) + (
        "\n" if "\n" in text else ""
    ) + text.rpartition("\n")[2]  # fmt: skip


class Pipe:
    """Lines of stdin, without a prompt."""

    def read(self, about: str) -> str:
        text = self._line()
        while unfinished(text):
            try:
                text += "\n" + self._line()
            except EOFError:
                break
        return joined(text)

    def _line(self) -> str:
        line = sys.stdin.buffer.readline() if sys.stdin else b""
        if not line:
            raise EOFError
        return _text(line.rstrip(b"\r\n"))


class Keyboard:
    """A terminal: editing, history in a file, pasted lines stay together, commands complete.

    Enter sends; Alt-Enter, a backslash at the line's end or an open block of three quotes go on in a new line.
    """

    def __init__(self, words: list[str]) -> None:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.completion import WordCompleter
        from prompt_toolkit.history import FileHistory

        self._session: PromptSession[str] = PromptSession(
            history=FileHistory(str(history_file())),
            multiline=True,
            key_bindings=_keys(),
            prompt_continuation="... ",
            completer=WordCompleter(words, sentence=True),
            complete_while_typing=False,
        )

    def read(self, about: str) -> str:
        return joined(_text(self._session.prompt(f"{about}> ").encode("utf-8", "surrogateescape")))


def _text(line: bytes) -> str:
    try:
        return text_of(line)
    except ValueError as error:
        raise InvalidRequestError(f"this line {error}") from None


def _keys() -> "KeyBindings":
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

    keys = KeyBindings()

    def enter(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if unfinished(buffer.text):
            buffer.newline()
        else:
            buffer.validate_and_handle()

    def new_line(event: KeyPressEvent) -> None:
        event.current_buffer.newline()

    keys.add("enter")(enter)
    keys.add("escape", "enter")(new_line)
    return keys


def history_file() -> Path:
    """`~/.local/state/aikido-llm/history`, or where `places` says; only the user may read it."""
    path = places.state() / "history"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    return path


def can_ask() -> bool:
    """Whether somebody is there to answer, also where stdin is a pipe: his terminal is then what stderr is."""
    return sys.stderr is not None and sys.stderr.isatty()


async def ask(question: str) -> str:
    """A word, in lower case, of the person at the terminal; "" for Ctrl-D. Ctrl-C ends the program, as elsewhere. What
    was typed before the question stood there is no answer to it."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.input import create_input
    from prompt_toolkit.output import create_output

    keyboard = create_input(always_prefer_tty=True)
    session: PromptSession[str] = PromptSession(
        input=keyboard, output=create_output(stdout=sys.stderr), reserve_space_for_menu=0
    )
    _forget(keyboard.fileno())
    try:
        return (await session.prompt_async(question)).strip().lower()
    except EOFError:
        return ""
    except KeyboardInterrupt:
        signal.raise_signal(signal.SIGINT)  # what asks is one task of several: the loop ends all of them
        await asyncio.Event().wait()
        raise


def _forget(terminal: int) -> None:
    """What was typed so far and nobody has read."""
    if sys.platform != "win32":
        import termios

        with contextlib.suppress(termios.error):  # it is none
            termios.tcflush(terminal, termios.TCIFLUSH)
