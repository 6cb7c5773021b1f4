"""WireServer: a real HTTP server on loopback that speaks every wire, answers as it is told, and fails on demand.

By hand: `python -m aikido_llm.testing.server --port 8080`.
"""

import argparse
import asyncio
import contextlib
import ssl
import sys
from types import TracebackType
from typing import TypeVar

from . import certificate
from .answer import Answer
from .batches import KeptBatches
from .connection import Connection
from .service import Refusal, Respond, Service
from .tokens import Tokens
from .wires import MOUNT, base_path
from .wires.base import Received

HOST = "127.0.0.1"
KEY = "test-key"
MODELS = ("test-model", "test-model-large")
S = TypeVar("S", bound="WireServer")


class WireServer:
    """`async with WireServer() as server:` listens on 127.0.0.1 until the block ends.

    A chat request is checked (route, key, the wire's own rules) and gets the next queued answer; with an empty queue
    what `respond`'s function says; else a greeting. Requests that are refused take no answer from the queue; their
    reasons are in `refused` and in the log `aikido_llm.testing`. What a `respond` function raises, or a wire that
    cannot write an answer, is a 500 for the client and raised again when the block ends.

    key:    what clients must send, in their wire's own header; None: every key will do, and none.
    models: what the model lists hold.
    port:   0 takes a free one. tls: https, with a certificate that only `ssl_context()` trusts.
    check:  whether requests must follow their wire's rules.
    """

    def __init__(
        self,
        *,
        key: str | None = KEY,
        models: tuple[str, ...] = MODELS,
        port: int = 0,
        tls: bool = False,
        check: bool = True,
    ) -> None:
        self.port = port
        self.tls = tls
        self.connections = 0
        self._service = Service(key, models, check, self._look_ahead)
        self._chat = self._service.scripts["chat"]
        self._live: set[Connection] = set()
        self._changed: asyncio.Event = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._opening = asyncio.Lock()
        self._reopening: asyncio.Task[None] | None = None

    # ---------------------------------------------------------------- life

    async def __aenter__(self: S) -> S:
        await self.listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
        if error is None and self._service.failures:
            raise self._service.failures[0]

    async def listen(self) -> None:
        """Listen (again, on the same port, when connections were being refused)."""
        async with self._opening:  # by a test and by a refusal that is over, perhaps at the same time
            if self._server is not None:
                return
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(self._accept, HOST, self.port, backlog=1024)
            self.port = self._server.sockets[0].getsockname()[1]
        self._look_ahead()

    def refuse(self, seconds: float | None = None) -> None:
        """Refuse connections, and close the idle ones; for so long, or until `listen()`."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for connection in self._live:
            connection.close_when_idle()
        if seconds is not None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._reopen)

    async def aclose(self) -> None:
        """Break every connection and stop."""
        if self._timer is not None:
            self._timer.cancel()
        if self._reopening is not None:
            await self._reopening
        server, self._server = self._server, None
        if server is not None:
            server.close()
        tasks = [connection.task for connection in self._live if connection.task is not None]
        for connection in self._live:
            connection.reset()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        while self._live:
            await self._change()
        if server is not None:
            await server.wait_closed()

    # ---------------------------------------------------------------- addresses

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`; every wire is reached under it by its own paths."""
        return f"{'https' if self.tls else 'http'}://{HOST}:{self.port}"

    def base_url(self, name: str, wire: str = "") -> str:
        """The base URL for a client of that provider or dialect. It ends in the path that the provider's own has, and
        names it (`/as/groq/openai/v1`), so that wires whose routes are the same are told apart."""
        return f"{self.url}{MOUNT}{name}{base_path(name, wire)}"

    def dsn(self, name: str, wire: str = "") -> str:
        """For `aikido_llm.open(name, dsn)`: base URL, key and a model.

        wire: one of a provider that has several (`responses`); "" leaves it to the base URL, which is a loopback one.
        """
        key, models = self._service.key, self._service.models
        chosen = f"&wire={wire}" if wire else ""
        return f"{self.base_url(name, wire)}?api_key={key or KEY}&model={(models or MODELS)[0]}{chosen}"

    def ssl_context(self) -> ssl.SSLContext:
        """For a client that shall trust this server."""
        return certificate.trusting()

    # ---------------------------------------------------------------- script

    def answer(self, *answers: Answer | str) -> None:
        """Queue answers: each is played once, in order, to the next chat requests. A string is an answer's text."""
        self._chat.queue += [Answer(text=answer) if isinstance(answer, str) else answer for answer in answers]
        self._look_ahead()

    def answer_models(self, *answers: Answer) -> None:
        """The same for model lists: statuses, headers and faults. The list itself is the server's `models`."""
        self._service.scripts["models"].queue += answers

    def answer_verb(self, verb: str, *answers: Answer) -> None:
        """The same for one of the further verbs (`embed`, `rerank`, `count`): statuses, headers, usage and faults. The
        vectors and scores are made of the texts (`testing.vector_of`); a count is the usage's `input_tokens`."""
        self._service.scripts[verb].queue += answers

    def answer_again(self, *answers: Answer) -> None:
        """The same for the requests by which an answer made in the background (`Request.background`, Responses wire) is
        taken up or polled: statuses, headers, faults and pace. What it says is the first one's."""
        self._service.scripts["retrieve"].queue += answers

    def answer_batches(self, verb: str, *answers: Answer) -> None:
        """The same for requests about batches: statuses, headers, faults and pace. verb: `upload` (of a file), `submit`
        (of a batch), `poll`, `stop`, `list_batches` or `output` (of its answers). How batches end is `batches`."""
        self._service.scripts[verb].queue += answers

    def answer_raw(self, *pieces: bytes, pace: float = 0.0) -> None:
        """Queue one reply as the bytes of HTTP, its head included: a write for each piece, `pace` seconds apart, then
        FIN. It goes to the next request whatever that is (no route, key or rule is looked at), before any answer.
        A request of more than a MiB is then not parsed: `Received.raw` has it."""
        self._service.raw_queue.append((pieces, pace))

    def respond(self, function: Respond | None, verb: str = "chat") -> None:
        """Answer requests of a verb by a function of the request (it may be async) while the queue is empty."""
        self._service.scripts[verb].respond = function

    @property
    def waiting(self) -> int:
        """Answers in the queue."""
        return len(self._chat.queue)

    # ---------------------------------------------------------------- what happened

    @property
    def received(self) -> list[Received]:
        """Every request, refused ones included, in the order in which their bodies were read."""
        return self._service.received

    @property
    def refused(self) -> list[Refusal]:
        """Requests that broke a rule, with the status they got and the reason."""
        return self._service.refused

    @property
    def generations(self) -> int:
        """How many answers were asked for and not refused, whatever became of their connections: what would be paid."""
        return self._service.kept.generations

    @property
    def batches(self) -> KeptBatches:
        """The batches that were submitted, and how they go on. Each of their rows gets an answer as a chat request
        does, when its batch is begun; those of a fault have none."""
        return self._service.batches

    @property
    def tokens(self) -> Tokens:
        """The credentials that it gives out as the clouds' token services do, and takes from then on."""
        return self._service.tokens

    @property
    def open_connections(self) -> int:
        """Connections that are open now, idle ones included; `connections` counts all that ever were."""
        return len(self._live)

    @property
    def sending(self) -> int:
        """Bytes written so far on the connections that are open now: it stands still while a reader holds them back."""
        return sum(connection.sent for connection in self._live)

    async def no_connections(self, timeout: float = 1.0) -> None:
        """Wait until clients have closed all connections. Raises TimeoutError when they keep one longer than that."""
        try:
            async with asyncio.timeout(timeout):
                while self._live:
                    await self._change()
        except TimeoutError:
            raise TimeoutError(f"{len(self._live)} connections are still open after {timeout} s") from None

    async def closed_within(self, seconds: float) -> bool:
        """Whether clients close all connections in so many seconds."""
        with contextlib.suppress(TimeoutError):
            await self.no_connections(seconds)
        return not self._live

    # ---------------------------------------------------------------- connections

    def _accept(self) -> Connection:
        self.connections += 1
        connection = Connection(self._service.serve, self._lost, certificate.serving() if self.tls else None)
        if self._server is None:  # closed since it was taken in: asyncio makes no connection of it any more
            connection.gone = True
        else:
            self._live.add(connection)
        return connection

    def _lost(self, connection: Connection) -> None:
        self._live.discard(connection)
        self._changed.set()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def _look_ahead(self) -> None:
        """A refusal is at work as soon as it is the next answer: there will be no request to wait for."""
        queue = self._chat.queue
        fault = queue[0].fault if queue else None
        if fault is not None and fault.kind == "refuse" and self._server is not None:
            queue.popleft()
            self.refuse(fault.seconds)

    def _reopen(self) -> None:
        self._reopening = asyncio.get_running_loop().create_task(self.listen())


async def _run(port: int, key: str, tls: bool) -> None:
    from ..providers import providers

    async with WireServer(key=key, port=port, tls=tls) as server:
        lines = [f"Listening on {server.url}; Ctrl-C ends it. A DSN per provider:"]
        lines += [f"  {name:18} {server.dsn(name)}" for name in providers() if name != "echo"]
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


def main() -> None:
    """Run a server by hand. It answers every chat with a greeting; requests that break a rule are told on stderr."""
    parser = argparse.ArgumentParser(prog="python -m aikido_llm.testing.server", description=main.__doc__)
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--key", default=KEY, help=f"the API key that clients must send (default: {KEY})")
    parser.add_argument("--tls", action="store_true", help="https, with the kit's own certificate")
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(options.port, options.key, options.tls))


if __name__ == "__main__":
    main()
