"""A server for every test that asks for one."""

from collections.abc import AsyncIterator

import pytest

from aikido_llm.testing import WireServer


@pytest.fixture
async def server() -> AsyncIterator[WireServer]:
    async with WireServer() as running:
        yield running
