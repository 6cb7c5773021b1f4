"""How long a server asks to wait, in every place and spelling: headers, fields of an envelope, sentences.

source: RFC 9110 section 10.2.3 (Retry-After), RetryInfo of gRPC, the hosts' pages on rate limits, read 2026-11.
"""

import re
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .values import as_number, is_object

_MOST = 1e9  # s; what is longer is no wait. A number above it is a moment: Unix seconds, or milliseconds
_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PART = re.compile(
    r"(?:(\d{1,9}(?:\.\d{0,12})?|\.\d{1,12})|\b(an?|one)\b) ?"
    r"(d(?:ays?)?|h(?:(?:ou)?rs?)?|ms|milliseconds?|m(?:in(?:ute)?s?)?|s(?:ec(?:ond)?s?)?)(?![a-z])"
    r"(?:,? (?:and )?)?",
    re.IGNORECASE,
)
_SAID = re.compile(
    r"(?:try|retry|retrying|available|wait|resets?|renew(?:s|ed)|ready|allowed|cool-?down)"
    r"(?: it| this| again| for| back| (?:your|the|this) request)*"
    r"(?:,? in:?| after:?| within| at| on|:)?"
    r"(?: about| approximately| another| the next| at least| up to| less than)? ?~?"
    r"(?<![a-z])(?=[\d.]|an? |one )",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"retry[-_ ]?after\W{1,3}(\d{1,9}(?:\.\d{1,9})?)(?![\d.]{0,9} ?[a-z%])", re.IGNORECASE
)  # as in a header
_BEFORE = re.compile(r"\b(?:in|after) (?=\d)", re.IGNORECASE)
_RETRY = re.compile(r",? ?(?:please )?(?:try|retry)\b", re.IGNORECASE)
_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d):([0-5]\d)(?!\d)")
_CHINESE = re.compile(r"(\d{1,9}(?:\.\d{1,3})?) ?(毫秒|秒|分|小时|天)(?:钟)?(?:之?后|以后)")
_CHINESE_UNITS = {"毫秒": 0.001, "秒": 1.0, "分": 60.0, "小时": 3600.0, "天": 86400.0}
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:\.\d{1,9})? ?(Z|UTC|GMT|[+-]\d\d:?\d\d)", re.IGNORECASE
)


_POLICY = re.compile(r"\b(?:r|remaining)=0\b[^,]{0,40}?[;,] ?(?:t|reset)=(\d{1,9})")
"""The RateLimit field of the IETF's drafts (httpapi-ratelimit-headers 6 and 10): nothing is left until then."""


def of_headers(headers: Mapping[str, str]) -> float | None:
    """Seconds that a header asks to wait; None when none does. Names are in lower case."""
    for name in ("retry-after-ms", "x-ms-retry-after-ms"):
        ms = as_number(headers.get(name), _MOST)
        if ms is not None:
            return ms / 1000
    said = of_value(headers.get("retry-after"))
    return of_value(headers.get("x-retry-after")) if said is None else said


def until_reset(headers: Mapping[str, str]) -> float | None:
    """Seconds until what is used up is there again: the longest reset of the limits of which nothing remains.

    A reset beside requests that are left is no wait. Hosts name them `x-ratelimit-remaining-requests` and
    `x-ratelimit-reset-requests`, `...-ratelimit-requests-remaining` and `-reset`, or without what they count.
    """
    spent = [
        name.replace("remaining", "reset")
        for name, left in headers.items()
        if "ratelimit" in name and "remaining" in name and as_number(left, _MOST) == 0
    ]
    waits = [of_value(headers.get(name) or headers.get(f"{name}-after")) for name in spent]
    waits += [float(t) for t in _POLICY.findall(headers.get("ratelimit", "")[:500])]
    return max((wait for wait in waits if wait is not None), default=None)


def of_value(value: Any) -> float | None:
    """Seconds from a number, a duration (`34.4s`, `1m2.5s`, an object of seconds and nanos), a date of HTTP or ISO
    8601, or Unix time."""
    if is_object(value):
        seconds, nanos = as_number(value.get("seconds"), _MOST), as_number(value.get("nanos"), _MOST)
        return None if seconds is None and nanos is None else (seconds or 0.0) + (nanos or 0.0) / 1e9
    number = as_number(value, _MOST)
    if number is not None:
        return number
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    text = str(value).strip()[:100]
    moment = _moment(text)
    if moment is not None:
        wait = max(0.0, moment - time.time())
        return wait if wait < 10 * _MOST else None
    return _duration(text, whole=True)


def of_text(message: str) -> float | None:
    """Seconds from wording such as `try again in 1m7.66s`, `please wait 20 seconds`; None when there is none."""
    for said in _SAID.finditer(message):
        rest = message[said.end() : said.end() + 100]
        moment, clock = _MOMENT.match(rest), _CLOCK.match(rest)
        if clock:
            hours, minutes, seconds = map(int, clock.groups())
            return 3600.0 * hours + 60 * minutes + seconds
        wait = of_value(moment.group()) if moment else _duration(rest, whole=False)
        if wait is not None:
            return wait
    return _said_otherwise(message)


def _said_otherwise(message: str) -> float | None:
    """`retry_after=30`, `in 5 seconds please retry`, `5秒后重试`."""
    if bare := _BARE.search(message):
        return float(bare.group(1))
    for said in _BEFORE.finditer(message):
        rest = message[said.end() : said.end() + 100]
        if (wait := _duration(rest, whole=False)) is not None and _RETRY.match(rest, _length(rest)):
            return wait
    if chinese := _CHINESE.search(message):
        return float(chinese.group(1)) * _CHINESE_UNITS[chinese.group(2)]
    return None


def _length(text: str) -> int:
    """Of the duration that text begins with; no blank behind it."""
    at = 0
    while part := _PART.match(text, at):
        at = part.end()
    return len(text[:at].rstrip())


def _duration(text: str, *, whole: bool) -> float | None:
    """The parts of a duration, added; whole: nothing else may stand behind them."""
    seconds, at = 0.0, 0
    while part := _PART.match(text, at):
        unit = part.group(3).lower()
        scale = _UNITS["ms"] if unit.startswith(("ms", "mil")) else _UNITS[unit[0]]
        seconds += float(part.group(1) or 1) * scale
        at = part.end()
    if not at or (whole and at != len(text)):
        return None
    return seconds if seconds < _MOST else None


def _moment(text: str) -> float | None:
    """Unix time of a date, or of a number that can only be one."""
    try:
        number = float(text)
    except ValueError:
        pass
    else:
        return None if not _MOST <= number < 1e14 else number / 1000 if number > 1e11 else number
    if iso := _MOMENT.fullmatch(text):
        day, hour, zone = iso.groups()
        try:
            return datetime.fromisoformat(f"{day}T{hour}{zone if zone[0] in '+-' else '+00:00'}").timestamp()
        except (ValueError, OverflowError):
            return None
    return _http_date(text)


def _http_date(text: str) -> float | None:
    if "," not in text and ":" not in text:
        return None
    from datetime import UTC
    from email.utils import parsedate_to_datetime  # slow to load, and most servers send seconds

    try:
        date = parsedate_to_datetime(text)
        date = date if date.tzinfo else date.replace(tzinfo=UTC)  # HTTP dates are GMT, said or not
        return date.timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
