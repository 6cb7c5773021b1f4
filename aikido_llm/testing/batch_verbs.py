"""What the test server answers to requests about batches. Pure but for the time of day."""

import time
from collections.abc import Callable
from typing import Any

from .answer import Answer
from .batches import Kept, KeptBatches
from .kept import Holdings
from .reply import Reply, document
from .wires.base import Received, Wire
from .wires.batch_rows import BatchHost, address_of, write
from .wires.batches import batch_host


def _found(host: BatchHost, request: Received, kept: KeptBatches) -> Kept | None:
    return kept.all.get(host.id_in(request))


def upload(wire: Wire, _: Answer, request: Received, holdings: Holdings) -> Reply:
    """A file, kept under an id."""
    said = batch_host(wire.name, request).upload(request, holdings.batches)
    return _refusal(wire, said, 400) if isinstance(said, str) else _json(said)


def submit(wire: Wire, _: Answer, request: Received, holdings: Holdings) -> Reply:
    """A new batch, whose rows have been answered by then."""
    host, kept = batch_host(wire.name, request), holdings.batches
    if isinstance(kept.submitted, str):
        return _refusal(wire, kept.submitted, 400)
    id, label, path = host.named(request, len(kept.all) + 1)
    batch = kept.begin(id, label, path, kept.submitted, time.time())
    batch.host = address_of(request)
    return _json(host.document(batch))


def poll(wire: Wire, _: Answer, request: Received, holdings: Holdings) -> Reply:
    """How a batch stands; a look makes time pass."""
    return _about(wire, request, holdings, Kept.look)


def stop(wire: Wire, _: Answer, request: Received, holdings: Holdings) -> Reply:
    """A batch is cancelled."""
    host = batch_host(wire.name, request)
    batch = _found(host, request, holdings.batches)
    if batch is not None and (reason := host.refusal_of_cancel(batch)):
        return _refusal(wire, reason, 409)
    return _about(wire, request, holdings, Kept.cancel)


def _about(wire: Wire, request: Received, holdings: Holdings, change: Callable[[Kept], None]) -> Reply:
    host = batch_host(wire.name, request)
    batch = _found(host, request, holdings.batches)
    if batch is None:
        return _refusal(wire, f"No batch found with id '{host.id_in(request)}'.", 404)
    change(batch)
    return _json(host.document(batch))


def list_batches(wire: Wire, _: Answer, request: Received, holdings: Holdings) -> Reply:
    """A page of them, the newest first."""
    batches = [one for one in reversed(holdings.batches.all.values()) if one.host == address_of(request)]
    return _json(batch_host(wire.name, request).page(batches, request))


def output(wire: Wire, _: Answer, request: Received, holdings: Holdings) -> Reply:
    """The answers of a batch, line by line; or what is left of them."""
    host, kept = batch_host(wire.name, request), holdings.batches
    name = host.id_in(request)
    file = name.rpartition("/")[2]
    batch = next((one for one in kept.all.values() if file.startswith(one.id.rpartition("/")[2])), None)
    if batch is None or not batch.ended:
        return _refusal(wire, f"{name} has no available results.", 404)
    lines = kept.edit(host.lines(batch, file))
    wanted = request.headers.get("range", "")
    media_type = "application/x-jsonl" if request.path.endswith("/results") else "application/octet-stream"
    if not (wanted and kept.ranges):
        return Reply(200, {"Content-Type": media_type}, lines, "chunked", streams=False)
    start = int(wanted.removeprefix("bytes=").rstrip("-"))
    whole = b"".join(lines)
    about = {"Content-Type": media_type, "Content-Range": f"bytes {start}-{len(whole) - 1}/{len(whole)}"}
    return Reply(206, about, [whole[start:]], "length", streams=False)


def _json(said: dict[str, Any]) -> Reply:
    return document(200, write(said))


def _refusal(wire: Wire, reason: str, status: int) -> Reply:
    return document(status, wire.error(status, reason, "invalid_request_error"))
