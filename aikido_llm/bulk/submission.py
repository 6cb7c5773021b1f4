"""Rows -> hosted batches: read, gathered within the host's limits, and begun as soon as a batch is full."""

import asyncio
import logging
from array import array
from collections.abc import Sequence
from copy import copy
from typing import Any

from attrs import Factory, define

from ..errors import ConfigError, InvalidRequestError, LLMError
from ..types.batches import HostedBatch
from .hosting import Host, Sheets
from .names import new_uid, row_name
from .rows import Row, Rowlike, read_row
from .work import Rows, each, meets_all

log = logging.getLogger("aikido_llm")

_TURN = 64  # rows that are encoded before the event loop has its turn


@define(eq=False)
class Known:
    """What the process that submits knows of the rows, and one that takes the batch up may be told again.

    rows: as they were given, where they can be read again. count: that were read. keys: of those that cannot, by place,
    where they are not their places. refused: rows that were never sent, with their errors. places: hosted batch -> the
    places of its rows.
    """

    key: str | None = None
    rows: Sequence[Rowlike] | None = None
    count: int | None = None
    keyed: bool = False
    keys: dict[int, Any] = Factory(dict[int, Any])
    refused: list[Row] = Factory(list[Row])
    places: dict[str, "array[int]"] = Factory(dict[str, "array[int]"])

    def row(self, place: int) -> Row:
        """Without its outcome; the key is None where nobody knows it."""
        if self.rows is not None and place < len(self.rows):
            row = read_row(self.rows[place], place, self.key)
            return Row(row.key, row.request)
        return Row(self.keys.get(place) if self.keyed else place, None)


class Submission:
    """One `submit`. begun: the hosted batches, in the order of their making."""

    def __init__(self, host: Host, rows: Rows, key: str | None) -> None:
        self.uid = new_uid()
        self.begun: list[HostedBatch] = []
        self.known = Known(key, rows if isinstance(rows, Sequence) and not isinstance(rows, str) else None)
        self._host = host
        self._rows = rows
        self._places: dict[str, array[int]] = {}
        self._failure: LLMError | None = None

    async def run(self) -> None:
        """Read all rows, and begin all batches.

        raises: what `rows` raises; what met the first batch when none could be begun. Rows of a later one that could
        not are rows with its error.
        """
        sheets = self._host.sheets(self.uid)
        try:
            place = 0
            async for row in each(self._rows):
                await self._take(sheets, read_row(row, place, self.known.key), place)
                place += 1
                if not place % _TURN:
                    await asyncio.sleep(0)
            self.known.count = place
            for sheet in sheets.rest():
                await self._begin(sheet)
        except BaseException:
            if self.begun:
                ids = ", ".join(batch.id for batch in self.begun)
                log.warning("a submission ended early; these batches of it go on at the provider: %s", ids)
            raise
        finally:
            sheets.close()
        if not self.begun:
            raise self._failure or self._nothing()

    async def _take(self, sheets: Sheets, row: Row, place: int) -> None:
        known = self.known
        if not (type(row.key) is int and row.key == place):
            known.keyed = True
            if known.rows is None:
                known.keys[place] = row.key
        if row.request is None:
            known.refused.append(row)
            return
        try:
            name = row_name(self.uid, place, row.key, self._host.limits.name_length)
            kind, entry = self._host.encode(row.request, name)
            sheet, full = sheets.add(kind, entry)
        except (InvalidRequestError, ConfigError) as error:
            known.refused.append(Row(row.key, row.request, error=error))
            return
        self._places.setdefault(sheet.label, array("q")).append(place)
        if full is not None:
            await self._begin(full)

    async def _begin(self, sheet: Any) -> None:
        """A batch of the rows on a sheet."""
        places = self._places.pop(sheet.label)
        try:
            if self._failure is not None and meets_all(self._failure):
                raise copy(self._failure)
            batch = await self._host.create(sheet)
        except LLMError as error:
            self._failure = self._failure or error
            for place in places:
                row = self.known.row(place)
                self.known.refused.append(Row(row.key, row.request, error=copy(error)))
            return
        finally:
            sheet.close()
        self.begun.append(batch)
        self.known.places[batch.id] = places

    def _nothing(self) -> LLMError:
        """Why there is no batch: no row could be asked."""
        if self.known.refused:
            first = self.known.refused[0]
            if isinstance(first.error, ConfigError):
                return first.error
            return InvalidRequestError(f"no row can be asked; of row {first.key!r}: {first.error}")
        return InvalidRequestError("there are no rows to submit")


def readable_again(rows: Rows | None) -> Sequence[Rowlike] | None:
    """Rows that can be read by their places. Raises InvalidRequestError for others: they would have to be kept."""
    if rows is None or (isinstance(rows, Sequence) and not isinstance(rows, str)):
        return rows
    raise InvalidRequestError("the rows of a batch that is taken up are given as a list")
