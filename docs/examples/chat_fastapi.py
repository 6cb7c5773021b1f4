"""A page that chats: FastAPI (or Starlette), every bridge, a tool, and with Redis answers that outlive a reload.

pip install fastapi uvicorn "aikido-llm[redis]"
LLM_PROVIDER=anthropic REDIS_URL=redis://127.0.0.1:6379/0 uvicorn chat_fastapi:app
"""

import os
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import FileResponse, StreamingResponse

import aikido_llm as llm
from aikido_llm import bridges
from aikido_llm.middleware import RedisStore

PAGE = Path(__file__).with_name("chat.html")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """One client for the whole service; answers are kept where REDIS_URL says."""
    provider, dsn, redis = (os.environ.get(name, "") for name in ("LLM_PROVIDER", "LLM_DSN", "REDIS_URL"))
    async with AsyncExitStack() as stack:
        app.state.client = await stack.enter_async_context(llm.open(provider or "echo", dsn))
        app.state.answers = None
        if redis:
            store = RedisStore(redis)
            stack.push_async_callback(store.aclose)
            app.state.answers = await stack.enter_async_context(bridges.Resumable(store))
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/")
async def page() -> FileResponse:
    """The page."""
    return FileResponse(PAGE)


@app.post("/chat/{protocol}")
async def chat(protocol: str, request: Request) -> StreamingResponse:
    """An answer to {"messages": [{"role", "content"}, ...]}, in the protocol that the page speaks."""
    client: llm.HTTPClient = app.state.client
    answers: bridges.Resumable | None = app.state.answers
    body: dict[str, Any] = await request.json()
    try:
        question = llm.Request(body["messages"], thinking=llm.ThinkingConfig.by_effort("low"))
    except (KeyError, llm.InvalidRequestError) as error:
        raise HTTPException(400, str(error)) from None
    bridge = bridged(protocol, llm.stream_tools(client, question, [price]))
    if answers is None:  # leaving the page closes the answer
        return StreamingResponse(bridge, headers=bridge.HEADERS)
    id = await answers.start(bridge)
    return StreamingResponse(await answers.read(id, after=0), headers={**bridge.HEADERS, "x-answer": id})


@app.get("/chat/{protocol}/{id}")
async def again(protocol: str, id: str, request: Request) -> StreamingResponse:
    """An answer that is under way, or was lately, from the frame on that `Last-Event-ID` names."""
    answers: bridges.Resumable | None = app.state.answers
    if answers is None:
        raise HTTPException(404, "answers are kept only with REDIS_URL")
    try:
        return StreamingResponse(await answers.read(id, request), headers=bridges.Bridge.HEADERS)
    except llm.LLMError as error:
        raise HTTPException(error.status or 502, error.message) from None


@app.delete("/chat/{protocol}/{id}")
async def stop(protocol: str, id: str) -> bool:
    """End an answer; whether there was anything to end."""
    answers: bridges.Resumable | None = app.state.answers
    return answers is not None and await answers.stop(id)


def bridged(protocol: str, events: llm.ToolStream) -> bridges.Bridge:
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
            raise HTTPException(404, "one of vercel_ui, ag_ui, openai_sse, sse")


def price(item: str) -> dict[str, Any]:
    """What something costs, in crowns."""
    return {"item": item, "crowns": len(item)}
