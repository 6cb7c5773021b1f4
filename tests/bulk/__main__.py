"""Kill runs at 200 random moments in one process, at 100 among three on one log, and at each named one ten times.

python -m tests.bulk [SEED [PART ...]]     PART: random, named, three
"""

import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path

from aikido_llm.testing import WireServer

from .killing import MOMENTS, Killed, Server, at_moments, at_random, several

_PARTS = (("random", 5000), ("named", 1500), ("three", 6000))  # and how many rows: enough for so many kills


async def main() -> None:
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    parts = sys.argv[2:] or [name for name, _ in _PARTS]
    print("| what | kills | rows | asked twice | seconds |")
    print("|---|---:|---:|---:|---:|")
    for name, count in _PARTS:
        if name not in parts:
            continue
        with tempfile.TemporaryDirectory() as folder:
            async with WireServer() as wire:
                server = Server(wire, pace=0.1 if name == "three" else 0.004)
                wire.respond(server.answer)
                run, rng, began = Killed(server, Path(folder) / "log.db", count), random.Random(seed), time.monotonic()
                if name == "random":
                    await at_random(run, 200, rng)
                elif name == "named":
                    await at_moments(run, MOMENTS * 10, rng)
                else:
                    await several(run, 100, rng)
                server.pace = 0.004  # nobody is killed any more
                await run.finish()
                twice = sum(times - 1 for times in server.asked.values())
                print(f"| {name} | {run.kills} | {count} | {twice} | {time.monotonic() - began:.0f} |", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
