"""RedisStore: what several processes and machines share of limits and budgets. The one place that names redis-py."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from math import isfinite
from typing import Any, cast
from urllib.parse import urlsplit

from ...codecs import json
from ...errors import ConfigError
from ...secret import Secret, Unpicklable, excerpt, scrub

_LONGEST = 200  # characters of what Redis says
_CONNECTIONS = 10_000  # at once, as many as Redis takes by default; redis-py 8 would refuse more than 100
_SECONDS = 1.0  # for a connection, and for an answer: then each process goes on by itself
_EXTRA = "RedisStore needs redis-py: pip install 'aikido-llm[redis]'"


class Gone(Exception):
    """Redis gives no answer, or none that can be used. Its text says why, without the URL."""


def forget_closed(by_loop: dict[asyncio.AbstractEventLoop, Any]) -> None:
    """Event loops that are gone, and what was kept for them."""
    for loop in [loop for loop in by_loop if loop.is_closed()]:
        by_loop.pop(loop, None)


class RedisStore(Unpicklable):
    """Where limits and budgets are kept that processes and machines share: `Limiter(..., store=RedisStore(url))`.

    Each step is one script inside Redis, atomic and by the server's time. A request's place is a lease: of a process
    that dies it is free again after `lease_seconds`; while an answer is still read it is renewed. When Redis cannot be
    asked, each process keeps to its part (1/processes of every limit) and says so once, until Redis is back.

    url:       `redis://host:6379/0`, `rediss://...` for TLS, `unix://path`; user and password in it are shown nowhere.
    processes: how many share it: what each may use without Redis. lease_seconds: how long a dead process's places stay.

    It may serve any number of limiters and budgets, which `name` keeps apart, and any number of event loops. `aclose`
    closes the connections of the running loop; no client does. Redis 5 or later; of a cluster any node will do.

    raises: ConfigError without redis-py (extra `redis`), and for what is no such URL or number.
    """

    def __init__(self, url: str, processes: int = 1, *, lease_seconds: float = 30.0) -> None:
        if type(processes) is not int or processes < 1:
            raise ConfigError("RedisStore.processes takes a whole number, 1 or more")
        if type(lease_seconds) not in (int, float) or not lease_seconds > 0:
            raise ConfigError("RedisStore.lease_seconds takes seconds, more than 0")
        self.processes = processes
        self.lease_seconds = lease_seconds
        self._url = Secret(url)
        self._password = Secret("")
        self._connections: dict[asyncio.AbstractEventLoop, Any] = {}
        self._in_cluster = False
        self._last_words: dict[asyncio.AbstractEventLoop, list[Callable[[], Awaitable[None]]]] = {}
        self._scripts: dict[str, str] = {}  # text -> its digest
        self._check()

    def __repr__(self) -> str:
        return f"<RedisStore processes={self.processes}>"

    async def step(self, script: str, keys: tuple[str, ...], message: Mapping[str, Any]) -> list[Any]:
        """Run a script with one message: what it answers. Raises Gone."""
        found: list[Any] = await self._guarded(lambda: self._run(script, keys, message))
        return found

    async def _guarded(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        """What Redis answers. Raises Gone."""
        from redis.exceptions import MovedError, RedisClusterException, RedisError

        try:
            try:
                return await ask()
            except MovedError:  # one node of a cluster, and this name lies on another
                self._in_cluster = True
                await self._disconnect()
                return await ask()
        except (RedisError, RedisClusterException, OSError, TimeoutError) as error:
            text = scrub(excerpt(str(error), _LONGEST), self._password)
            raise Gone(f"{type(error).__name__}: {text}") from None

    async def _run(self, script: str, keys: tuple[str, ...], message: Mapping[str, Any]) -> list[Any]:
        from redis.exceptions import NoScriptError

        redis, body = self._here(), json.dumps(message)
        digest = self._scripts.get(script)
        if digest is not None:
            try:
                return cast("list[Any]", await redis.evalsha(digest, len(keys), *keys, body))
            except NoScriptError:  # it was restarted, or emptied: what was in it is not told again
                body = json.dumps({**message, "start": 0})
        self._scripts[script] = await redis.script_load(script)
        return cast("list[Any]", await redis.evalsha(self._scripts[script], len(keys), *keys, body))

    async def read_stream(self, key: str, after: str, most: int, seconds: float) -> list[tuple[str, dict[str, str]]]:
        """Entries of a stream behind that id, at most so many; waits for the first, less than a second. Raises Gone."""
        found = await self._guarded(lambda: self._here().xread({key: after}, count=most, block=int(seconds * 1000)))
        entries: list[tuple[str, dict[str, str]]] = found[0][1] if found else []
        return entries

    def at_close(self, tell: Callable[[], Awaitable[None]]) -> None:
        """Before the connections of this loop are closed, `tell` says what there still is to say."""
        self._last_words.setdefault(asyncio.get_running_loop(), []).append(tell)

    async def aclose(self) -> None:
        """Say what there still is to say, and close the connections of the running event loop."""
        loop = asyncio.get_running_loop()
        for tell in self._last_words.get(loop, ()):
            await tell()
        await self._disconnect()

    async def _disconnect(self) -> None:
        redis = self._connections.pop(asyncio.get_running_loop(), None)
        if redis is not None:
            await redis.aclose()

    def _here(self) -> Any:
        """The connections of the running loop."""
        loop = asyncio.get_running_loop()
        redis = self._connections.get(loop)
        if redis is None:
            forget_closed(self._connections)
            forget_closed(self._last_words)
            redis = self._connections[loop] = self._connect()
        return redis

    def _connect(self) -> Any:
        from redis.asyncio import Redis, RedisCluster
        from redis.asyncio.retry import Retry
        from redis.backoff import NoBackoff

        kind: Any = RedisCluster if self._in_cluster else Redis
        return kind.from_url(
            self._url.reveal(),
            decode_responses=True,
            max_connections=_CONNECTIONS,
            protocol=2,  # over 3, redis-py 8 uses connections again that the server has closed (read in its source)
            socket_timeout=_SECONDS,
            socket_connect_timeout=_SECONDS,
            retry=Retry(NoBackoff(), 0),  # a step that is sent twice would be taken twice
        )

    def _check(self) -> None:
        try:
            from redis.asyncio.connection import parse_url
        except ImportError:
            raise ConfigError(_EXTRA) from None
        try:
            parse_url(self._url.reveal())
            self._password = Secret(urlsplit(self._url.reveal()).password or "")
        except (ValueError, AttributeError):
            raise ConfigError("RedisStore takes a URL of the form redis://host:6379/0, rediss:// or unix://") from None


def numbers(found: list[Any], keys: tuple[str, ...]) -> list[Any]:
    """What a script of counts has answered about these keys. Raises Gone for what is none."""
    if not all(map(_is_number, found)):
        raise Gone(f"the key {keys[0]} holds what is no number: delete it")
    return found


def _is_number(value: object) -> bool:
    """Of what scripts answer: a number or its text. What another program has written may be neither."""
    try:
        return isinstance(value, int | float | str | bytes) and isfinite(float(value))
    except ValueError:
        return False
