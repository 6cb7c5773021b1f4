"""`make browser`: the chat page through every bridge, in the browser that is here; pictures of it in build/browser."""

import asyncio
import sys
import tempfile
from pathlib import Path

import pytest

from tests.services import RedisServer, redis_or_skip

from .pages import PROTOCOLS, browser_or_skip, check_kept, check_not_kept

SHOTS = Path("build/browser")


async def main(shots: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        redis = RedisServer(Path(folder)).start()
        try:
            for protocol in PROTOCOLS:
                await check_kept(redis, protocol, shots)
                await check_not_kept(protocol)
                print(f"{protocol}: streams, folds, calls, breaks, stops, is loaded again, is closed", flush=True)
        finally:
            redis.kill()
    print(f"pictures: {SHOTS}")


if __name__ == "__main__":
    try:
        redis_or_skip()
        browser_or_skip()
    except pytest.skip.Exception as why:
        print(f"skipped: {why}")
        sys.exit()
    SHOTS.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(SHOTS.resolve()))
