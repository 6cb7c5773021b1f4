"""Checks that hold for every test: no task, no socket, no loop error is left behind by an asynchronous one."""

import asyncio
import contextlib
import gc
import inspect
import os
import signal
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests import deep

with contextlib.suppress(ImportError):  # Ray's environment has none of it
    from hypothesis import HealthCheck, settings

    settings.register_profile(
        "busy", deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )  # a machine may be busy
    settings.load_profile("busy")

_SETTLE = 0.5  # s that closing connections may take after a test


def pytest_sessionstart() -> None:
    """Ctrl-C works in the tests even where a shell started them with it ignored, as it does for what ends in `&`.

    A program hands on to its children what it ignores, and Python leaves an ignored SIGINT alone.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)  # xdist may be off
def pytest_xdist_auto_num_workers() -> int:
    """Two a core: half of the suite's time is waiting for sockets and processes."""
    return 2 * (os.cpu_count() or 1)


def pytest_collection_finish() -> None:
    """What the collection made lives to the end: no test that makes many objects has all of it walked each time."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and inspect.iscoroutinefunction(inspect.unwrap(item.obj)):
            item.add_marker(pytest.mark.usefixtures("no_leaks"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    deep.playing(item)


@pytest.fixture
async def no_leaks() -> AsyncIterator[None]:
    """Fails a test that leaves a task, a socket, or an error that only the event loop has seen."""
    loop = asyncio.get_running_loop()
    lost: list[str] = []

    def note(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        lost.append(f"{context.get('message')}: {context.get('exception')!r}")

    loop.set_exception_handler(note)
    tasks, sockets = asyncio.all_tasks(), _sockets()
    yield
    for _ in range(int(_SETTLE / 0.005)):
        left_tasks, left_sockets = asyncio.all_tasks() - tasks, _sockets() - sockets
        if not left_tasks and not left_sockets:
            break
        await asyncio.sleep(0.005)
    else:
        gc.collect()
        left_tasks, left_sockets = asyncio.all_tasks() - tasks, _sockets() - sockets
    assert not left_tasks, f"tasks left behind: {left_tasks}"
    assert not left_sockets, f"sockets left behind: {left_sockets}"
    assert not lost, f"the event loop saw: {lost}"


def _sockets() -> set[str]:
    """The sockets this process has open, as the kernel names them; none where that cannot be told."""
    try:
        names = os.listdir("/proc/self/fd")
    except OSError:
        return set()
    found: set[str] = set()
    for name in names:
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue
        if target.startswith("socket:"):
            found.add(target)
    return found


_OURS = ("OLLAMA_HOST", "LLM_DSN", "LLM_PROVIDER", "LLM_MODEL")


@pytest.fixture(autouse=True)
def no_registered_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that a test registers are gone after it."""
    monkeypatch.setattr("aikido_llm.providers._registered", {})
    monkeypatch.setattr("aikido_llm.providers._registered_aliases", {})


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key, proxy or default of this machine reaches a test."""
    for name in list(os.environ):
        if name in _OURS or name.endswith(("_API_KEY", "_API_TOKEN", "_PROXY", "_proxy")):
            monkeypatch.delenv(name)
