"""What a failed call leaves behind: a line in the log, and the names of the models there are."""

from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm.testing import Answer, Fault, WireServer

TEXT = "the sentence of a server"


async def test_the_final_failure_is_logged_once_by_its_facts(
    wire_server: WireServer, caplog: pytest.LogCaptureFixture
) -> None:
    wire_server.answer(*[Answer(status=503, message=TEXT)] * 2)
    policy = llm.RetryPolicy(max_attempts=2, base_delay=0, should_retry=llm.is_retryable)
    async with llm.open("vllm", wire_server.dsn("vllm"), retry=policy) as client:
        with caplog.at_level("DEBUG", logger="aikido_llm"), pytest.raises(llm.OverloadedError):
            await client.chat("hi")
    first, last = (record for record in caplog.records if record.name == "aikido_llm")
    assert (first.levelname, last.levelname) == ("DEBUG", "INFO")
    assert last.getMessage().startswith("vllm test-model: failed after 2 attempts, ")
    assert last.getMessage().endswith(" s (OverloadedError, HTTP 503)")
    assert TEXT not in caplog.text


async def test_an_answer_that_breaks_off_is_logged_too(
    wire_server: WireServer, caplog: pytest.LogCaptureFixture
) -> None:
    wire_server.answer(*[Answer(text="a b c", fault=Fault.no_end_mark())] * 2)
    async with llm.open("anthropic", wire_server.dsn("anthropic")) as client:
        with caplog.at_level("INFO", logger="aikido_llm"):
            async for _ in client.chat_stream("hi"):
                pass
            async for _ in client.single_attempt.chat_stream("hi"):
                pass
    (line,) = caplog.messages
    assert "failed after 1 attempt, " in line
    assert "(StreamTruncated)" in line


async def test_what_goes_well_is_not_logged(wire_server: WireServer, caplog: pytest.LogCaptureFixture) -> None:
    async with llm.open("vllm", wire_server.dsn("vllm")) as client:
        with caplog.at_level("DEBUG", logger="aikido_llm"):
            await client.chat("hi")
    assert not [record for record in caplog.records if record.name == "aikido_llm"]


@pytest.mark.parametrize(
    ("asked", "first"), [("tide-2-smal", "tide-2-small"), ("qqqqqqqqq", "tide-0-small"), ("tide-29-large", "tide-29")]
)
async def test_the_models_there_are(asked: str, first: str) -> None:
    names = (*(f"tide-{n}-small" for n in range(25)), "tide-29")
    async with WireServer(models=names) as server, llm.open("vllm", server.dsn("vllm"), model=asked) as client:
        server.answer(Answer(status=404, code="model_not_found", message="no such model"))
        with pytest.raises(llm.ModelNotFoundError, match="among its models: ") as caught:
            await client.chat("hi")
    available = caught.value.available
    assert available[0] == first
    assert len(available) == len(set(available)) == 20
    assert set(available) <= set(names)


@pytest.mark.parametrize("row", ["openai-chat", "openai-responses", "anthropic", "gemini", "cohere", "ollama"])
async def test_a_request_that_is_nested_too_deep_is_refused_by_a_typed_error(row: str) -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(30_000):
        schema = {"type": "object", "properties": {"a": schema}}
    deep: list[dict[str, Any]] = [
        {"tools": [llm.ToolDef("f", "", schema)]},
        {"response_format": llm.ResponseFormat.json_schema(schema)},
        {"extra": {"a": schema}},
    ]
    async with llm.open(row, base_url="http://127.0.0.1:9", api_key="k", model="m", retry=None) as client:
        for fields in deep:
            with pytest.raises(llm.InvalidRequestError):
                await client.chat("hi", max_tokens=99, **fields)
            with pytest.raises(llm.InvalidRequestError):  # and what another wire would take is not said
                await client.chat("hi", max_tokens=9, seed=1, stop=["a"], **fields)


@pytest.mark.parametrize("row", ["vllm", "openai-responses", "anthropic", "gemini", "cohere", "ollama"])
@pytest.mark.parametrize("stream", [True, False])
async def test_a_304_is_no_redirect_and_is_asked_for_once(wire_server: WireServer, row: str, stream: bool) -> None:
    wire_server.answer_raw(b"HTTP/1.1 304 Not Modified\r\nLocation: /elsewhere\r\n\r\n")
    async with llm.open(row, wire_server.dsn(row)) as client:
        with pytest.raises(llm.MalformedStream, match="answered 304, which holds no answer"):
            await (llm.collect(client.chat_stream("hi")) if stream else client.chat("hi"))
    assert len(wire_server.received) == 1


@pytest.mark.parametrize("status", [b"201 Created", b"203 Non-Authoritative Information"])
async def test_an_answer_under_another_good_status_is_one(wire_server: WireServer, status: bytes) -> None:
    """Servers built on some frameworks answer each POST with 201; a proxy that changes something, with 203."""
    said = b'{"id":"c","choices":[{"index":0,"message":{"content":"Hi"},"finish_reason":"stop"}]}'
    head = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Encoding: none, chunked\r\n" % status
    wire_server.answer_raw(head + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(said) + said)
    async with llm.open("vllm", wire_server.dsn("vllm")) as client:
        assert (await client.chat("hi")).text == "Hi"
