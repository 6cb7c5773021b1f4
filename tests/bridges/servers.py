"""Real servers that send bridges, each in the running loop: (start, stop) of an application on a free loopback port."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeAlias

import uvicorn
from aiohttp import web
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from aikido_llm.bridges.base import Bridge

HOST = "127.0.0.1"
Make: TypeAlias = Callable[[], Bridge]


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """None: the tests' own are in place."""
        yield


@contextmanager
def _listening() -> Generator[socket.socket]:
    with socket.create_server((HOST, 0)) as listener:
        yield listener


@asynccontextmanager
async def served(app: Any) -> AsyncGenerator[str]:
    """An ASGI application under uvicorn; its address."""
    config = uvicorn.Config(app, log_level="error", lifespan="on", timeout_graceful_shutdown=2)
    server = _Server(config)
    with _listening() as listener:
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await server.up.wait()
            yield f"http://{HOST}:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


@asynccontextmanager
async def starlette(make: Make) -> AsyncGenerator[str]:
    async def chat(request: Request) -> StreamingResponse:
        bridge = make()
        return StreamingResponse(bridge, headers=bridge.HEADERS)

    async with served(Starlette(routes=[Route("/", chat)])) as url:
        yield url


@asynccontextmanager
async def fastapi(make: Make) -> AsyncGenerator[str]:
    app = FastAPI()

    @app.get("/")
    async def chat() -> StreamingResponse:
        bridge = make()
        return StreamingResponse(bridge, headers=bridge.HEADERS)

    async with served(app) as url:
        yield url


@asynccontextmanager
async def aiohttp(make: Make) -> AsyncGenerator[str]:
    async def chat(request: web.Request) -> web.StreamResponse:
        reply = web.StreamResponse(headers=Bridge.HEADERS)
        await reply.prepare(request)
        async with make() as bridge:
            async for chunk in bridge:
                await reply.write(chunk)
        return reply

    app = web.Application()
    app.router.add_get("/", chat)
    async with hosted(app) as url:
        yield url


@asynccontextmanager
async def hosted(app: web.Application) -> AsyncGenerator[str]:
    """An aiohttp application; its address."""
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=2)
    await runner.setup()
    with _listening() as listener:
        await web.SockSite(runner, listener).start()
        try:
            yield f"http://{HOST}:{listener.getsockname()[1]}"
        finally:
            await runner.cleanup()


SERVERS = (starlette, fastapi, aiohttp)
