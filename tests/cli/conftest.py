"""A server for every test that asks for one."""

from collections.abc import AsyncIterator

import pytest

from aikido_llm.testing import WireServer

from . import running


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is called in this process has nobody's home too."""
    monkeypatch.setenv("AIKIDO_LLM_HOME", str(running.HOME))


@pytest.fixture
async def server() -> AsyncIterator[WireServer]:
    async with WireServer() as running:
        yield running
