"""The transcripts are read, and the test server plays them back byte for byte."""

import asyncio
import json
from collections.abc import Mapping

from . import llamacpp as llama
from .ollama_transcripts import Transcript, replay


def test_transcripts_are_read(ollama_transcripts: Mapping[str, Transcript]) -> None:
    assert {case.wire for case in ollama_transcripts.values()} == {"ollama", "openai"}
    assert len(ollama_transcripts) == 65
    text = ollama_transcripts["ollama/text-stream"]
    assert (text.method, text.path, text.status, text.streamed) == ("POST", "/api/chat", 200, True)
    assert text.request_json()["messages"] == [{"role": "user", "content": "hi"}]
    assert text.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in text.body.splitlines()]
    assert "".join(line["message"]["content"] for line in lines) == llama.TEXT
    assert lines[-1]["done"] is True
    missing = ollama_transcripts["openai/err-model"]
    assert (missing.wire, missing.status, missing.streamed) == ("openai", 404, False)
    assert "error" in json.loads(missing.body)
    killed = ollama_transcripts["ollama/runner-killed"]
    assert "error" in json.loads(killed.body.splitlines()[-1])
    assert ollama_transcripts["ollama/err-bad-json"].request_json() is None
    for case in ollama_transcripts.values():
        assert b"".join(case.pieces()) == b"".join(case.bytewise(7)) == case.raw
        assert len(case.pieces()) == max(1, len(case.receives))


async def fetch(port: int, case: Transcript) -> list[bytes]:
    """What a plain socket receives for this case, read by read."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = case.request_body
    writer.write(f"{case.method} {case.path} HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    reads: list[bytes] = []
    while data := await reader.read(65536):
        reads.append(data)
    writer.close()
    await writer.wait_closed()
    return reads


async def test_they_are_played_back_byte_for_byte(ollama_transcripts: Mapping[str, Transcript]) -> None:
    for case in ollama_transcripts.values():
        async with replay(case) as server:
            assert b"".join(await fetch(server.port, case)) == case.raw
            asked = server.received[0]
            assert (asked.method, asked.path, asked.raw) == (case.method, case.path, case.request_body)


async def test_they_can_be_cut_and_split(ollama_transcripts: Mapping[str, Transcript]) -> None:
    case = ollama_transcripts["ollama/unicode-stream"]
    async with replay(case, [case.raw[:300], case.raw[300:400]], gap=0.02) as server:
        assert await fetch(server.port, case) == [case.raw[:300], case.raw[300:400]]
    async with replay(case, gap=0.005) as server:
        assert await fetch(server.port, case) == case.pieces()
