"""What an answer costs, where its provider does not say."""

import subprocess
import sys
from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm.middleware import fallback, priced
from aikido_llm.middleware.prices import SELLERS
from aikido_llm.testing import Answer, Fault, StubClient, TurnScript, WireServer, check_grammar

USED = llm.Usage(input_tokens=1000, output_tokens=100)
MODEL = {"anthropic": "claude-haiku-4-5", "gemini": "gemini-2.5-flash", "openai": "gpt-4o"}
COST = {"anthropic": 1000 * 1e-6 + 100 * 5e-6, "gemini": 1000 * 0.3e-6 + 100 * 2.5e-6, "openai": 0.0025 + 0.001}


@pytest.mark.parametrize("name", MODEL)
@pytest.mark.parametrize("road", ["stream", "complete"])
async def test_both_roads_say_what_it_cost(name: str, road: str) -> None:
    async with WireServer() as server:
        server.answer(Answer("one two", usage=USED))
        async with priced(llm.open(name, server.dsn(name), model=MODEL[name])) as client:
            if road == "complete":
                usage = (await client.chat("hi")).usage
            else:
                events = [event async for event in client.chat_stream("hi")]
                check_grammar(events)
                *_, told, end = events
                assert isinstance(told, llm.UsageEvent)
                assert isinstance(end, llm.EndEvent)
                usage = end.response.usage
                assert told.usage == usage
    assert usage.cost_usd == pytest.approx(COST[name])
    assert (usage.input_tokens, usage.output_tokens) == (1000, 100)


async def test_what_is_read_from_a_cache_costs_less() -> None:
    async with WireServer() as server:
        server.answer(Answer("hi", usage=llm.Usage(1000, 100, cache_read_tokens=800)))
        async with priced(llm.open("openai-chat", server.dsn("openai-chat"), model="gpt-4o")) as client:
            usage = (await client.chat("hi")).usage
    assert usage.cost_usd == pytest.approx(200 * 2.5e-6 + 800 * 1.25e-6 + 0.001)


async def test_what_the_provider_says_wins() -> None:
    async with WireServer() as server:
        server.answer(Answer("hi", usage=llm.Usage(1000, 100, cost_usd=0.5)))
        async with priced(llm.open("openrouter", server.dsn("openrouter"), model="openai/gpt-4o")) as client:
            assert (await client.chat("hi")).usage.cost_usd == 0.5


@pytest.mark.parametrize(("name", "model"), [("vllm", "gpt-4o"), ("openai-chat", "nobody-knows")])
async def test_what_nobody_knows_stays_none(name: str, model: str) -> None:
    """A server of one's own sells nothing, whatever its models are called."""
    async with WireServer() as server:
        server.answer(Answer("hi", usage=USED), Answer("hi", usage=llm.Usage()))
        async with priced(llm.open(name, server.dsn(name), model=model)) as client:
            assert (await client.chat("hi")).usage.cost_usd is None
            assert (await client.chat("hi")).usage.cost_usd is None


async def test_an_answer_that_failed_cost_something_too() -> None:
    async with WireServer() as server:
        cut = Answer("one two", usage=USED, fault=Fault.reset(after_events=6))
        filtered = Answer("one two", usage=USED, finish_reason=llm.FinishReason.content_filter)
        server.answer(cut, filtered, filtered)
        async with priced(llm.open("anthropic", server.dsn("anthropic"), model="claude-haiku-4-5")) as client:
            streamed = [llm.collect(client.chat_stream("hi")) for _ in range(2)]
            for ask in (*streamed, client.chat("hi")):
                with pytest.raises(llm.LLMError) as caught:
                    await ask
                assert caught.value.partial is not None
                assert (caught.value.partial.usage.cost_usd or 0) > 0


async def test_of_a_fallback_who_answered_is_paid() -> None:
    async with WireServer() as server:
        server.answer(Answer(status=503), Answer("hi", usage=USED))
        first = llm.open("openai-chat", server.dsn("openai-chat"), model="gpt-4o", retry=None)
        second = llm.open("anthropic", server.dsn("anthropic"), model="claude-haiku-4-5")
        async with priced(fallback(first, second)) as client:
            assert (await client.chat("hi")).usage.cost_usd == pytest.approx(COST["anthropic"])


async def test_a_client_of_ones_own() -> None:
    answer = llm.Response("hi", usage=USED, finish_reason=llm.FinishReason.stop, model="gpt-4o", provider="openai")
    script = TurnScript([llm.TextDelta("hi"), llm.UsageEvent(USED), llm.EndEvent(llm.FinishReason.stop, answer)])
    assert (await priced(StubClient(script)).complete(llm.Request("hi"))).usage.cost_usd == pytest.approx(0.0035)


def test_the_sellers_are_in_the_table() -> None:
    data: Any = pytest.importorskip("genai_prices", reason="genai-prices is not installed; with it: make test").data
    assert set(SELLERS.values()) <= {provider.id for provider in data.providers}


def test_without_the_library_it_says_how_to_get_it() -> None:
    code = (
        "import sys; sys.modules['genai_prices'] = None; sys.modules['redis'] = None\n"
        "import aikido_llm as llm\nfrom aikido_llm.middleware import Budget, RedisStore, priced\n"
        "for make in (lambda: priced(llm.open('echo')), lambda: Budget(usd=1), lambda: RedisStore('redis://host')):\n"
        "    try: make()\n"
        "    except llm.ConfigError as error: print(error)\n"
        "Budget(tokens=1)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert [line.partition("pip install ")[2] for line in out.splitlines()] == [
        "'aikido-llm[prices]'", "'aikido-llm[prices]'", "'aikido-llm[redis]'",
    ]  # fmt: skip
