"""Cassettes: recorded from the test server, replayed without it, scrubbed, matched strictly."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from attrs import evolve

import aikido_llm as llm
from aikido_llm.testing import Answer, CassetteError, Fault, WireServer, record, replay
from aikido_llm.testing.scrubbing import Scrubber
from aikido_llm.transport.base import Headers, HTTPRequest
from tests.speakers import open_at
from tests.wire import check_grammar, comparable, error_of

KEY = "test-key-of-nobody-1234"
HI = llm.Request(messages=[llm.user("hi")], model="m")
WEATHER = llm.Request(messages=[llm.user("And the weather?")], model="m", temperature=0)
PROVIDERS = [
    "vllm",
    "openai-responses",
    "anthropic",
    "gemini",
    "cohere",
    "ollama",
    "bedrock-converse",
    "bedrock:invoke",
]


@pytest.fixture
async def server() -> AsyncIterator[WireServer]:
    async with WireServer(key=KEY) as server:
        yield server


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "tape.jsonl"


def recording(server: WireServer, tape: Path, name: str = "vllm") -> llm.HTTPClient:
    return open_at(server, name, http=record(tape), retry=None)


def replaying(server: WireServer, tape: Path, name: str = "vllm") -> llm.HTTPClient:
    return open_at(server, name, api_key="another", http=replay(tape), retry=None)


def entries(tape: Path) -> list[dict[str, Any]]:
    first, *rest = [json.loads(line) for line in tape.read_text("utf-8").splitlines()]
    assert first == {"cassette": 1}
    return rest


def put(tape: Path, exchanges: list[Any]) -> None:
    tape.write_text("\n".join(map(json.dumps, [{"cassette": 1}, *exchanges])), "utf-8")


async def everything(client: llm.HTTPClient) -> list[object]:
    """A stream, a body and a model list, where there is one."""
    events = [event async for event in client.stream(HI)]
    listed = not client.provider.startswith("bedrock")
    names = [model.id for model in await client.list_models()] if listed else []
    return [comparable(events), await client.complete(WEATHER), names]


@pytest.mark.parametrize("name", PROVIDERS)
async def test_what_is_replayed_is_what_was_recorded(server: WireServer, tape: Path, name: str) -> None:
    server.answer(Answer("Grüße, 世界 😀", thinking="Hm"), Answer("Sunny.", tool_calls=[llm.ToolCall("c", "look")]))
    async with recording(server, tape, name) as client:
        recorded = await everything(client)
    connections = server.connections
    async with replaying(server, tape, name) as client:
        assert await everything(client) == recorded
    assert server.connections == connections, "no network"


async def test_the_pieces_are_kept(server: WireServer, tape: Path) -> None:
    server.answer(Answer("one two three four", pace=0.002))
    async with recording(server, tape) as client:
        await llm.collect(client, HI)
    response = entries(tape)[0]["response"]
    assert len(response["pieces"]) > 3
    assert sum(response["pieces"]) == len(response["body"].encode())
    read = await replay(tape).send(
        HTTPRequest("POST", "http://x/as/vllm/v1/chat/completions", Headers({}), _body(tape))
    )
    pieces: list[int] = []
    while piece := await read.read():
        pieces.append(len(piece))
    assert pieces == response["pieces"]


def _body(tape: Path) -> bytes:
    return json.dumps(entries(tape)[0]["request"]["body"]).encode()


@pytest.mark.parametrize("name", PROVIDERS)
async def test_no_key_and_no_query_is_written(server: WireServer, tape: Path, name: str) -> None:
    said = f'the key {KEY} at https://example.org/a?sig=abc123 and sk-abcdefghijklmnopqrstuv, "https://b.c/?d=e" end'
    server.answer(Answer(said, chunk=1000), Answer(said), Answer(status=401, message=said))
    asked = said.replace(KEY, "")
    secret = llm.Request(messages=[llm.user(asked)], model="m", extra_headers={"X-Mine": "hush-hush-1"})
    async with recording(server, tape, name) as client:
        await llm.collect(client, secret)
        text = (await client.complete(secret)).text
        with pytest.raises(llm.AuthError):
            await client.complete(HI)
    assert "sig=abc123" in text, "the caller gets what the server sent"
    written = json.dumps(entries(tape))
    for leak in (KEY, "sig=", "sk-abc", "d=e", "alt=sse", "hush", "Bearer t"):
        assert leak not in written
    async with replaying(server, tape, name) as client:
        whole = (await client.complete(evolve(secret, extra_headers={}))).text
        assert "https://example.org/a?***" in whole
        assert whole.endswith(" end")


async def test_a_conversation_with_what_was_scrubbed_goes_on(server: WireServer, tape: Path) -> None:
    async def talk(client: llm.HTTPClient) -> str:
        first = await client.chat("Where?")
        return (await client.chat([llm.user("Where?"), first.message, llm.user("Thanks")])).text

    server.answer("At https://example.org/a?q=1&r=2 (xx-sk_abcdefghijklmnopqrst).", "Bye")
    async with recording(server, tape) as client:
        assert await talk(client) == "Bye"
    async with replaying(server, tape) as client:
        assert await talk(client) == "Bye"


async def test_errors_are_replayed_with_their_status_and_headers(server: WireServer, tape: Path) -> None:
    server.answer(Answer(status=429, headers={"Retry-After": "7"}, message="slow down"), Answer(status=503))
    async with recording(server, tape) as client:
        for kind in (llm.RateLimitedError, llm.OverloadedError):
            with pytest.raises(kind):
                await client.complete(HI)
    async with replaying(server, tape) as client:
        with pytest.raises(llm.RateLimitedError, match="slow down") as caught:
            await client.complete(HI)
        assert caught.value.retry_after == 7
        assert caught.value.request_id
        with pytest.raises(llm.OverloadedError):
            await client.complete(HI)


async def test_what_broke_breaks_again(server: WireServer, tape: Path) -> None:
    server.answer(Answer("one two three", fault=Fault.reset(after_events=2)), Answer(fault=Fault.reset()))
    async with recording(server, tape) as client:
        recorded = [event async for event in client.stream(HI)]
        with pytest.raises(llm.ServerError) as refused:
            await client.complete(WEATHER)
        assert error_of(recorded) is not None
    async with replaying(server, tape) as client:
        replayed = [event async for event in client.stream(HI)]
        check_grammar(replayed)
        assert comparable(replayed) == comparable(recorded)
        with pytest.raises(type(refused.value), match=re.escape(refused.value.message)):
            await client.complete(WEATHER)


async def test_what_was_left_early_is_written_as_far_as_it_was_read(server: WireServer, tape: Path) -> None:
    server.answer(Answer("word " * 500, pace=0.005))
    async with recording(server, tape) as client, client.stream(HI) as stream:
        async for _ in stream:
            break
    assert entries(tape)[0]["response"]["left"] is True
    async with replaying(server, tape) as client:
        assert isinstance(error_of([event async for event in client.stream(HI)]), llm.StreamTruncated)


async def test_the_same_request_twice_plays_in_order_and_then_no_more(server: WireServer, tape: Path) -> None:
    server.answer("first", "second")
    async with recording(server, tape) as client:
        await asyncio.gather(client.complete(HI), client.complete(HI))
    async with replaying(server, tape) as client:
        assert {(await client.complete(HI)).text for _ in range(2)} == {"first", "second"}
        with pytest.raises(CassetteError, match="holds this request 2 times, and all have been played"):
            await client.complete(HI)


async def test_a_new_request_is_told_by_a_diff_against_the_nearest(server: WireServer, tape: Path) -> None:
    async with recording(server, tape) as client:
        await client.complete(WEATHER)
        await client.complete(HI)
    async with replaying(server, tape) as client:
        with pytest.raises(CassetteError) as caught:
            await client.complete(evolve(WEATHER, temperature=0.5))
    assert '-  "temperature": 0' in caught.value.diff
    assert '+  "temperature": 0.5' in caught.value.diff
    assert "And the weather?" not in caught.value.diff.replace(' "content"', "") or "recorded" in str(caught.value)
    assert caught.value.diff in str(caught.value)
    assert not llm.is_retryable(caught.value)


@pytest.mark.parametrize("text", ["", "{}\n", "no json\n", '{"cassette": 2}\n'])
async def test_a_broken_cassette_says_so(server: WireServer, tmp_path: Path, text: str) -> None:
    tape = tmp_path / "tape.jsonl"
    tape.write_text(text)
    async with replaying(server, tape) as client:
        with pytest.raises(CassetteError, match=r"tape\.jsonl"):
            await client.complete(HI)


def places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where something stands in a JSON value."""
    items: Iterable[tuple[str | int, object]] = ()
    if isinstance(value, dict):
        items = cast("dict[str | int, object]", value).items()
    if isinstance(value, list):
        items = enumerate(cast("list[object]", value))
    for name, item in items:
        yield (*path, name)
        yield from places(item, (*path, name))


GONE = "(left out)"


def edited(entry: object, path: tuple[str | int, ...], value: object) -> Any:
    copy = holder = json.loads(json.dumps(entry))
    for name in path[:-1]:
        holder = holder[name]
    if value == GONE:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return copy


async def outcome(server: WireServer, tape: Path) -> llm.LLMError | None:
    async with replaying(server, tape) as client:
        try:
            await client.complete(HI)
            await llm.collect(client.stream(HI))
        except llm.LLMError as error:
            return error
    return None


@pytest.mark.parametrize("value", [None, 5, -1, 1e400, "a", "http://[", [], ["a"], {}, GONE], ids=str)
async def test_whatever_is_edited_plays_or_is_named(server: WireServer, tape: Path, value: object) -> None:
    async with recording(server, tape) as client:
        await client.complete(HI)
        await llm.collect(client.stream(HI))
    exchanges = entries(tape)
    outcomes: list[llm.LLMError | None] = []
    for number, entry in enumerate(exchanges):
        for path in places(entry):
            put(tape, [*exchanges[:number], edited(entry, path, value), *exchanges[number + 1 :]])
            outcomes.append(await outcome(server, tape))
    broken = [error for error in outcomes if isinstance(error, CassetteError)]
    assert broken
    assert [str(error) for error in broken if "tape.jsonl" not in str(error)] == []


async def test_a_missing_cassette_says_so(server: WireServer, tape: Path) -> None:
    async with replaying(server, tape) as client:
        with pytest.raises(CassetteError, match="cannot be read"):
            await client.complete(HI)


async def test_a_cassette_that_cannot_be_written_says_so(server: WireServer, tmp_path: Path) -> None:
    async with recording(server, tmp_path) as client:
        with pytest.raises(CassetteError, match="cannot be written: Is a directory"):
            await client.complete(HI)


def test_long_texts_are_scrubbed_in_no_time() -> None:
    long = "-".join(["aB3_xY"] * 40_000) + f" {KEY} https://a.b/c?d=e sk-abcdefghijklmnopqrstuv"
    body = json.dumps({"image": long}).encode()
    request = HTTPRequest("POST", "https://x.y/z?key=1", Headers({"Authorization": f"Bearer {KEY}"}), body)
    started = time.perf_counter()
    written = json.dumps(Scrubber(request.headers.reveal()).request(request))
    assert time.perf_counter() - started < 2
    assert not any(leak in written for leak in (KEY, "d=e", "sk-abc", "key=1"))


@pytest.mark.parametrize("sizes", [[1] * 60, [7] * 9, [60], [20, 3, 37]])
def test_pieces_keep_their_cuts_around_what_is_hidden(sizes: list[int]) -> None:
    body = b"0123456789 https://a.b/c?d=e 0123 https://f.g/h?i=jkl 0123456"
    pieces: list[bytes] = []
    for size in sizes:
        pieces.append(body[:size])
        body = body[size:]
    scrubbed, lengths = Scrubber({}).body(pieces)
    assert scrubbed == (b"0123456789 https://a.b/c?*** 0123 https://f.g/h?*** 0123456")[: len(scrubbed)]
    assert sum(lengths) == len(scrubbed)
    assert len(lengths) == len(pieces)
    assert all(length >= 0 for length in lengths)
