"""Plays a reply on a connection, at its pace, and breaks the connection where the answer's fault says so."""

import asyncio

from .connection import Connection
from .faults import Fault
from .http import chunk, status_line
from .reply import Reply

_EARLY_HINTS = status_line(103).encode() + b"\r\nLink: </style.css>; rel=preload\r\n\r\n"


async def play(
    connection: Connection, reply: Reply, fault: Fault | None, *, pace: float = 0.0, writes: int = 0, keep_alive: bool
) -> bool:
    """Send the reply. Returns whether the connection may carry another request. Raises connection.Gone.

    pace: seconds between two events (or writes). writes: bytes per write, 0 for one write per event.
    """
    if fault is not None and fault.kind == "garbage":
        await connection.send(fault.text.encode())
        return False
    keep_alive = keep_alive and reply.framing != "none"
    script = _script(reply, keep_alive=keep_alive)
    if fault is None:
        await _send(connection, script, pace, writes)
        return keep_alive
    if fault.kind in ("stall", "close", "reset") and fault.place not in ("handshake", "upload"):
        return await _broken(connection, script, reply, fault, pace, writes) and keep_alive
    if fault.kind == "drip_headers":
        await _drip(connection, script[0], fault)
        script = script[1:]
    elif fault.kind == "drip":
        await connection.send(script[0])
        await _drip(connection, b"".join(script[1:]), fault)
        return keep_alive
    elif fault.variant == "early_hints":
        await connection.send(_EARLY_HINTS)
    if reply.padding:
        return await _padded(connection, script, reply, fault)
    if reply.bad or reply.glue:
        script = _glued(script, reply)
    await _send(connection, script, pace, writes)
    return keep_alive


def _script(reply: Reply, *, keep_alive: bool) -> list[bytes]:
    """The head, each piece, the end: what is sent, in order. A body and what ends it may be empty."""
    return [reply.head(keep_alive=keep_alive), *map(reply.framed, reply.pieces), reply.end()]


async def _send(connection: Connection, script: list[bytes], pace: float = 0.0, writes: int = 0) -> None:
    if writes:
        whole = b"".join(script)
        script = [whole[start : start + writes] for start in range(0, len(whole), writes)]
    elif len(script) == 3:  # one piece: a body, which servers send with its head
        script = [b"".join(script)] if len(script[1]) < 65536 else script
    for data in script:
        if not data:
            continue
        await connection.send(data)
        if pace:
            await connection.stall(pace)
        else:
            await asyncio.sleep(0)  # the client may read this one before the next is written


async def _broken(
    connection: Connection, script: list[bytes], reply: Reply, fault: Fault, pace: float, writes: int
) -> bool:
    """Send what comes before the place of the fault, then stop, close or reset. Returns whether all was sent."""
    before, after = _cut(script, reply, fault)
    await _send(connection, before, pace, writes)
    if fault.kind == "stall":
        await connection.stall(fault.seconds)
        await _send(connection, after, pace, writes)
        return True
    if fault.kind == "reset":
        connection.reset()
    return False


def _cut(script: list[bytes], reply: Reply, fault: Fault) -> tuple[list[bytes], list[bytes]]:
    """The script in two, at the place of the fault."""
    head, frames, end = script[0], script[1:-1], script[-1]
    if fault.place == "before_headers":
        return [], script
    if fault.place == "in_headers":
        middle = len(head) // 2
        return [head[:middle]], [head[middle:], *frames, end]
    if fault.place == "after_headers":
        return [head], [*frames, end]
    if fault.place == "after_end":
        return [head, *frames], [end]
    number, offset = _inside(reply, fault)
    if number >= len(frames):
        return [head, *frames], [end]
    frame = frames[number]
    at = frame.find(b"\r\n") + 2 + offset if offset and reply.framing == "chunked" else offset
    return [head, *frames[:number], frame[:at]], [frame[at:], *frames[number + 1 :], end]


def _inside(reply: Reply, fault: Fault) -> tuple[int, int]:
    """(the piece in which the fault is, the offset in it)."""
    if fault.at_byte is None:
        number = fault.after_events or 0
        half = fault.mid_event and number < len(reply.pieces)
        return number, len(reply.pieces[number]) // 2 if half else 0
    left = fault.at_byte
    for number, piece in enumerate(reply.pieces):
        if left < len(piece):
            return number, left
        left -= len(piece)
    return len(reply.pieces), 0


def _glued(script: list[bytes], reply: Reply) -> list[bytes]:
    """One packet of the head with the bad chunk, or of everything with what is glued to it."""
    if not reply.bad:
        return [b"".join(script)]
    if reply.bad_at is None:
        return [script[0] + reply.bad, *script[1:]]
    place = 1 + min(reply.bad_at, len(script) - 2)
    return [*script[:place], reply.bad, *script[place:]]


async def _padded(connection: Connection, script: list[bytes], reply: Reply, fault: Fault) -> bool:
    """Repeat the padding until the client leaves."""
    place = 1 + reply.padding_at
    await _send(connection, script[:place])
    frame = chunk(reply.padding)
    while True:
        await connection.send(frame)
        await (connection.stall(fault.seconds) if fault.seconds else asyncio.sleep(0))


async def _drip(connection: Connection, data: bytes, fault: Fault) -> None:
    for start in range(0, len(data), fault.size or 1):
        await connection.send(data[start : start + (fault.size or 1)])
        await connection.stall(fault.seconds or 0.0)
