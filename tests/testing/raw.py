"""A client that sees bytes: what the server sends, and how it ends the connection."""

import asyncio
import contextlib
import json
import ssl
from typing import Any, Literal

from attrs import frozen

from aikido_llm.testing import WireServer

End = Literal["fin", "reset", "open"]
CHAT = "/v1/chat/completions"
ASK: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
STREAM: dict[str, Any] = {**ASK, "stream": True}


@frozen
class Raw:
    """Everything that came on one connection, and its end: "open" when there was silence instead."""

    data: bytes
    end: End

    @property
    def head(self) -> str:
        return self.data.partition(b"\r\n\r\n")[0].decode("latin-1")

    @property
    def status(self) -> int:
        return int(self.head.split(" ")[1])

    @property
    def headers(self) -> dict[str, str]:
        pairs = (line.partition(": ") for line in self.head.split("\r\n")[1:])
        return {name.lower(): value for name, _, value in pairs}

    @property
    def body(self) -> bytes:
        """Chunks put together again; what is not a whole chunk is left out."""
        data = self.data.partition(b"\r\n\r\n")[2]
        if self.headers.get("transfer-encoding") != "chunked":
            return data
        body = b""
        while data:
            size, _, data = data.partition(b"\r\n")
            length = int(size.partition(b";")[0], 16)
            if not length or len(data) < length:
                break
            body, data = body + data[:length], data[length + 2 :]
        return body

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def chunked_whole(self) -> bool:
        return self.data.endswith(b"0\r\n\r\n")


def post(
    body: Any = ASK, path: str = CHAT, *, key: str | None = "test-key", keep_alive: bool = False, method: str = "POST"
) -> bytes:
    data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(data)}"]
    lines += [f"Authorization: Bearer {key}"] if key is not None else []
    lines += [] if keep_alive else ["Connection: close"]
    return "\r\n".join([*lines, "", ""]).encode() + data


async def exchange(
    server: WireServer, sent: bytes | None = None, *, silence: float = 0.1, context: ssl.SSLContext | None = None
) -> Raw:
    """Send, then read until the server ends the connection, or says nothing for so long."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=context)
    try:
        return await read_on(reader, writer, post() if sent is None else sent, silence)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def read_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: bytes, silence: float = 0.1, most: int = 1 << 22
) -> Raw:
    """One exchange on a connection that stays open. most: bytes to read."""
    data = b""
    end: End = "open"
    with contextlib.suppress(TimeoutError):
        try:
            writer.write(sent)
            while len(data) < most:
                piece = await asyncio.wait_for(reader.read(1 << 16), silence)
                if not piece:
                    end = "fin"
                    break
                data += piece
        except ConnectionError:
            end = "reset"
    return Raw(data, end)
