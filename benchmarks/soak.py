"""A long run of streams, half of them broken: `python -m benchmarks.soak --streams 50000`.

Six wires, 200 streams at once, against the test server in another process; 5 % of each of ten faults, and 5 % that the
reader leaves early. Each outcome is checked: its class, its partial text, its end. Printed every thousand streams: what
the process takes (MiB), its sockets and its tasks, which shall stay level.
"""

import argparse
import asyncio
import contextlib
import ctypes
import gc
import itertools
import os
import random
import sys
import time
from collections import Counter

import aikido_llm as llm
from aikido_llm.testing import Answer, Fault, Received, WireServer

ROWS = ("vllm", "openai-responses", "anthropic", "gemini", "cohere", "ollama")
TEXT = "The quick brown fox jumps over the lazy dog, again and again and again, until it is late."
CALL = llm.ToolCall("call_1", "look", '{"where": "there"}')
SHARE = 0.05  # of each fault, and of early leaving
EARLY = "leave"

# Name -> the fault (None: a status), and what the reader must get.
FAULTS: dict[str, tuple[Fault | None, type[llm.LLMError]]] = {
    "reset": (Fault.reset(after_events=4), llm.StreamTruncated),
    "close": (Fault.close(after_events=4, mid_event=True, framing="none"), llm.StreamTruncated),
    "no-end-mark": (Fault.no_end_mark(), llm.StreamTruncated),
    "stall": (Fault.stall(after_events=4), llm.TimedOutError),
    "silence": (Fault.stall(), llm.TimedOutError),
    "error-inside": (Fault.error_inside(after_events=4), llm.ServerError),
    "malformed": (Fault.malformed(after_events=4), llm.MalformedStream),
    "endless-line": (Fault.endless_line(after_events=4), llm.TooLargeError),
    "garbage": (Fault.garbage(), llm.MalformedStream),
    "status-429": (None, llm.RateLimitedError),
}
KINDS = (*FAULTS, EARLY)


# ---------------------------------------------------------------- the server's process


def respond(request: Received) -> Answer:
    """The model's name says what shall happen."""
    said = request.path + request.raw.decode()
    kind = next((kind for kind in KINDS if f"soak-{kind}" in said), "")
    if kind == "status-429":
        return Answer(status=429, message="slow down")
    fault = FAULTS[kind][0] if kind in FAULTS else None
    return Answer(TEXT, thinking="well", signature="c2lnbg==", tool_calls=() if fault else (CALL,), fault=fault)


async def serve() -> None:
    async with WireServer(key=None, check=False) as server:

        def forgetful(request: Received) -> Answer:
            server.received.clear()
            return respond(request)

        server.respond(forgetful)
        sys.stdout.write(f"{server.port}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


# ---------------------------------------------------------------- the reader's process


def wrong(kind: str, events: list[llm.Event], raised: llm.LLMError | None) -> str:
    """What is wrong with an outcome, "" for nothing."""
    error = raised or next((e.error for e in events if isinstance(e, llm.ErrorEvent)), None)
    if kind == EARLY:
        return "" if error is None and events else f"left early: {error!r}"
    text = "".join(e.text for e in events if isinstance(e, llm.TextDelta))
    if raised is None and [isinstance(e, llm.EndEvent) for e in events].count(True) != 1:
        return "not exactly one end"
    if kind in FAULTS:
        expected = FAULTS[kind][1]
        if not isinstance(error, expected):
            return f"{error!r} instead of {expected.__name__}"
        partial = error.partial.text if error.partial else ""
        return "" if TEXT.startswith(text) and partial == text else "the partial text is not what arrived"
    if error is not None:
        return f"a sound answer failed: {error!r}"
    end = events[-1]
    calls = end.response.tool_calls if isinstance(end, llm.EndEvent) else ()
    return "" if text == TEXT and [call.name for call in calls] == [CALL.name] else "a sound answer differs"


async def one(client: llm.HTTPClient, kind: str) -> str:
    request = llm.Request([llm.user("hi")], model=f"soak-{kind or 'none'}")
    events: list[llm.Event] = []
    try:
        async with client.stream(request) as stream:
            async for event in stream:
                events.append(event)
                if kind == EARLY and isinstance(event, llm.TextDelta):
                    break
    except llm.LLMError as error:
        return wrong(kind, events, error)
    return wrong(kind, events, None)


class Soak:
    def __init__(self, port: int, streams: int, at_once: int) -> None:
        timeouts = llm.Timeouts(connect=60, first_event=8.0, idle=8.0)
        self._clients = {
            row: llm.open(
                row,
                f"http://127.0.0.1:{port}/as/{row}{_path(row)}",
                api_key="k",
                retry=None,
                timeouts=timeouts,
                limits=llm.Limits(event_bytes=1_000_000),
            )
            for row in ROWS
        }
        self._left = iter(range(streams))
        self._random = random.Random(7)
        self._at_once = at_once
        self.done = 0
        self.counts: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()
        self.memory: list[float] = []
        self._started = time.monotonic()

    async def run(self) -> None:
        print(f"{'streams':>8} {'seconds':>8} {'MiB':>7} {'sockets':>8} {'tasks':>6} {'wrong':>6}")
        async with asyncio.TaskGroup() as group:
            for _ in range(self._at_once):
                group.create_task(self._worker())
        for client in self._clients.values():
            await client.aclose()
        await asyncio.sleep(0.2)
        gc.collect()
        self._report()

    async def _worker(self) -> None:
        for _ in self._left:
            chosen = int(self._random.random() / SHARE)
            kind = KINDS[chosen] if chosen < len(KINDS) else ""
            row = self._random.choice(ROWS)
            problem = await one(self._clients[row], kind)
            self.counts[kind or "sound"] += 1
            if problem:
                self.wrong[f"{row} {kind or 'sound'}: {problem[:200]}"] += 1
            self.done += 1
            if self.done % 1000 == 0:
                self._report()

    def _report(self) -> None:
        self.memory.append(_memory())
        print(f"{self.done:>8} {time.monotonic() - self._started:>8.1f} {self.memory[-1]:>7.1f} {_sockets():>8} "
              f"{len(asyncio.all_tasks()):>6} {sum(self.wrong.values()):>6}", flush=True)  # fmt: skip


def _path(row: str) -> str:
    from aikido_llm.testing.wires import base_path

    return base_path(row)


def _memory() -> float:
    """MiB in use. What the C library keeps for later, behind the megabyte lines of one of the faults, is given back
    first: it goes up and down by tens of MiB and hides a leak."""
    with contextlib.suppress(OSError, AttributeError):  # no glibc
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    with open("/proc/self/statm", encoding="utf-8") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def _sockets() -> int:
    count = 0
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            count += os.readlink(f"/proc/self/fd/{name}").startswith("socket:")
    return count


async def soak(streams: int, at_once: int) -> int:
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.soak", "--serve", stdout=asyncio.subprocess.PIPE
    )
    assert server.stdout is not None
    try:
        run = Soak(int(await server.stdout.readline()), streams, at_once)
        await run.run()
    finally:
        server.terminate()
        await server.wait()
    print(", ".join(f"{kind} {count}" for kind, count in sorted(run.counts.items())))
    for problem, count in run.wrong.most_common(20):
        print(f"WRONG {count} x {problem}")
    for name, figures in itertools.groupby(enumerate(run.memory), lambda pair: pair[0] * 4 // len(run.memory)):
        sizes = [size for _, size in figures]
        print(f"quarter {name + 1}: {min(sizes):.1f} to {max(sizes):.1f} MiB")
    return 1 if run.wrong else 0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--streams", type=int, default=50_000)
    parser.add_argument("--at-once", type=int, default=200)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve())
    else:
        sys.exit(asyncio.run(soak(options.streams, options.at_once)))


if __name__ == "__main__":
    main()
