"""A token bucket whose takings are corrected afterwards. Pure: the time comes in."""

LONGEST_DEBT = 300.0  # s in which what is owed is paid in any case: a count that is a mistake holds nobody for longer

_EXACT = 1e-6  # what a sum of floats may be wrong by


class Bucket:
    """Holds at most `burst`, and `rate` a second flows in; below nothing it owes, and what flows in pays that first.

    So in any T seconds at most rate * T + burst is taken, what is given back in them taken off. What is more than the
    burst is saved up for: the first in line then gets all that is there and all that flows in.
    """

    __slots__ = ("_at", "_burst", "_level", "_rate", "_saved")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._rate = rate
        self._burst = burst
        self._level = burst
        self._saved: float | None = None  # what the first in line has of an amount above the burst
        self._at = now  # what has flowed in until then is in the two

    def wait(self, amount: float, now: float) -> float:
        """Seconds until the first in line, who asks, can take so much; 0.0 when it can now."""
        self._fill(now)
        if amount <= self._level and self._saved is None:
            return 0.0
        if amount > self._burst:
            self._save()
        elif self._saved is not None:  # another is the first in line now
            self._level = min(self._burst, self._level + self._saved)
            self._saved = None
        missing = amount - self._level - (self._saved or 0.0)
        return missing / self._rate if missing > _EXACT else 0.0

    def take(self, amount: float) -> None:
        """Take what `wait` has just said is there."""
        self._level -= amount
        if self._saved is not None:
            self._level = min(self._burst, self._level + self._saved)
            self._saved = None

    def correct(self, more: float, now: float) -> None:
        """What was taken was more by so much, or less where that is negative."""
        self._fill(now)
        level, most = self._level - more, LONGEST_DEBT * self._rate
        self._level = self._burst if level > self._burst else level if level > -most else -most

    def hold(self, until: float, now: float) -> None:
        """Nothing is there, and nothing flows in until then."""
        self._fill(now)
        self._level = min(self._level, 0.0)
        self._at = max(self._at, until)

    def empty(self, now: float) -> None:
        """Nothing is there, and nothing is owed."""
        self._level, self._saved, self._at = 0.0, None, now

    def _fill(self, now: float) -> None:
        gain = (now - self._at) * self._rate
        if gain <= 0:
            return
        self._at = now
        self._level += gain
        if self._saved is not None:
            self._save()
        elif self._level > self._burst:
            self._level = self._burst

    def _save(self) -> None:
        """What is there belongs to the first in line."""
        self._saved = (self._saved or 0.0) + max(self._level, 0.0)
        self._level = min(self._level, 0.0)
