"""One program of the matrix: `program.py URL CLIENT STATE THREAD PROCESS END`, see `matrix`.

It brings a client into a state, in its main thread or in a daemon thread that goes on using it; starts another process,
in which a client of its own must work; says when it ends, and ends.
"""

import asyncio
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import aikido_llm as llm
import aikido_llm.sync

REQUEST = llm.Request(messages=[llm.user("hi")])
Check = Callable[[], None]


def main() -> None:
    _, url, client, state, thread, process, end = sys.argv
    use = use_sync if client == "sync" else use_async
    if thread == "main":
        in_loop = client == "async"
        use(url, state, lambda inherited: begin_another(process, url, end, inherited, in_loop), lambda: finish(end))
        return
    ready = threading.Event()
    handed: list[Check] = []

    def go_on(inherited: Check) -> None:
        handed.append(inherited)
        ready.set()

    threading.Thread(target=use, args=(url, state, go_on, None), daemon=True).start()
    ready.wait()
    begin_another(process, url, end, handed[0], in_loop=False)
    finish(end)


def use_sync(url: str, state: str, meanwhile: Callable[[Check], None], last: Callable[[], None] | None) -> None:
    """Bring a client into the state; meanwhile, with what must fail in a child; see that it still works; and last, or,
    with nothing to come last, go on for ever."""
    client = aikido_llm.sync.open("vllm", url)
    client.complete(REQUEST)
    stream = client.stream(REQUEST)
    if state == "half read":
        next(stream)
    elif state == "closed":
        client.close()
    meanwhile(lambda: refused(lambda: client.complete(REQUEST)))
    if state == "half read":
        next(stream)
    elif state == "open":
        client.complete(REQUEST)
    if last is not None:
        last()
    elif state == "half read":
        list(stream)
    elif state == "open":
        while True:
            client.complete(REQUEST)


def use_async(url: str, state: str, meanwhile: Callable[[Check], None], last: Callable[[], None] | None) -> None:
    """The same."""

    async def run() -> None:
        client = llm.open("vllm", url)
        await client.complete(REQUEST)
        stream = client.stream(REQUEST)
        if state == "half read":
            await anext(stream)
        elif state == "closed":
            await client.aclose()
        meanwhile(lambda: refused(lambda: asyncio.run(client.complete(REQUEST))))
        if state == "half read":
            await anext(stream)
        elif state == "open":
            await client.complete(REQUEST)
        if last is not None:
            last()
        elif state == "half read":
            [event async for event in stream]
        elif state == "open":
            while True:
                await client.complete(REQUEST)

    asyncio.run(run())


def refused(call: Callable[[], object]) -> None:
    try:
        call()
    except llm.ConfigError:
        return
    raise AssertionError("an inherited client was used")


# ---------------------------------------------------------------- another process


def begin_another(process: str, url: str, end: str, inherited: Check, in_loop: bool) -> None:
    """Raises AssertionError unless it works and ends as it should. in_loop: the event loop runs in this very thread."""
    if process == "fork":
        child = os.fork()
        if child == 0:
            in_child(url, end, inherited, in_loop)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == STATUS[end]
    elif process in ("pool", "spawn"):
        context: Any = multiprocessing.get_context("fork" if process == "pool" else "spawn")
        with context.Pool(1) as pool:
            assert pool.map(answer, [url] * 2) == [ANSWER] * 2
    elif process == "exec":
        os.execv(sys.executable, [sys.executable, *OPTIONS, __file__, url, "sync", "open", "main", "none", end])


def in_child(url: str, end: str, inherited: Check, in_loop: bool) -> None:
    """A forked child uses clients of its own, may not use what it inherited, and ends; not by a way back into an event
    loop of its parent's: there it leaves as the children of multiprocessing do."""
    assert answer(url) == ANSWER
    assert asyncio.run(ask(url)) == ANSWER
    inherited()
    if in_loop and end != "sigterm":
        os._exit(STATUS[end])
    finish(end, say=False)
    sys.exit()


def answer(url: str) -> str:
    with aikido_llm.sync.open("vllm", url) as client:
        return client.complete(REQUEST).text


async def ask(url: str) -> str:
    async with llm.open("vllm", url) as client:
        return (await client.complete(REQUEST)).text


# ---------------------------------------------------------------- the end

ANSWER = "an answer"
OPTIONS = ("-W", "ignore::DeprecationWarning")  # of a fork beside threads, which is what is tried here
STATUS = {"return": 0, "exit": 3, "exception": 1, "sigterm": -signal.SIGTERM}


def finish(end: str, *, say: bool = True) -> None:
    if say:
        print(time.monotonic(), flush=True)
    if end == "exit":
        sys.exit(STATUS[end])
    if end == "exception":
        raise ZeroDivisionError("the program's own")
    if end == "sigterm":
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)  # it comes at once


if __name__ == "__main__":
    main()
