"""aioresponses under the aiohttp that we need."""

from typing import Any
from unittest.mock import Mock

import aiohttp
import aioresponses.core
import pytest


def in_use() -> Any:
    """The class that aioresponses makes its responses of."""
    return vars(aioresponses.core)["ClientResponse"]


def mocked() -> Any:
    return aioresponses.core.aioresponses()


class WithWriter(aiohttp.ClientResponse):
    """aiohttp 3.14 wants to know what the request is written with; aioresponses 0.7.9 does not tell."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("stream_writer", Mock(output_size=0))
        super().__init__(*args, **kwargs)


@pytest.fixture
def shim(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aioresponses.core.ClientResponse", WithWriter)
