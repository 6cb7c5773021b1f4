"""Bytes -> frames. Pure: no I/O, no event loop, no word about language models."""

from typing import Protocol, TypeAlias

Frame: TypeAlias = tuple[str, bytes]
"""(event name, payload); the name is "" unless the wire names its events. A plain pair: one is made per token."""

STRAY = "\n"
"""Event name of bytes that stood where the framing has no place for them (no wire can send a line break in a name)."""

WHOLE = "\r"
"""Event name of a whole body that came in one piece instead of a stream."""


class Framer(Protocol):
    """A state machine: feed it pieces of bytes as they come, in order; it appends the frames they complete to `out`.

    What was understood before a failure is in `out` even when the call raises.
    """

    def feed(self, data: bytes, out: list[Frame]) -> None:
        """Raises TooLargeError when an unfinished frame passes the cap."""
        ...

    def skip(self, size: int) -> None:
        """So many bytes of the unfinished frame were taken out before they came here (put back, when negative); they
        count against the cap all the same. Raises TooLargeError."""
        ...

    @property
    def unfinished(self) -> int:
        """Bytes that have come of the frame that is under way; comments, blank lines and names are none."""
        ...

    @property
    def whole(self) -> bool:
        """The body is one document, as far as is known yet."""
        ...

    def close(self, out: list[Frame]) -> None:
        """The bytes are over: append what was still open."""
        ...
