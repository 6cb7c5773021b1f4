"""How long a server asks to wait, in every place and spelling."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aikido_llm.dialects import waits

# ---------------------------------------------------------------- objects


@pytest.mark.parametrize(
    ("value", "seconds"),
    [({"seconds": 40, "nanos": 500_000_000}, 40.5), ({"seconds": "7"}, 7), ({"nanos": 5e8}, 0.5), ({}, None),
     ({"seconds": -1}, None), ({"seconds": {}}, None)],
)  # fmt: skip
def test_a_duration_of_protobuf(value: object, seconds: float | None) -> None:
    assert waits.of_value(value) == seconds


# ---------------------------------------------------------------- headers


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "0"}, 0),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9),
        ({}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
        ({"x-retry-after": "7"}, 7),
        ({"retry-after": "5", "x-retry-after": "7"}, 5),
        ({"retry-after": "1m30s"}, 90),
    ],
)
def test_retry_after_headers(headers: dict[str, str], seconds: float | None) -> None:
    assert waits.of_headers(headers) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "3"}, 3),
        ({"ratelimit": "limit=10, remaining=0, reset=12"}, 12),
        ({"ratelimit": '"default";r=0;t=12'}, 12),
        ({"ratelimit": '"default";r=4;t=12'}, None),
        ({"ratelimit": '"a";r=4;t=99, "b";r=0;t=7'}, 7),
    ],
)
def test_when_what_is_used_up_is_there_again(headers: dict[str, str], seconds: float | None) -> None:
    assert waits.until_reset(headers) == seconds


def test_retry_after_as_a_date_is_gmt_said_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        date = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
        for text in (date, date.replace("GMT", "-0000"), date.removesuffix(" GMT")):
            assert waits.of_headers({"retry-after": text}) == pytest.approx(60, abs=5)
    finally:
        monkeypatch.undo()
        time.tzset()


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30) | st.sampled_from([",", " ", "Wed,", "99999999999999", "Mon, 01 Jan 0001 00:00:00 GMT"]))
def test_any_retry_after_is_seconds_or_nothing(value: str) -> None:
    for name in ("retry-after", "retry-after-ms"):
        seconds = waits.of_headers({name: value})
        assert seconds is None or 0 <= seconds < 1e10


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("Please try again in 7.66s. Visit the page", 7.66),
        ("try again in 120ms", 0.12),
        ("try again in 1m12.5s", 72.5),
        ("Try again in 1h3m23.442s", 3803.442),
        ("Please retry in 34.07s.", 34.07),
        ("Please retry after 6 seconds.", 6),
        ("try again in 20 seconds", 20),
        ("try again in 2 minutes", 120),
        ("try again in 6m0s", 360),
        ("try again in 1 hour", 3600),
        ("try again in 500 milliseconds", 0.5),
        ("Retry-After: 30", 30),
        ("retry_after=30", 30),
        ("retry after 30000ms", 30),
        ("in 5 seconds please retry", 5),
        ("please retry your request after 41 seconds", 41),
        ("try again in 00:01:30", 90),
        ("cooldown: 15s", 15),
        ("next request allowed in 7 seconds", 7),
        ("wait at least 10 seconds", 10),
        ("try again in ~30s", 30),
        ("try again in less than a minute", 60),
        ("Resets in: 2h 5m", 7500),
        ("请在 5 秒后重试", 5),
        ("请等待2分钟后再试", 120),
        ("retry after 3 attempts", None),
        ("retry after 50% of it", None),
        ("in 5 seconds the request was refused", None),
        ("try again in 5 moons", None),
        ("try again in a while", None),
        ("try again later", None),
        ("in 5s", None),
        ("", None),
        ("try again in 1.2.3s", None),
        ("try again in " + "9" * 5000 + "h", None),
    ],
)
def test_a_wait_in_the_wording(message: str, seconds: float | None) -> None:
    assert waits.of_text(message) == (None if seconds is None else pytest.approx(seconds))
