"""Limits that are shared by a real Redis."""

import time
from collections.abc import AsyncIterator

import pytest

from aikido_llm.middleware.limits.limiter import Limiter
from aikido_llm.middleware.limits.redis import RedisStore
from tests.services import RedisServer

from .test_limiter import request


@pytest.fixture
async def store(redis_server: RedisServer) -> AsyncIterator[RedisStore]:
    store = RedisStore(redis_server.url)
    yield store
    await store.aclose()


async def test_two_limiters_of_one_name_are_one(store: RedisStore) -> None:
    one, other = (Limiter(600, burst=3, store=store, name="shared") for _ in range(2))
    apart = Limiter(600, burst=3, store=store, name="apart")
    begun = time.monotonic()
    for _ in range(2):
        for limiter in (one, other):
            (await limiter.acquire(request())).settle(None)
    assert 0.09 < time.monotonic() - begun < 0.4
    for _ in range(3):
        (await apart.acquire(request())).settle(None)
    assert time.monotonic() - begun < 0.5
