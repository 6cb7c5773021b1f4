"""The package's own client, opened on first use from LLM_PROVIDER, LLM_DSN and LLM_MODEL."""

import asyncio
import os
from typing import Any

from ..call.http_client import HTTPClient, Messages
from ..call.stream import EventStream
from ..errors import ConfigError
from ..types.response import Response
from .open import open

_client: HTTPClient | None = None
_loop: asyncio.AbstractEventLoop | None = None


def default_client() -> HTTPClient:
    """The client of this process, opened on first use: LLM_PROVIDER (default `echo`), LLM_DSN, LLM_MODEL.

    A client belongs to one event loop; when the loop it served is closed (`asyncio.run` ended), a new one is opened.
    raises: ConfigError for a bad value, never a silent echo.
    """
    global _client, _loop
    loop = _running_loop()
    if _client is None or (_loop is not None and _loop.is_closed()):
        _client, _loop = _open(), loop
    elif _loop is None:
        _loop = loop
    return _client


async def chat(messages: Messages, **overrides: Any) -> Response:
    """`default_client().chat(...)`."""
    asking = default_client().chat(messages, **overrides)
    overrides.clear()  # headers may be among them, and a traceback shows what a frame holds
    return await asking


def chat_stream(messages: Messages, **overrides: Any) -> EventStream:
    """`default_client().chat_stream(...)`."""
    return default_client().chat_stream(messages, **overrides)


async def close() -> None:
    """Close the default client; the next use opens a new one."""
    global _client, _loop
    client, _client, _loop = _client, None, None
    if client is not None:
        await client.aclose()


def _open() -> HTTPClient:
    name = os.environ.get("LLM_PROVIDER", "echo")
    model = os.environ.get("LLM_MODEL") or None
    try:
        return open(name, os.environ.get("LLM_DSN", ""), model=model)
    except ConfigError as error:
        error.message = f"{error.message} (from the environment: LLM_PROVIDER, LLM_DSN, LLM_MODEL)"
        raise


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
