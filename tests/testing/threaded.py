"""A server for tests that have no event loop, or several."""

import asyncio
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from aikido_llm.testing import WireServer


@contextmanager
def wire_server(*, tls: bool = False) -> Generator[tuple[WireServer, asyncio.AbstractEventLoop]]:
    """A server on an event loop of its own, asyncio's, in another thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = WireServer(tls=tls)
    asyncio.run_coroutine_threadsafe(server.listen(), loop).result()
    try:
        yield server, loop
    finally:
        asyncio.run_coroutine_threadsafe(server.aclose(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def closed(server: WireServer, loop: asyncio.AbstractEventLoop) -> bool:
    return asyncio.run_coroutine_threadsafe(server.closed_within(0.3), loop).result()


def wait_until(true: Callable[[], bool]) -> None:
    due = time.monotonic() + 2
    while not true():
        assert time.monotonic() < due
        threading.Event().wait(0.005)
