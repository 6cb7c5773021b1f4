"""The package's own client, opened on first use from LLM_PROVIDER, LLM_DSN and LLM_MODEL."""

import os
from typing import Any

from ..call.http_client import HTTPClient, Messages
from ..call.stream import EventStream
from ..errors import ConfigError
from ..types.response import Response
from .open import open

_client: HTTPClient | None = None
_process = 0  # in which it was opened


def default_client() -> HTTPClient:
    """The client of this process, opened on first use: LLM_PROVIDER (default `echo`), LLM_DSN, LLM_MODEL.

    It serves one event loop after another, and leaves nothing open when one ends. A forked child gets its own.
    raises: ConfigError for a bad value, never a silent echo.
    """
    global _client, _process
    if _client is None or _process != os.getpid():
        _client, _process = _open(), os.getpid()
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
    global _client
    client, _client = _client, None
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
