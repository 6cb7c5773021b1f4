"""embed, rerank and count_tokens over real sockets: every row that has them, order, failures, limits, views."""

import asyncio
from array import array
from collections import Counter
from collections.abc import Coroutine
from operator import mul
from random import Random
from typing import Any

import pytest

import aikido_llm as llm
import aikido_llm.sync
from aikido_llm.call.parts import parts
from aikido_llm.dialects import verbs
from aikido_llm.dialects.base import Dialect
from aikido_llm.dialects.verbs import Embedding, Embeds
from aikido_llm.middleware import Budget, Limiter, budgeted, limited
from aikido_llm.providers import find, providers
from aikido_llm.testing import Answer, Fault, Received, WireServer, vector_of

QUICK = llm.RetryPolicy(max_attempts=8, base_delay=0.001, max_delay=0.001, should_retry=llm.is_retryable)
ASKED = llm.Request(
    [llm.system("be brief"), llm.user("hi")],
    max_tokens=100,
    temperature=0.5,
    tools=[llm.ToolDef("f", "does it", {"type": "object", "properties": {}})],
)


def dialects(row: str) -> dict[str, Dialect]:
    found = find(row)
    return {name: wire.dialect for name, wire in found.wires.items()} or {"": found.dialect}


SPOKEN = [(row, wire, dialect) for row in providers() if row != "echo" for wire, dialect in dialects(row).items()]


def having(verb: verbs.VerbName) -> list[object]:
    return [pytest.param(row, wire, dialect, id=f"{row}{wire and '-'}{wire}")
            for row, wire, dialect in SPOKEN if verbs.has(dialect, verb)]  # fmt: skip


BY_MODEL = ("us.cohere.embed-v4:0", "amazon.titan-embed-text-v2:0", "amazon.nova-2-multimodal-embeddings-v1:0")
"""Where the model says the body: one of each kind. Only the second one's tokens are told in it."""


def embedding() -> list[object]:
    each = [(row, wire, dialect) for row, wire, dialect in SPOKEN if verbs.has(dialect, "embed")]
    models = {"bedrock-invoke": BY_MODEL}
    return [
        pytest.param(row, wire, dialect, model, id=f"{row}{wire and '-'}{wire}-{model}")
        for row, wire, dialect in each
        for model in models.get(f"{row}-{wire}", ("test-model",))
    ]


@pytest.mark.parametrize(("row", "wire", "dialect", "model"), embedding())
async def test_every_row_with_vectors_makes_them(row: str, wire: str, dialect: Dialect, model: str) -> None:
    assert isinstance(dialect, Embeds)
    table = verbs.embedding_of(dialect, model)
    assert table is not None
    texts = [f"text {number}, größer" for number in range(min(150, 3 * table.most_texts))]
    size = 16 if table.dimensions else 8
    async with WireServer() as server, llm.open(row, server.dsn(row, wire), model=model) as client:
        found = await client.embed(texts, dimensions=16 if table.dimensions else None)
        expected = [vector_of(text, size) for text in texts]
        if table.int8:
            expected = [array("f", (round(number * 127) for number in vector)) for vector in expected]
        assert list(found.vectors) == expected
        assert found.model == model
        told = model in ("test-model", BY_MODEL[1])
        assert found.usage.input_tokens == (11 * len(server.received) if told else None)
        if table.input_type:
            await client.embed("a question", input_type="query")
        else:
            with pytest.raises(llm.UnsupportedFeatureError, match="leave input_type out"):
                await client.embed("a question", input_type="query")
        assert not server.refused


@pytest.mark.parametrize(("row", "wire", "dialect"), having("rerank"))
async def test_every_row_with_rankings_makes_them(row: str, wire: str, dialect: Dialect) -> None:
    documents = ["blue sky", "apple tree", "a red apple"]
    async with WireServer() as server, llm.open(row, server.dsn(row, wire)) as client:
        whole = await client.rerank("red apple", documents)
        assert [result.index for result in whole.results] == [2, 1, 0]
        assert whole.results[0].relevance_score == 1.0
        best = await client.rerank("red apple", iter(documents), top_n=1)
        assert best.results == whole.results[:1]
        assert not server.refused


@pytest.mark.parametrize(("row", "wire", "dialect"), having("count_tokens"))
async def test_every_row_that_counts_is_asked_what_it_reads(row: str, wire: str, dialect: Dialect) -> None:
    async with WireServer() as server, llm.open(row, server.dsn(row, wire)) as client:
        assert await client.count_tokens(ASKED) == 11
        assert not server.refused
        assert server.generations == 0


def test_most_rows_have_vectors() -> None:
    assert len(having("embed")) > 25
    assert len(having("rerank")) > 8
    assert len(having("count_tokens")) > 10


@pytest.mark.parametrize("row", sorted({row for row, _, _ in SPOKEN}))
async def test_a_row_without_the_verb_names_rows_that_have_it(row: str) -> None:
    first = next(iter(dialects(row)))
    chosen: dict[str, Any] = {"wire": first} if first else {}
    client = llm.open(row, api_key="k", model="m", base_url="http://127.0.0.1:9", **chosen)
    asks: dict[verbs.VerbName, Coroutine[Any, Any, Any]] = {
        "embed": client.embed(["a"]),
        "rerank": client.rerank("q", ["a"]),
        "count_tokens": client.count_tokens(ASKED),
    }
    for verb, asking in asks.items():
        if verbs.has(dialects(row)[first], verb):
            asking.close()
            continue
        with pytest.raises(llm.UnsupportedFeatureError, match=f"{row}: no {verb} on this wire.*have it: echo"):
            await asking


# ---------------------------------------------------------------- many texts


async def test_ten_thousand_texts_through_a_failing_server() -> None:
    """Order kept, none lost, and none sent again once its vector has come."""
    random = Random(7)
    texts = [f"{number} " + "word " * random.choice((0, 1, 3, 30, 300)) for number in range(10_000)]
    answered = Counter[str]()
    faults = (Fault.reset(at_byte=700), Fault.reset(after_events=0), Fault.close(at_byte=700))

    def answer(request: Received) -> Answer:
        luck = random.random()
        if luck < 0.1:
            return Answer(status=random.choice((429, 500, 503)))
        if luck < 0.2:
            return Answer(fault=random.choice(faults))
        answered.update(request.body["input"])
        return Answer()

    async with WireServer() as server:
        server.respond(answer, "embed")
        async with llm.open("mistral", server.dsn("mistral"), retry=QUICK) as client:
            found = await client.embed(texts)
        assert not server.refused, "each part was within the host's limits"
        assert len(server.received) > 10_000 / 128
    assert list(found.vectors) == [vector_of(text) for text in texts]
    assert answered == Counter(texts)


def test_parts_are_within_the_limits_and_even() -> None:
    table = Embedding(most_texts=2048, most_tokens=300_000)
    assert parts([], table) == []
    assert parts(["a"] * 64, table) == [range(64)]
    assert [len(part) for part in parts(["a"] * 2048, table)] == [64] * 32
    assert [len(part) for part in parts(["a"] * 10_000, table)] == [313] * 31 + [297]
    assert [len(part) for part in parts(["a"] * 100_000, table)] == [2048] * 48 + [1696]
    long = ["é" * 100_000, "a", "b" * 700_000, "c"]
    assert parts(long, table) == [range(2), range(2, 3), range(3, 4)], "what is too long alone is sent alone"


@pytest.mark.parametrize("row", ["openai-chat", "together"])
async def test_base64_and_lists_give_the_same_vectors(row: str) -> None:
    async with WireServer() as server, llm.open(row, server.dsn(row)) as client:
        found = await client.embed(["a", "b"])
        asked = server.received[0].body.get("encoding_format")
    assert asked == {"openai-chat": "base64", "together": None}[row]
    assert found.vectors == (vector_of("a"), vector_of("b"))


async def test_a_failed_part_leaves_the_finished_ones() -> None:
    def answer(request: Received) -> Answer:
        return Answer(status=400, message="no") if "text 200" in request.body["input"] else Answer()

    texts = [f"text {number}" for number in range(1000)]
    async with WireServer() as server:
        server.respond(answer, "embed")
        async with llm.open("openai-chat", server.dsn("openai-chat"), retry=None) as client:
            with pytest.raises(llm.InvalidRequestError) as caught:
                await client.embed(texts)
    made = caught.value.partial_embeddings
    assert caught.value.provider == "openai-chat"
    assert made is not None
    assert made.indexes is not None
    assert 200 not in made.indexes
    assert len(made.vectors) == len(made.indexes) >= 64
    assert [vector_of(texts[index]) for index in made.indexes] == list(made.vectors)
    assert made.usage.input_tokens


async def test_no_part_is_begun_behind_a_failure() -> None:
    async with WireServer() as server:
        server.respond(lambda _: Answer(status=401), "embed")
        async with llm.open("mistral", server.dsn("mistral"), retry=None) as client:
            with pytest.raises(llm.AuthError) as caught:
                await client.embed(["a"] * 10_000)
            assert caught.value.partial_embeddings is None
            assert len(server.received) <= 8


async def test_leaving_closes_the_connections() -> None:
    async with WireServer() as server, llm.open("mistral", server.dsn("mistral"), retry=None) as client:
        came = asyncio.Event()

        def stall(_: Received) -> Answer:
            came.set()
            return Answer(fault=Fault.stall(at_byte=10))

        server.respond(stall, "embed")
        waiting = asyncio.ensure_future(client.embed(["a"] * 300))
        await came.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await server.no_connections(5)


async def test_the_time_of_a_call_spans_all_its_parts() -> None:
    async with WireServer() as server:
        server.respond(lambda _: Answer(fault=Fault.stall(at_byte=10)), "embed")
        timeouts = llm.Timeouts(total=0.2)
        async with llm.open("mistral", server.dsn("mistral"), timeouts=timeouts, retry=QUICK) as client:
            with pytest.raises(llm.TimedOutError) as caught:
                await client.embed(["a"] * 1000)
            assert caught.value.phase == "total"


FAULTS: dict[str, tuple[Answer, type[llm.LLMError], bool]] = {
    "reset": (Answer(fault=Fault.reset(at_byte=60)), llm.ServerError, True),
    "closed": (Answer(fault=Fault.close(at_byte=60)), llm.StreamTruncated, True),
    "early reset": (Answer(fault=Fault.reset(after_events=0)), llm.StreamTruncated, True),
    "silence": (Answer(fault=Fault.stall(at_byte=60)), llm.TimedOutError, True),
    "page": (Answer(fault=Fault.page()), llm.MalformedStream, True),
    "empty": (Answer(fault=Fault.empty()), llm.MalformedStream, True),
    "no content": (Answer(fault=Fault.empty(status=204)), llm.MalformedStream, False),
    "redirect": (Answer(fault=Fault.redirect()), llm.InvalidRequestError, False),
    "compressed": (Answer(fault=Fault.encoding("snappy")), llm.StreamError, False),
    "busy": (Answer(status=529), llm.OverloadedError, True),
    "limited": (Answer(status=429, headers={"Retry-After": "0.001"}), llm.RateLimitedError, True),
    "wrong": (Answer(status=400), llm.InvalidRequestError, False),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_every_fault_is_the_error_that_an_answer_has_by_it(name: str) -> None:
    """And what is worth it is tried again: the second attempt has the vectors."""
    answer, kind, again = FAULTS[name]
    timeouts = llm.Timeouts(first_event=0.1, idle=0.1) if name == "silence" else llm.Timeouts()
    async with WireServer() as server:
        server.answer_verb("embed", answer, answer)
        async with llm.open("vllm", server.dsn("vllm"), timeouts=timeouts, retry=QUICK) as client:
            with pytest.raises(kind) as caught:
                await client.single_attempt.embed(["a"])
            assert llm.is_retryable(caught.value) is again
            assert caught.value.provider == "vllm"
            if again:
                assert (await client.embed(["a"])).vectors == (vector_of("a"),)
                assert len(server.received) == 3


async def test_a_body_beyond_the_cap_is_not_read() -> None:
    async with WireServer() as server:
        limits = llm.Limits(body_bytes=2000)
        async with llm.open("together", server.dsn("together"), limits=limits) as client:
            with pytest.raises(llm.TooLargeError):
                await client.embed(["a"] * 32)
            assert len(server.received) == 1


# ---------------------------------------------------------------- what a caller says, and what stands around


async def test_what_is_asked_for_is_checked_before_anything_is_sent() -> None:
    async with WireServer() as server, llm.open("openai-chat", server.dsn("openai-chat")) as client:
        assert (await client.embed([])).vectors == ()
        wrong: Any
        for wrong in ([1], [None], None, 7, b"a", {"a": 1}):
            with pytest.raises(llm.InvalidRequestError, match="takes texts"):
                await client.embed(wrong)
        with pytest.raises(llm.InvalidRequestError, match="dimensions"):
            await client.embed(["a"], dimensions=0)
        assert not server.received
    with pytest.raises(llm.ConfigError, match="closed"):
        await client.embed(["a"])
    nameless = llm.open("openai-chat", api_key="k")
    with pytest.raises(llm.ConfigError, match="no model"):
        await nameless.embed(["a"])


async def test_a_model_that_is_not_there_is_told_with_those_that_are() -> None:
    async with WireServer(models=("embed-small",)) as server:
        server.answer_verb("embed", Answer(status=404, message="The model `x` does not exist"))
        async with llm.open("openai-chat", server.dsn("openai-chat")) as client:
            with pytest.raises(llm.ModelNotFoundError) as caught:
                await client.embed(["a"], model="embed-smal")
    assert caught.value.available == ("embed-small",)
    assert caught.value.model == "embed-smal"


async def test_limits_and_budgets_are_asked_for_every_request() -> None:
    async with WireServer() as server:
        server.answer_verb("embed", Answer(status=503))
        async with llm.open("mistral", server.dsn("mistral"), retry=QUICK) as client:
            budget = Budget(tokens=10_000)
            careful = budgeted(limited(client, Limiter(requests_per_minute=60_000, concurrent=1)), budget)
            await careful.embed(["a"] * 150)
            assert len(server.received) == 4, "three parts, and one of them again"
            assert budget.spent_tokens == 3 * 11
            with pytest.raises(llm.BudgetExceededError):
                await careful.embed(["a" * 20_000])
            assert len(server.received) == 4
    async with WireServer() as server, llm.open("llamacpp", server.dsn("llamacpp")) as client:
        spent = Budget(tokens=1000)
        assert await budgeted(client, spent).count_tokens(ASKED) == 11
        assert spent.spent_tokens == 0, "counting is free"
        await budgeted(client, spent).rerank("q", ["a", "b"])
        assert spent.spent_tokens == 11


def test_the_same_without_await() -> None:
    with aikido_llm.sync.open("echo") as client:
        assert len(client.embed(["a b", "c"], dimensions=4).vectors[0]) == 4
        assert client.rerank("red apple", ["blue", "red"]).results[0].index == 1
        assert client.count_tokens(llm.Request("one two three")) == 3


async def test_echo_puts_texts_that_share_words_near_each_other() -> None:
    async with llm.open("echo") as client:
        found = await client.embed(["a red apple", "the red apple", "quite another thing"], input_type="query")
        first, near, far = found.vectors
        assert sum(map(mul, first, near)) > 0.5 > sum(map(mul, first, far))
        assert found.usage.input_tokens == 9
