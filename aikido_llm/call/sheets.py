"""Requests that are gathered for hosted batches: each sheet a temporary file, so that memory does not grow."""

import tempfile
from collections.abc import Iterator
from functools import partial
from typing import IO

from attrs import define, evolve, field

from ..codecs.json import Pieces
from ..dialects.base import WireRequest
from ..dialects.batch import BatchWire, Frame
from ..dialects.batch import Sheet as About
from ..errors import InvalidRequestError

_PIECE = 256 * 1024  # bytes that are read at a time


_new_file = partial(tempfile.TemporaryFile, prefix="aikido-llm-", buffering=0)


@define(eq=False)
class Sheet:
    """Requests of one batch. about: what they share. size: bytes, without what stands around them."""

    about: About
    file: IO[bytes] = field(factory=_new_file, repr=False)
    size: int = 0

    @property
    def count(self) -> int:
        """How many requests."""
        return self.about.count

    @property
    def label(self) -> str:
        return self.about.label

    def close(self) -> None:
        self.file.close()


class Framed:
    """A sheet as a body of HTTP (see `transport.base.Body`)."""

    def __init__(self, sheet: Sheet, frame: Frame) -> None:
        self._sheet = sheet
        self._frame = frame

    def __len__(self) -> int:
        return len(self._frame.before) + self._sheet.size + len(self._frame.after)

    def pieces(self) -> Iterator[bytes]:
        yield self._frame.before
        file, at = self._sheet.file, 0
        while at < self._sheet.size:
            file.seek(at)
            piece = file.read(min(_PIECE, self._sheet.size - at))
            yield piece
            at += len(piece)
        yield self._frame.after


class Sheets:
    """Fill sheets within the host's limits: one is open for each kind of request. label: of the whole; each sheet's is
    this one with its number behind it."""

    def __init__(self, wire: BatchWire, label: str) -> None:
        self._wire = wire
        self._label = label
        self._open: dict[str, Sheet] = {}
        self._made: list[Sheet] = []

    def add(self, kind: WireRequest, entry: bytes | Pieces) -> tuple[Sheet, Sheet | None]:
        """(the sheet that it is on now, another one that was full and goes out before).

        raises: InvalidRequestError for a request that is larger than a batch may be; OSError.
        """
        limits = self._wire.limits
        room = limits.bytes - _MARGIN
        if len(entry) > room:
            raise InvalidRequestError(f"the request has {len(entry):,} bytes, a batch here at most {room:,}")
        key = repr((kind.path, kind.body, sorted(kind.headers.items())))
        sheet, full = self._open.get(key), None
        if sheet is not None and (sheet.count >= limits.requests or sheet.size + len(entry) > room):
            full, sheet = sheet, None
        if sheet is None:
            sheet = self._open[key] = self._new(kind)
        pieces = iter((entry,)) if isinstance(entry, bytes) else entry.pieces()
        for piece in (self._wire.separator if sheet.size else b"", *pieces):
            sheet.size += sheet.file.write(piece)
        sheet.about = evolve(sheet.about, count=sheet.count + 1)
        return sheet, full

    def rest(self) -> list[Sheet]:
        """Those that are still open, which no request is added to any more."""
        sheets = [*self._open.values()]
        self._open.clear()
        return sheets

    def _new(self, kind: WireRequest) -> Sheet:
        about = About(kind, f"{self._label}-{len(self._made) + 1}", 0)
        self._made.append(Sheet(about))
        return self._made[-1]

    def close(self) -> None:
        """The files of all sheets go."""
        for sheet in self._made:
            sheet.close()


_MARGIN = 4096  # bytes for what stands around the requests
