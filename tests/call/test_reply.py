"""What the head of a reply says, on both roads, and in errors."""

import asyncio

import pytest

import aikido_llm as llm
from aikido_llm.call.reply import shown_headers
from aikido_llm.providers import find
from aikido_llm.secret import HIDDEN, Secret
from aikido_llm.testing import Answer, Fault, WireServer
from aikido_llm.types.exchange import RateLimits, Timing

KEY = "sk-nothing-but-a-test-0123456789"
HEADERS = {
    "x-ratelimit-remaining-requests": "5",
    "X-RateLimit-Reset-Requests": "1m1s",
    "X-Team": "blue",
    "Set-Cookie": "track=1",
    "x-echo": f"you sent {KEY}",
    "x-session-token": "opaque",
}
LIMITS = RateLimits(requests_remaining=5, requests_reset=61.0)


def check_headers(headers: dict[str, str]) -> None:
    assert headers["x-team"] == "blue"
    assert "content-type" in headers
    assert "set-cookie" not in headers
    assert KEY not in repr(headers)
    assert headers["x-session-token"] == HIDDEN
    assert all(name == name.lower() for name in headers)


@pytest.mark.parametrize("row", ["vllm", "openai-responses", "gemini", "cohere", "ollama"])
async def test_a_response_has_them_on_both_roads(row: str) -> None:
    async with WireServer(key=None) as server, llm.open(row, server.dsn(row), api_key=KEY) as client:
        for whole in (True, False):
            server.answer(Answer(text="noon at the pier", headers=HEADERS))
            if whole:
                response = await client.complete(llm.Request("when?"))
            else:
                response = await llm.collect(client.stream(llm.Request("when?")))
            check_headers(response.headers)
            assert response.rate_limits == LIMITS
            assert response.wire == find(row).dialect.name
            timing = response.timing
            assert isinstance(timing, Timing)
            assert timing.total is not None
            if whole:
                assert timing.first_event is None
            else:
                assert timing.first_event is not None
                assert 0 <= timing.first_event <= timing.total
            assert 0 <= timing.total < 60


@pytest.mark.parametrize("status", [400, 401, 429, 500, 503])
async def test_an_http_error_has_them(status: int) -> None:
    async with WireServer(key=None) as server, llm.open("vllm", server.dsn("vllm"), api_key=KEY, retry=None) as client:
        server.answer(Answer(status=status, message="no", headers=HEADERS))
        with pytest.raises(llm.LLMError) as caught:
            await client.chat("hi")
        check_headers(caught.value.headers)
        assert caught.value.rate_limits == LIMITS


async def test_an_error_inside_an_answer_has_them_and_so_has_its_partial() -> None:
    async with WireServer(key=None) as server, llm.open("vllm", server.dsn("vllm"), api_key=KEY, retry=None) as client:
        server.answer(Answer(text="half of it", headers=HEADERS, fault=Fault.no_end_mark()))
        with pytest.raises(llm.StreamTruncated) as caught:
            await llm.collect(client.stream(llm.Request("hi")))
    error = caught.value
    check_headers(error.headers)
    assert error.rate_limits == LIMITS
    assert error.partial is not None
    assert error.partial.headers == error.headers
    assert error.partial.timing is not None


async def test_the_wait_of_a_server_is_in_the_timing_and_the_attempts_before_are_not() -> None:
    policy = llm.RetryPolicy(max_attempts=2, base_delay=0.3, jitter=0, should_retry=llm.is_retryable)
    async with (
        WireServer(key=None) as server,
        llm.open("vllm", server.dsn("vllm"), api_key=KEY, retry=policy) as client,
    ):
        server.answer(Answer(status=503), Answer(text="a b c d", pace=0.02))
        begun = asyncio.get_running_loop().time()
        response = await llm.collect(client.stream(llm.Request("hi")))
        passed = asyncio.get_running_loop().time() - begun
    assert response.attempts == 2
    assert response.timing is not None
    assert response.timing.total is not None
    assert response.timing.first_event is not None
    assert 0.05 < response.timing.total < passed - 0.29, "the wait between the attempts is no part of it"
    assert response.timing.first_event < response.timing.total - 0.03


async def test_equal_answers_are_equal_whatever_their_heads_say() -> None:
    async with WireServer(key=None) as server, llm.open("vllm", server.dsn("vllm"), api_key=KEY) as client:
        server.answer(Answer(text="noon", id="x", headers=HEADERS), Answer(text="noon", id="x"))
        assert await client.chat("when?") == await client.chat("when?")


def test_secrets_are_in_no_shown_header() -> None:
    secret = (Secret(KEY),)
    came = {"A": f"x{KEY}y", "B": "Bearer abcdefgh1234567", "C": "https://u:p@h.example/?q=1", "Cookie": "c", "D": "7"}
    shown = shown_headers(came, secret)
    assert shown == {
        "a": f"x{HIDDEN}y",
        "b": f"Bearer {HIDDEN}",
        "c": f"https://{HIDDEN}@h.example/?{HIDDEN}",
        "d": "7",
    }
    assert shown_headers({"a": "authorization:", "b": "plain words"}, secret) == {
        "a": "authorization:",
        "b": "plain words",
    }


def test_a_secret_that_comes_back_as_a_name_is_hidden() -> None:
    shown = shown_headers({f"X-{KEY}": "1", KEY.upper(): "2", "x-team": "blue"}, (Secret(KEY),))
    assert shown == {f"x-{HIDDEN}": "1", HIDDEN: "2", "x-team": "blue"}
