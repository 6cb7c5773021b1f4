"""What a host says it has left of one thing (requests, tokens), and how long that lasts. Pure: the time comes in."""

_WINDOW = 60.0  # s of a limit whose reset is not said
_SAME = 0.2  # two paces that differ by no more than this share are the same
_FURTHER = 2.0  # times as much in use: then the paces are worth comparing


class Allowance:
    """The least that is certain: what the host had left when it replied, without what went out since.

    Hosts mean two things by a reset: a window that begins anew, or the time until a bucket that flows in all the while
    is full. A bucket shows itself: what is in use, divided by the time until it is full, is always the same pace, which
    within one window grows faster than what is in use (from one window to the next it may be the same by chance). Until
    then nothing is taken to flow in before the reset; and never is more allowed than the host has said.
    """

    __slots__ = ("_at", "_left", "_limit", "_longest", "_pace", "_seen", "_until")

    def __init__(self) -> None:
        self._left = float("inf")
        self._limit: float | None = None
        self._at = 0.0  # when the host said so
        self._until = float("inf")
        self._longest = 0.0  # reset, in seconds
        self._pace: float | None = None  # what flows in a second, where that is certain
        self._seen: tuple[float, float] | None = None  # before this reset: (what was in use, the pace that it told of)

    def told(self, limit: float | None, remaining: float, reset: float | None, unseen: float, now: float) -> None:
        """unseen: what was asked for since the request that this is the reply to: the host may not have counted it."""
        if (limit is None and reset is None) or (limit is not None and limit < 1):
            return  # some hosts write 0 where they do not count
        seconds = _WINDOW if reset is None else reset
        if now >= self._until:
            self._seen = None
        self._left = remaining - unseen
        self._limit = limit
        self._at = now
        self._until = now + seconds
        self._longest = max(self._longest, seconds)
        if limit is not None and reset:
            self._compare(limit - remaining - 1, reset)  # hosts round what remains

    def wait(self, amount: float, now: float) -> float:
        """Seconds until the host will have so much; what is more than it ever has counts as all that it has."""
        if now >= self._until:
            self._seen = None
            self._left = float("inf") if self._limit is None else self._limit
            self._at = now
            self._until = now + self._longest if self._longest and not self._pace else float("inf")
        if self._limit is not None:
            amount = min(amount, self._limit)
            if self._pace and self._left + self._pace * (now - self._at) > self._limit:
                self._left, self._at = self._limit, now  # it is full
        missing = amount - self._left - (self._pace or 0.0) * (now - self._at)
        if missing <= 1e-6:
            return 0.0
        return min(self._until - now, missing / self._pace if self._pace else float("inf"))

    def take(self, amount: float) -> None:
        self._left -= amount

    def _compare(self, used: float, reset: float) -> None:
        if used <= 0:
            return
        pace = used / reset
        before = self._seen
        if before is None:
            self._seen = used, pace
        elif not before[0] / _FURTHER < used < before[0] * _FURTHER:
            self._pace = min(pace, before[1]) if abs(pace - before[1]) <= _SAME * before[1] else None
            self._seen = used, pace
