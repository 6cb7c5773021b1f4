"""logged: every call in the store, whichever way it ends."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm.middleware import CallStore, logged
from aikido_llm.store import Outcome
from aikido_llm.testing import Answer, Fault, StubClient, TurnScript, WireServer

from .makers import REQUEST, Own, new_store


@pytest.mark.parametrize("inner", [StubClient, Own])
async def test_each_way_to_end(inner: Any) -> None:
    store = new_store()
    answer = TurnScript(["one two", llm.UsageEvent(llm.Usage(3, 4, cost_usd=0.5))])
    broken = TurnScript(["one", llm.OverloadedError("no capacity", attempts=3)])
    refused = TurnScript([llm.AuthError("no key")])
    client = logged(inner(answer, answer, broken, refused, refused, answer), store)
    await client.complete(REQUEST)
    await llm.collect(client.stream(REQUEST))
    for asked in (client.stream, client.stream):
        with pytest.raises(llm.LLMError):
            await llm.collect(asked(REQUEST))
    with pytest.raises(llm.AuthError):
        await client.complete(REQUEST)
    async with client.stream(REQUEST) as events:
        await anext(events)
        await anext(events)
    calls = (await store.find())[::-1]
    assert [call.outcome.value for call in calls] == ["answered", "answered", "failed", "failed", "failed", "left"]
    assert [call.final for call in calls] == [True, True, False, False, False, False]
    assert [call.response.text if call.response else None for call in calls] == [
        "one two", "one two", "one", None, None, "one two",
    ]  # fmt: skip
    assert [type(call.error) for call in calls[2:5]] == [llm.OverloadedError, llm.AuthError, llm.AuthError]
    assert [call.attempts for call in calls[:3]] == [1, 1, 3]
    assert calls[0].usage == llm.Usage(3, 4, cost_usd=0.5)
    assert [call.first_event is None for call in calls] == [True, False, False, True, True, False]
    assert all(call.seconds is not None and call.seconds >= (call.first_event or 0) for call in calls)
    assert len({call.key for call in calls}) == 1
    assert calls[0].request["messages"][0]["content"] == REQUEST.messages[0].content
    await store.aclose()


async def test_over_the_wire_and_cancelled(tmp_path: Path) -> None:
    async with WireServer() as server, CallStore(tmp_path / "calls.db") as store:
        client = logged(llm.open("vllm", server.dsn("vllm"), model="m", retry=None), store)
        server.answer(
            Answer("one two"), Answer("one two", fault=Fault.reset(after_events=1)), Answer("word " * 50, pace=0.01)
        )
        await llm.collect(client.stream(REQUEST))
        with pytest.raises(llm.LLMError):
            await llm.collect(client.stream(REQUEST))

        async def read() -> None:
            async for _ in client.stream(REQUEST):
                task.cancel()

        task = asyncio.create_task(read())
        await asyncio.wait([task])
        calls = await store.find()  # whoever is cancelled has asked for his call to be kept before
        assert [call.outcome for call in calls] == [Outcome.left, Outcome.failed, Outcome.answered]
        assert {call.model for call in calls} == {"m"}
        assert {call.provider for call in calls} == {"vllm"}
        assert b"Bearer" not in (tmp_path / "calls.db").read_bytes()
        await client.aclose()


async def test_the_end_comes_when_the_call_is_durable(tmp_path: Path) -> None:
    async with CallStore(tmp_path / "calls.db") as store:
        client = logged(StubClient("one two"), store)
        async for event in client.stream(REQUEST):
            assert len(await store.find()) == isinstance(event, llm.EndEvent)


async def test_a_store_that_fails_takes_no_answer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "text").write_text("no database " * 100)
    client = logged(StubClient("one", "two three", "four"), CallStore(tmp_path / "text"))
    with caplog.at_level(logging.ERROR, "aikido_llm"):
        assert (await client.complete(REQUEST)).text == "one"
        assert (await llm.collect(client.stream(REQUEST))).text == "two three"
    assert "no SQLite database" in caplog.text
