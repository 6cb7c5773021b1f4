"""A sample of `make browser`: one bridge."""

from tests.services import RedisServer, redis_server

from .pages import browser_or_skip, check_kept

__all__ = ["redis_server"]


async def test_the_page_chats(redis_server: RedisServer) -> None:
    browser_or_skip()
    await check_kept(redis_server, "ag_ui")
