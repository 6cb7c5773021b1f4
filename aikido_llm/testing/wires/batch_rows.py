"""What the ways to take many requests have in common, from the server's side. Pure."""

import json
from email.parser import BytesParser
from typing import Any, Protocol, TypeAlias

from ..batches import Asked, Kept, KeptBatches
from .base import Received

Json: TypeAlias = dict[str, Any]


class BatchHost(Protocol):
    """One of them."""

    def upload(self, request: Received, kept: KeptBatches) -> Json | str:
        """The reply to a file that was handed over; a text says what is wrong with it."""
        ...

    def asked(self, request: Received, kept: KeptBatches) -> list[Asked] | str:
        """The rows of a new batch; a text says what is wrong with it."""
        ...

    def named(self, request: Received, number: int) -> tuple[str, str, str]:
        """(id, label, path of its rows) of a new one."""
        ...

    def id_in(self, request: Received) -> str:
        """Which one a request is about, or which file."""
        ...

    def document(self, batch: Kept) -> Json: ...
    def page(self, batches: list[Kept], request: Received) -> Json: ...
    def lines(self, batch: Kept, file: str) -> list[bytes]:
        """Of the file of answers of that name."""
        ...

    def refusal_of_cancel(self, batch: Kept) -> str:
        """Why it cannot be cancelled, "" where it can."""
        ...


def parts_of(request: Received) -> list[tuple[str, bytes]]:
    """(name or content type, content) of each part of a multipart body."""
    head = f"Content-Type: {request.headers.get('content-type', '')}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + request.raw)
    found: list[tuple[str, bytes]] = []
    for part in message.walk():
        if part.is_multipart():
            continue
        name = part.get_param("name", header="content-disposition") or part.get_content_type()
        content: Any = part.get_payload(decode=True)
        found.append((str(name), content))
    return found


def address_of(request: Received) -> str:
    """The address of the host that a request is for."""
    mount = f"/as/{request.provider}" if request.provider else ""
    return f"http://{request.headers.get('host', '')}{mount}"


def field(request: Received, name: str) -> Json:
    """An object in the body, {} for none."""
    found: Json = request.body.get(name) or {}
    return found


def write(said: Json) -> bytes:
    """JSON, as hosts write it."""
    return json.dumps(said, separators=(",", ":")).encode()


def rows_of(data: bytes) -> list[Json] | str:
    try:
        return [json.loads(line) for line in data.splitlines() if line.strip()]
    except ValueError:
        return "the file is not JSON Lines"


def row_of(request: Received, name: str, path: str, body: Any) -> Asked:
    raw = json.dumps(body).encode()
    return Asked(name, Received("POST", path, {}, request.headers, body, raw, request.provider, "chat", path))


def told_apart(rows: list[Asked]) -> list[Asked] | str:
    names = [row.name for row in rows]
    if not names:
        return "a batch without a request"
    return rows if len(set(names)) == len(names) and all(names) else "the custom ids are not all different"
