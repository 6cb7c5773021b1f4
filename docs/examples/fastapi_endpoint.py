"""A FastAPI endpoint that streams an answer to the browser. When the browser leaves, the model's stream is closed too.

pip install fastapi uvicorn && uvicorn fastapi_endpoint:app
"""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI, HTTPException
from fastapi.responses import StreamingResponse

import aikido_llm as llm


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """One client for the whole service, made in its event loop."""
    provider, dsn = os.environ.get("LLM_PROVIDER", "echo"), os.environ.get("LLM_DSN", "")
    async with llm.open(provider, dsn) as app.state.client:
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/ask")
async def ask(question: str) -> StreamingResponse:
    """The answer as plain text. A failure before it began is a 502; one after that is said at its end."""
    client: llm.HTTPClient = app.state.client
    events = client.chat_stream(question)
    try:
        first = await anext(events)
    except llm.LLMError as error:
        raise HTTPException(502, str(error)) from None
    return StreamingResponse(Answer(events, first), media_type="text/plain")


class Answer:
    """The text of a stream whose first event has been read. A class, not a generator: it can be closed at any time."""

    def __init__(self, events: llm.EventStream, first: llm.Event) -> None:
        self._events = events
        self._first: llm.Event | None = first

    def __aiter__(self) -> "Answer":
        return self

    async def __anext__(self) -> str:
        event, self._first = self._first, None
        while True:
            event = event or await anext(self._events)  # its StopAsyncIteration is ours
            if isinstance(event, llm.TextDelta):
                return event.text
            if isinstance(event, llm.ErrorEvent):
                return "\n[the answer broke off]"
            event = None
