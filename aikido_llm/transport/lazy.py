"""The network, imported on the first request: aiohttp takes some 200 ms to load, which opening a client shall not."""

import ssl
from typing import TYPE_CHECKING

from ..errors import ConfigError
from ..secret import Secret
from .base import HTTPRequest, HTTPResponse, Limits, Timeouts
from .loading import loading

if TYPE_CHECKING:
    from .aiohttp import AiohttpTransport


class LazyTransport:
    """Becomes an AiohttpTransport when something is sent."""

    def __init__(
        self,
        timeouts: Timeouts,
        limits: Limits,
        *,
        ssl_context: ssl.SSLContext | None = None,
        proxy: Secret | None = None,
    ) -> None:
        self._timeouts = timeouts
        self._limits = limits
        self._ssl = ssl_context
        self._proxy = proxy
        self._real: AiohttpTransport | None = None
        self._closed = False

    async def send(self, request: HTTPRequest) -> HTTPResponse:
        return await self._opened().send(request)

    async def warm(self, url: str, connections: int) -> None:
        await self._opened().warm(url, connections)

    def _opened(self) -> "AiohttpTransport":
        if self._real is None:
            if self._closed:
                raise ConfigError("this client is closed; open a new one")
            with loading:
                from .aiohttp import AiohttpTransport
            self._real = AiohttpTransport(self._timeouts, self._limits, ssl_context=self._ssl, proxy=self._proxy)
        return self._real

    async def aclose(self) -> None:
        self._closed = True
        if self._real is not None:
            await self._real.aclose()
