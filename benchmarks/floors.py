"""The floors: what the same work costs a hand-written loop that does nothing else.

`Client`: raw aiohttp, `readany`, one split per read, fast untyped JSON, a walk to the text, an async generator to the
caller. It knows no errors, no end mark, no usage, no clocks; a picture it takes as most SDKs do, the whole body through
`json` and `base64`. `Socket`: a bare asyncio protocol, chunks taken off in Python, typed JSON.
"""

import asyncio
import base64
import io
import json
import struct
from collections.abc import AsyncIterator
from typing import Any
from zlib import crc32

import aiohttp
import msgspec

decode = msgspec.json.decode

_ROUTES = {
    "openai_chat": "/chat/completions",
    "openai_responses": "/responses",
    "anthropic_messages": "/v1/messages",
    "gemini_generate": "/models/m:streamGenerateContent?alt=sse",
    "cohere_chat": "/v2/chat",
    "ollama_chat": "/api/chat",
    "bedrock_converse": "/model/m/converse-stream",
}


class Client:
    def __init__(self, dialect: str, provider: str, url: str) -> None:
        self._dialect = dialect
        path = _ROUTES[dialect]
        self._url = url + (path.removeprefix("/v1") if url.endswith("/v1") else path)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=None)
        )

    def _post(self, stream: bool) -> Any:
        url = self._url if stream else self._url.replace(":streamGenerateContent?alt=sse", ":generateContent")
        ask = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": stream}
        return self._session.post(url, data=msgspec.json.encode(ask), headers={"Content-Type": "application/json"})

    async def stream(self) -> str:
        pieces: list[str] = []
        async for text in _LOOPS[self._dialect](self._post(True)):
            pieces.append(text)
        return "".join(pieces)

    async def arguments(self) -> str:
        pieces: list[str] = []
        async for text in openai_chat_arguments(self._post(True)):
            pieces.append(text)
        return "".join(pieces)

    def pieces(self) -> AsyncIterator[str]:
        return _LOOPS[self._dialect](self._post(True))

    async def complete(self) -> str:
        async with self._post(False) as response:
            return _text(self._dialect, decode(await response.read()))

    async def image(self, stream: bool) -> bytes:
        """The whole body read, parsed by the standard library, the picture decoded by it."""
        async with self._post(stream) as response:
            body = await response.read()
        if not stream:
            return _image(json.loads(body))
        for line in body.split(b"\n"):
            if line.startswith(b"data: {") and len(line) > 100_000:
                return _image(json.loads(line[6:]))
        raise RuntimeError("no picture")

    async def send_image(self, data: bytes) -> str:
        url = f"data:image/png;base64,{base64.b64encode(data).decode()}"
        content = [{"type": "text", "text": "what is this?"}, {"type": "image_url", "image_url": {"url": url}}]
        ask = json.dumps({"model": "m", "messages": [{"role": "user", "content": content}], "stream": False}).encode()
        headers = {"Content-Type": "application/json"}
        async with self._session.post(self._url, data=io.BytesIO(ask), headers=headers) as response:
            return _text(self._dialect, decode(await response.read()))

    async def close(self) -> None:
        await self._session.close()


# ------------------------------------------------------------------ one loop a wire


async def openai_chat(post: Any) -> AsyncIterator[str]:
    async with post as response:
        rest = b""
        while data := await response.content.readany():
            lines = (rest + data).split(b"\n")
            rest = lines.pop()
            for line in lines:
                if line[:6] == b"data: " and line != b"data: [DONE]":
                    choices = decode(line[6:]).get("choices")
                    if choices:
                        text = choices[0]["delta"].get("content")
                        if text:
                            yield text


async def openai_chat_arguments(post: Any) -> AsyncIterator[str]:
    async with post as response:
        rest = b""
        while data := await response.content.readany():
            lines = (rest + data).split(b"\n")
            rest = lines.pop()
            for line in lines:
                if line[:6] == b"data: " and line != b"data: [DONE]":
                    choices = decode(line[6:]).get("choices")
                    if choices:
                        for call in choices[0]["delta"].get("tool_calls") or ():
                            text = call["function"].get("arguments")
                            if text:
                                yield text


async def openai_responses(post: Any) -> AsyncIterator[str]:
    async with post as response:
        rest = b""
        while data := await response.content.readany():
            lines = (rest + data).split(b"\n")
            rest = lines.pop()
            for line in lines:
                if line[:6] == b"data: ":
                    event = decode(line[6:])
                    if event["type"] == "response.output_text.delta":
                        yield event["delta"]


async def anthropic_messages(post: Any) -> AsyncIterator[str]:
    async with post as response:
        rest = b""
        while data := await response.content.readany():
            lines = (rest + data).split(b"\n")
            rest = lines.pop()
            for line in lines:
                if line[:6] == b"data: ":
                    event = decode(line[6:])
                    if event["type"] == "content_block_delta":
                        text = event["delta"].get("text")
                        if text:
                            yield text


async def gemini_generate(post: Any) -> AsyncIterator[str]:
    async with post as response:
        rest = b""
        while data := await response.content.readany():
            lines = (rest + data).split(b"\n")
            rest = lines.pop()
            for line in lines:
                if line[:6] == b"data: ":
                    candidates = decode(line[6:]).get("candidates")
                    if candidates:
                        for part in candidates[0].get("content", {}).get("parts", ()):
                            text = part.get("text")
                            if text:
                                yield text


async def cohere_chat(post: Any) -> AsyncIterator[str]:
    async with post as response:
        rest = b""
        while data := await response.content.readany():
            lines = (rest + data).split(b"\n")
            rest = lines.pop()
            for line in lines:
                if line[:6] == b"data: " and line != b"data: [DONE]":
                    event = decode(line[6:])
                    if event["type"] == "content-delta":
                        text = event["delta"]["message"]["content"].get("text")
                        if text:
                            yield text


async def ollama_chat(post: Any) -> AsyncIterator[str]:
    async with post as response:
        rest = b""
        while data := await response.content.readany():
            lines = (rest + data).split(b"\n")
            rest = lines.pop()
            for line in lines:
                if line:
                    text = decode(line)["message"].get("content")
                    if text:
                        yield text


_PRELUDE, _SUM = struct.Struct(">III"), struct.Struct(">I")


async def bedrock_converse(post: Any) -> AsyncIterator[str]:
    """Both checksums are counted, and the headers' text is searched for the one kind of event that holds text."""
    async with post as response:
        rest = b""
        while data := await response.content.readany():
            rest += data
            at = 0
            while len(rest) - at >= 12:
                size, headers, prelude = _PRELUDE.unpack_from(rest, at)
                if len(rest) - at < size:
                    break
                end = at + size - 4
                if crc32(rest[at : at + 8]) != prelude or (crc32(rest[at:end]),) != _SUM.unpack_from(rest, end):
                    raise RuntimeError("checksum")
                begin = at + 12 + headers
                if rest.find(b"contentBlockDelta", at, begin) > 0:
                    text = decode(rest[begin:end])["delta"].get("text")
                    if text:
                        yield text
                at += size
            rest = rest[at:]


_LOOPS = {
    "openai_chat": openai_chat,
    "openai_responses": openai_responses,
    "anthropic_messages": anthropic_messages,
    "gemini_generate": gemini_generate,
    "cohere_chat": cohere_chat,
    "ollama_chat": ollama_chat,
    "bedrock_converse": bedrock_converse,
}


def _text(dialect: str, body: Any) -> str:
    match dialect:
        case "openai_chat":
            found = body["choices"][0]["message"]["content"]
        case "openai_responses":
            found = "".join(part["text"] for item in body["output"] for part in item.get("content", ()))
        case "anthropic_messages":
            found = "".join(block.get("text", "") for block in body["content"])
        case "gemini_generate":
            found = "".join(part.get("text", "") for part in body["candidates"][0]["content"]["parts"])
        case "cohere_chat":
            found = "".join(block["text"] for block in body["message"]["content"])
        case _:
            found = body["message"]["content"]
    return str(found)


def _image(body: Any) -> bytes:
    """The first picture in a body or a chunk of the chat shape or of Gemini's."""
    if "candidates" in body:
        parts = body["candidates"][0]["content"]["parts"]
        return base64.b64decode(next(part["inlineData"]["data"] for part in parts if "inlineData" in part))
    choice = body["choices"][0]
    url = (choice.get("message") or choice["delta"])["images"][0]["image_url"]["url"]
    return base64.b64decode(url.partition(",")[2])


# ------------------------------------------------------------------ without aiohttp


class _Delta(msgspec.Struct, gc=False):
    content: str | None = None


class _Choice(msgspec.Struct, gc=False):
    delta: _Delta


class _Chunk(msgspec.Struct, gc=False):
    choices: list[_Choice] = []


class _Reader(asyncio.Protocol):
    """Reads one chunked answer of the chat wire; `text` is done at its end."""

    def __init__(self, ask: bytes) -> None:
        self._ask = ask
        self._decode = msgspec.json.Decoder(_Chunk).decode
        self._raw = b""
        self._rest = b""
        self._head = True
        self._pieces: list[str] = []
        self.text: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(self._ask)

    def data_received(self, data: bytes) -> None:
        raw = self._raw + data
        at = 0
        if self._head:
            at = raw.find(b"\r\n\r\n") + 4
            if at < 4:
                self._raw = raw
                return
            self._head = False
        while (line := raw.find(b"\r\n", at)) >= 0:
            size = int(raw[at:line], 16)
            if not size:
                self.text.set_result("".join(self._pieces))
                return
            end = line + 2 + size
            if len(raw) < end + 2:
                break
            self._take(raw[line + 2 : end])
            at = end + 2
        self._raw = raw[at:]

    def _take(self, data: bytes) -> None:
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            if line[:7] == b"data: {":
                for choice in self._decode(line[6:]).choices:
                    if choice.delta.content:
                        self._pieces.append(choice.delta.content)


class Socket:
    """The chat wire over a bare protocol; a connection per answer."""

    def __init__(self, dialect: str, provider: str, url: str) -> None:
        host, _, path = url.removeprefix("http://").partition("/")
        self._host, _, port = host.partition(":")
        self._port = int(port)
        body = b'{"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true}'
        head = f"POST /{path}/chat/completions HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n\r\n"
        self._ask = head.encode() + body

    async def stream(self) -> str:
        loop = asyncio.get_running_loop()
        transport, reader = await loop.create_connection(lambda: _Reader(self._ask), self._host, self._port)
        try:
            return await reader.text
        finally:
            transport.close()

    async def close(self) -> None:
        pass
