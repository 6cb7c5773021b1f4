"""Serves the connections of a WireServer: routes, checks, takes the next answer and has it played."""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any, TypeAlias

from attrs import evolve, frozen

from . import signatures
from .answer import Answer
from .batches import KeptBatches, Outcome
from .connection import Connection, Gone
from .faults import Fault
from .http import BadRequest, Head
from .kept import KeptAnswers
from .play import play
from .proofs import Proofs
from .reply import Reply, document
from .spoil import spoil
from .tokens import Tokens
from .verbs import VERBS, compose
from .wires import MOUNT, find_wire
from .wires.base import Received, Signs, Wire
from .wires.batches import batch_host

log = logging.getLogger("aikido_llm.testing")

_PARSED = 1024 * 1024  # bytes of a request that a raw reply answers
GREETING = Answer(text="Hello from the test server.")
Respond: TypeAlias = Callable[[Received], Answer | Awaitable[Answer]]


@frozen
class Refusal:
    """A request that the server did not answer as asked: the status it got, and why."""

    request: Received
    status: int
    reason: str


class Script:
    """What is answered to the requests of one verb: the queue, then what the function says, else a greeting."""

    def __init__(self) -> None:
        self.queue: deque[Answer] = deque()
        self.respond: Respond | None = None

    async def next(self, request: Received) -> Answer:
        if self.queue:
            return self.queue.popleft()
        if self.respond is None:
            return GREETING
        answer = self.respond(request)
        return await answer if isawaitable(answer) else answer


class Service:
    """The scripts of a server, one a verb, and what came of them. on_next: called when another answer may have become
    the next one."""

    def __init__(self, key: str | None, models: tuple[str, ...], check: bool, on_next: Callable[[], None]) -> None:
        self.key = key
        self.models = models
        self.check = check
        self.scripts = {verb: Script() for verb in VERBS}
        self.raw_queue: deque[tuple[tuple[bytes, ...], float]] = deque()
        self.received: list[Received] = []
        self.refused: list[Refusal] = []
        self.failures: list[Exception] = []
        self.kept = KeptAnswers()
        self.batches = KeptBatches()
        self.tokens = Tokens()
        self._on_next = on_next
        self._number = 0
        self._proofs = Proofs()

    async def serve(self, connection: Connection) -> None:
        """One connection, from its first byte to its last."""
        try:
            if await self._greet(connection) and await connection.handshake():
                while await self._exchange(connection):
                    pass
        except Gone:
            pass
        except BadRequest as bad:
            log.warning("400: %s", bad)
            if not connection.gone:
                await play(connection, document(400, str(bad).encode(), "text/plain"), None, keep_alive=False)
        except Exception as failure:
            self.failures.append(failure)
            log.exception("the server failed")
        finally:
            connection.close()

    async def _greet(self, connection: Connection) -> bool:
        """Whether the connection may go on: a fault may wait for it before anything is read."""
        fault = self._fault_at("handshake")
        if fault is None:
            return True
        if fault.kind == "stall" and fault.seconds is not None:
            await connection.stall(fault.seconds)
            return True
        self._drop_next()
        if fault.kind == "stall":
            await connection.stall()
        if fault.kind == "reset":
            connection.reset()
        return False

    async def _exchange(self, connection: Connection) -> bool:
        """One request and its answer. Returns whether another request may follow."""
        connection.idle = True
        head = await connection.read_head()
        connection.idle = False
        if head is None:
            return False
        request, wire = find_wire(head.method, head.path, head.query, head.headers)
        if wire is not None and VERBS[request.verb].has_body:
            fault = self._fault_at("upload", request.verb)
            if fault is not None and not await self._hinder(connection, head, request, wire, fault):
                return False
        raw = await connection.read_body(head)
        large = bool(self.raw_queue) and len(raw) > _PARSED  # nobody looks into it, and parsing would hold the loop
        request = evolve(request, raw=raw, body=None if large else _json(raw), target=head.target)
        self.received.append(request)
        if self.raw_queue:
            return await self._play_raw(connection, *self.raw_queue.popleft())
        reply, answer = await self._reply(wire, request)
        fault = answer.fault
        keep_alive = await play(
            connection, reply, fault, pace=answer.pace, writes=answer.writes, keep_alive=head.keep_alive
        )
        stale = fault is not None and fault.kind == "stale"
        return keep_alive and not connection.last and not stale

    async def _play_raw(self, connection: Connection, pieces: tuple[bytes, ...], pace: float) -> bool:
        """Bytes of HTTP as they are; then the connection ends."""
        for piece in pieces:
            await connection.send(piece)
            await (connection.stall(pace) if pace else asyncio.sleep(0))
        return False

    # ---------------------------------------------------------------- what is answered

    async def _reply(self, wire: Wire | None, request: Received) -> tuple[Reply, Answer]:
        """The reply with its fault done to it, and the answer whose pace and places still matter."""
        if (given := self.tokens.reply(request)) is not None:
            return given, GREETING
        if wire is None:
            reason = f"no wire of this server has {request.method} {request.path}"
            return self._refuse(request, 404, reason, document(404, reason.encode(), "text/plain")), GREETING
        refusal = self._check(wire, request)
        if refusal is not None:
            status, reason = refusal
            return self._refuse(request, status, reason, document(status, wire.error(status, reason))), GREETING
        self._number += 1
        try:
            answer = await self.scripts[request.verb].next(request)
            self._on_next()
            if request.verb == "submit" and answer.status == 200:
                self.batches.submitted = await self._worked(wire, request)
            reply = compose(
                wire, answer, request, models=self.models, request_id=f"req-{self._number}", kept=self.kept,
                batches=self.batches,
            )  # fmt: skip
            if isinstance(wire, Signs) and request.verb == "chat" and answer.status == 200:
                self._proofs.remember(wire.issued(answer, request))
            if answer.fault is not None:
                spoil(reply, answer.fault, wire)
        except Exception as failure:  # a test's own function, or an answer that the wire cannot write
            self.failures.append(failure)
            log.exception("500: the answer could not be made")
            reason = f"the answer could not be made: {type(failure).__name__}: {failure}"
            return self._refuse(request, 500, reason, document(500, wire.error(500, reason))), GREETING
        return reply, answer

    async def _worked(self, wire: Wire, request: Received) -> list[Outcome] | str:
        """What comes of the rows of a new batch, each as if it had come by itself; or what is wrong with the whole."""
        asked = batch_host(wire.name, request).asked(request, self.batches)
        if isinstance(asked, str):
            return asked
        outcomes: list[Outcome] = []
        for row in asked:
            one = row.request
            path = f"{MOUNT}{one.provider}{one.path}" if one.provider else one.path
            _, serving = find_wire("POST", path, {}, one.headers)
            spoken = serving or wire
            reason = spoken.check(one) if self.check else None
            answer = await self.scripts["chat"].next(one) if reason is None else Answer(status=400, message=reason)
            self.kept.generations += reason is None
            whole = answer.status == 200
            body = spoken.body(answer, one) if whole else spoken.error(answer.status, answer.message, answer.code)
            outcomes.append(Outcome(row.name, answer.status, body))
        return outcomes

    def _check(self, wire: Wire, request: Received) -> tuple[int, str] | None:
        """(status, reason) of what is wrong with the request."""
        if (refusal := self._unsigned(wire, request)) is not None:
            return refusal
        check = VERBS[request.verb].check
        if check is None:
            return None
        if request.body is None:
            return 400, "the body is not JSON"
        reason = check(wire, request) if self.check else None
        if reason is None and self.check and isinstance(wire, Signs):
            reason = self._proofs.refusal(wire.returned(request))
        return None if reason is None else (400, reason)

    def _unsigned(self, wire: Wire, request: Received) -> tuple[int, str] | None:
        """(status, reason) of who may not ask: neither by key nor by a token or a signature of this server's."""
        if request.headers.get("authorization", "").startswith(signatures.ALGORITHM):
            reason = self.tokens.wrong_signature(request)
            return None if reason is None else (403, reason)
        key = wire.key(request)
        if self.key is None or key in (self.key, "") or self.tokens.accepts(key):
            return None
        return 401, "the API key is missing or wrong"

    def _refuse(self, request: Received, status: int, reason: str, reply: Reply) -> Reply:
        log.warning("%s %s: %s: %s", request.method, request.path, status, reason)
        self.refused.append(Refusal(request, status, reason))
        return reply

    # ---------------------------------------------------------------- faults before the answer

    def _fault_at(self, place: str, verb: str = "chat") -> Fault | None:
        """Of the answer that is next; before a request has come, that is the next one to a chat."""
        queue = self.scripts[verb].queue
        fault = queue[0].fault if queue else None
        return fault if fault is not None and fault.place == place else None

    def _drop_next(self, verb: str = "chat") -> None:
        self.scripts[verb].queue.popleft()
        self._on_next()

    async def _hinder(self, connection: Connection, head: Head, request: Received, wire: Wire, fault: Fault) -> bool:
        """A fault while the body is on its way. Returns whether it shall be read and answered after all."""
        if fault.kind == "stall" and fault.seconds is not None:
            await connection.stall(fault.seconds, reading=False)
            return True
        self._drop_next(request.verb)
        raw = await connection.read_exactly(min(fault.at_byte or 0, head.length or 0))
        self.received.append(evolve(request, raw=raw))
        if fault.kind == "early":
            await self._answer_early(connection, wire, fault)
        elif fault.kind == "stall":
            await connection.stall(reading=False)
        elif fault.kind == "reset":
            connection.reset()
        return False

    async def _answer_early(self, connection: Connection, wire: Wire, fault: Fault) -> None:
        reason = "the request is too large"
        await play(connection, document(fault.status, wire.error(fault.status, reason)), None, keep_alive=False)
        if fault.variant == "close":
            await connection.drain_upload()
        elif fault.variant == "reset":
            connection.reset()
        else:
            await connection.stall(reading=False)


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None
