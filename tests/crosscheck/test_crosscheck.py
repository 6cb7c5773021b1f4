"""The judge of `make cross-check`, and our half of it, which needs no SDK."""

import sys
from pathlib import Path
from typing import Any

import pytest

from .table import PAIRS, TEXT, expected, judge, play


@pytest.mark.parametrize("pair", PAIRS[:2], ids=lambda pair: pair.wire)
async def test_our_client_sees_what_it_shall(pair: Any) -> None:
    ours = await play(pair, Path(sys.executable), "ours")
    assert (ours.wrong, ours.refused) == ({}, [])
    assert ours.passed == ours.total == len(expected(pair))


@pytest.mark.parametrize(
    ("wanted", "seen", "right"),
    [
        ({"text": TEXT}, {"text": TEXT}, True),
        ({"text": TEXT}, {"text": ""}, False),
        (429, {"error": "RateLimitError", "status": 429}, True),
        (429, {"error": "ServerError", "status": 500}, False),
        (429, {"text": TEXT}, False),
        (None, {"error": "RemoteProtocolError", "status": None}, True),
        (None, {"text": TEXT}, False),
        (["m"], None, False),
    ],
)
def test_the_judge(wanted: Any, seen: Any, right: bool) -> None:
    assert (judge(wanted, seen) == "") is right
