"""Where no event loop of asyncio runs (trio, say), a client says so."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm.testing import StubClient

REQUEST = llm.Request(messages=[llm.user("hi")])
Opened = llm.HTTPClient | StubClient


async def read(client: Opened) -> None:
    await anext(client.stream(REQUEST))


async def read_text(client: Opened) -> None:
    await anext(client.chat_stream("hi").text())


ENTRIES: dict[str, Callable[[Opened], Coroutine[Any, Any, object]]] = {
    "stream": read,
    "text": read_text,
    "complete": lambda client: client.complete(REQUEST),
    "chat": lambda client: client.chat("hi"),
    "list_models": lambda client: client.list_models(),
}
CLIENTS: dict[str, Callable[[], Opened]] = {
    "echo": lambda: llm.open("echo"),
    "http": lambda: llm.open("vllm", base_url="http://127.0.0.1:1", model="m"),
    "stub": lambda: StubClient("hello"),
}


@pytest.mark.parametrize(("name", "entry"), [
    (name, entry) for name in CLIENTS for entry in ENTRIES if (name, entry) != ("stub", "list_models")  # needs no loop
])  # fmt: skip
def test_another_kind_of_event_loop_is_named(name: str, entry: str) -> None:
    call = ENTRIES[entry](CLIENTS[name]())
    with pytest.raises(llm.ConfigError, match=r"needs asyncio's event loop.*trio"):
        call.send(None)  # what such a loop does


def test_closing_needs_no_loop_of_asyncio() -> None:
    with pytest.raises(StopIteration):
        llm.open("vllm", base_url="http://127.0.0.1:1", model="m").aclose().send(None)
