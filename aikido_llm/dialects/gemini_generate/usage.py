"""usageMetadata -> Usage (source: Gemini API reference, UsageMetadata, v1beta, read 2026-11)."""

from typing import Any

from ...types.usage import Usage
from ..counts import READ, WRITTEN, as_counts
from ..values import first_count, is_object, within
from .wire import Counts, usage_object

_MERGE_AT = 64  # chunks
_LARGE = 64 * 1024  # bytes of a frame that is not kept for its usage object
_NOTHING = Counts()


class UsageReader:
    """add() every chunk's counts, then ask for the `usage`. For many chunks of one read: hold() the counts of each, set
    `source` to the chunk, and settle() behind them.

    Counts are cumulative and the last ones stand, but a chunk at times leaves out what an earlier one had. The object
    itself is read from the last frame that had one, and only when somebody asks.
    """

    def __init__(self) -> None:
        self._counts: Counts | None = None
        self._later: list[Counts] = []  # not yet merged
        self.hold = self._later.append  # itself, because a method of ours would cost a call for each chunk
        self.source: bytes | dict[str, Any] = b""

    def add(self, counts: Counts, source: bytes | dict[str, Any]) -> None:
        """source: the chunk, as bytes or parsed."""
        self.hold(counts)
        self.source = source
        self.settle()

    def settle(self) -> None:
        """Let go of what need not be kept."""
        if len(self._later) > _MERGE_AT:
            self._merge()
        source = self.source
        if len(source) > _LARGE and isinstance(source, bytes):
            self.source = {"usageMetadata": usage_object(source)}

    def _merge(self) -> None:
        if not self._later:
            return
        merged = self._counts or Counts()
        for counts in self._later:
            if counts.promptTokenCount is not None:
                merged.promptTokenCount = counts.promptTokenCount
            if counts.candidatesTokenCount is not None:
                merged.candidatesTokenCount = counts.candidatesTokenCount
            if counts.thoughtsTokenCount is not None:
                merged.thoughtsTokenCount = counts.thoughtsTokenCount
            if counts.cachedContentTokenCount is not None:
                merged.cachedContentTokenCount = counts.cachedContentTokenCount
            if counts.toolUsePromptTokenCount is not None:
                merged.toolUsePromptTokenCount = counts.toolUsePromptTokenCount
        self._later.clear()
        self._counts = merged

    def usage(self, other: Any = None) -> Usage | None:
        """None when the server has sent nothing. other: what stood where other wires tell it."""
        self._merge()
        counts, source = self._counts, self.source
        raw = usage_object(source) if isinstance(source, bytes) else source.get("usageMetadata")
        if counts is None or counts == _NOTHING:
            return _of_another_wire(as_counts(raw) or as_counts(other))
        read = _sum(counts.promptTokenCount, counts.toolUsePromptTokenCount)
        written = _sum(counts.candidatesTokenCount, counts.thoughtsTokenCount)
        return Usage(
            input_tokens=read,
            output_tokens=written,
            cache_read_tokens=within(counts.cachedContentTokenCount, read),
            reasoning_tokens=within(counts.thoughtsTokenCount, written),
            raw=raw if is_object(raw) else None,
        )


def _of_another_wire(raw: dict[str, Any]) -> Usage | None:
    """Counts under the names that gateways leave as they were."""
    read, written = first_count(raw, *READ), first_count(raw, *WRITTEN)
    return Usage(read, written, raw=raw) if raw else None


def _sum(*counts: int | None) -> int | None:
    """What servers send of zeros is nothing, so one count alone is the sum."""
    sent = [count for count in counts if count is not None]
    return sum(sent) if sent else None
