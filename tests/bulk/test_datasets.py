"""bulk.ray, without Ray: what an actor does with the batches that it gets. With it: tests/cluster."""

import asyncio
import importlib.util
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm import bulk
from aikido_llm.bulk.datasets import Asking
from aikido_llm.testing import Answer, Received, WireServer

pyarrow: Any = pytest.importorskip("pyarrow", reason="pyarrow is not installed; with it: make test")


@pytest.fixture
async def server() -> AsyncIterator[WireServer]:
    async with WireServer() as running:
        yield running


async def test_an_actor_asks_the_batches_side_by_side_and_gives_each_back_when_it_is_whole(
    server: WireServer, tmp_path: Path
) -> None:
    slow = asyncio.Event()

    async def answer(request: Received) -> Answer:
        if request.body["messages"][-1]["content"] == "0":
            await slow.wait()
        return Answer("yes")

    def opened() -> llm.HTTPClient:
        return llm.open("vllm", dsn, model="m")

    server.respond(answer)
    dsn = server.dsn("vllm")
    actor = Asking(open=opened, rows=None, log=str(tmp_path), key=None, concurrency=4, policy=None, prefix="")
    batches = [pyarrow.table({"prompt": [str(number) for number in range(at, at + 20)]}) for at in (0, 20, 40)]
    late, *others = (asyncio.ensure_future(actor(batch)) for batch in batches)
    for out in await asyncio.gather(*others):
        assert out["answer"].to_pylist() == ["yes"] * 20
    assert not late.done()
    slow.set()
    assert (await late)["prompt"].to_pylist() == [str(number) for number in range(20)]
    again = pyarrow.table({"prompt": ["0", "60"]})
    late = asyncio.ensure_future(actor(again))
    late.cancel()  # as Ray does when nobody needs the rest
    await asyncio.wait([late])
    assert (await actor(again))["answer"].to_pylist() == ["yes", "yes"]
    server.respond(lambda request: Answer("word " * 1000, pace=0.01))
    asking = asyncio.ensure_future(actor(pyarrow.table({"prompt": ["61"]})))
    while len(server.received) < 62:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    await asyncio.to_thread(actor.__del__)  # as at the end of its process
    with pytest.raises(llm.ConfigError, match="closed"):
        await asking
    await server.no_connections()
    with pytest.raises(llm.ConfigError, match="closed"):
        await actor(pyarrow.table({"prompt": ["62"]}))


@pytest.mark.skipif(importlib.util.find_spec("ray") is not None, reason="Ray is here; there it runs by: make ray")
def test_without_ray(tmp_path: Path) -> None:
    class Dataset:
        def map_batches(self, fn: Any, **options: Any) -> "Dataset":
            raise AssertionError(options)

    with pytest.raises(llm.ConfigError, match=r"aikido-llm\[ray\]"):
        bulk.ray(Dataset(), open=lambda: llm.open("echo"), log=tmp_path)
