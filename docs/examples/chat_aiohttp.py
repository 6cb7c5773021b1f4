"""The page of chat_fastapi.py behind aiohttp.web: every bridge, and an answer that ends when its page is closed.

LLM_PROVIDER=anthropic python chat_aiohttp.py
"""

import os
from pathlib import Path

from aiohttp import web

import aikido_llm as llm
from aikido_llm import bridges

PAGE = Path(__file__).with_name("chat.html")
CLIENT = web.AppKey("client", llm.HTTPClient)


async def page(request: web.Request) -> web.FileResponse:
    """The page."""
    return web.FileResponse(PAGE)


async def chat(request: web.Request) -> web.StreamResponse:
    """An answer to {"messages": [{"role", "content"}, ...]}, in the protocol that the page speaks."""
    question = llm.Request((await request.json())["messages"])
    bridge = bridged(request.match_info["protocol"], request.app[CLIENT].stream(question))
    reply = web.StreamResponse(headers=bridge.HEADERS)
    await reply.prepare(request)
    async with bridge:
        async for chunk in bridge:
            await reply.write(chunk)
    return reply


def bridged(protocol: str, events: llm.EventStream) -> bridges.Bridge:
    """The bridge of that name."""
    match protocol:
        case "vercel_ui":
            return bridges.vercel_ui(events, thinking=True)
        case "ag_ui":
            return bridges.ag_ui(events, "thread", "run", thinking=True)
        case "openai_sse":
            return bridges.openai_sse(events, thinking=True)
        case "sse":
            return bridges.sse(events, thinking=True)
        case _:
            raise web.HTTPNotFound


async def begin(app: web.Application) -> None:
    """One client for the whole service."""
    app[CLIENT] = llm.open(os.environ.get("LLM_PROVIDER", "echo"), os.environ.get("LLM_DSN", ""))


async def end(app: web.Application) -> None:
    """Close it."""
    await app[CLIENT].aclose()


def service() -> web.Application:
    """The application."""
    app = web.Application()
    app.on_startup.append(begin)
    app.on_cleanup.append(end)
    app.add_routes([web.get("/", page), web.post("/chat/{protocol}", chat)])
    return app


if __name__ == "__main__":
    web.run_app(
        service(), host="127.0.0.1", port=8000, handler_cancellation=True
    )  # else nothing tells that a page left
