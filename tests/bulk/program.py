"""A run that is killed: `program.py URL LOG COUNT CONCURRENCY MOMENT NUMBER`.

It prints the key of each row that it is handed, and at the end `done`. MOMENT: where it kills itself, when it comes
there for that time (NUMBER): `sending` (a request is about to be sent), `answered` (the answer is there, and not kept),
`committing` (the transaction is written, and not committed), `told` (committed, and nobody has heard of it); `never`;
`parts`, never, on a log of parts.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import aikido_llm as llm
from aikido_llm import bulk
from aikido_llm.store import Asked, CallStore


def killer(moment: str, wanted: str, number: int) -> Callable[[], None]:
    """To be called whenever the moment comes."""
    left = number if moment == wanted else 0

    def come() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return come


class Sending:
    """A client that is told before each request."""

    def __init__(self, client: llm.HTTPClient, come: Callable[[], None]) -> None:
        self.identity = client.identity
        self._client = client
        self._come = come

    def stream(self, request: llm.Request) -> llm.EventStream:
        self._come()
        return self._client.stream(request)

    async def complete(self, request: llm.Request) -> llm.Response:
        return await self._client.complete(request)


class Watched(CallStore):
    """A store that is told of the moments of a `put`."""

    def __init__(self, path: str, moment: str, number: int) -> None:
        super().__init__(path)
        self._answered = killer(moment, "answered", number)
        self._told = killer(moment, "told", number)
        self._committing = killer(moment, "committing", number)
        self._begun = False

    async def claim(self, several: Any) -> Any:
        if not self._begun:
            self._begun = True
            await self._do(lambda connection: connection.set_trace_callback(self._seen))
        return await super().claim(several)

    async def put(self, asked: Asked, *args: Any, **options: Any) -> None:
        self._answered()
        await super().put(asked, *args, **options)
        self._told()

    def _seen(self, statement: str) -> None:
        if statement == "COMMIT":
            self._committing()


async def main() -> None:
    _, url, log, count, concurrency, moment, number = sys.argv
    async with llm.open("vllm", url, model="m") as inner:
        client = Sending(inner, killer(moment, "sending", int(number)))
        store = log if moment == "parts" else Watched(log, moment, int(number))
        rows = ({"id": f"k{key}", "prompt": f"k{key}"} for key in range(int(count)))
        async for row in bulk.map(client, rows, store, "id", int(concurrency)):
            assert row.response is not None, row.error
            assert row.response.text == f"re: {row.key}"
            os.write(1, f"{row.key}\n".encode())
    os.write(1, b"done\n")
    if isinstance(store, CallStore):
        await store.aclose()


if __name__ == "__main__":
    asyncio.run(main())
