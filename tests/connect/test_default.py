"""The package's own client: opened from the environment, never a silent echo."""

import asyncio
import gc
from collections.abc import Iterator

import pytest

import aikido_llm as llm
from tests.testing.threaded import closed, wire_server


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    asyncio.run(llm.close())
    yield
    asyncio.run(llm.close())


def test_echo_is_the_default() -> None:
    assert asyncio.run(llm.chat("hello you")).text == "hello you"


def test_a_second_loop_gets_a_client_of_its_own() -> None:
    assert asyncio.run(llm.chat("one")).text == "one"
    assert asyncio.run(llm.chat("two")).text == "two"


def test_nothing_is_left_open_behind_a_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    with wire_server() as (server, elsewhere):
        monkeypatch.setenv("LLM_PROVIDER", "openai")
        monkeypatch.setenv("LLM_DSN", server.dsn("openai"))
        monkeypatch.setenv("LLM_MODEL", "m")
        for count in (1, 2):
            asyncio.run(llm.chat("one"))
            assert closed(server, elsewhere)
            assert server.connections == count
        asyncio.run(llm.close())
        gc.collect()  # a warning is an error here


async def test_one_client_within_a_loop() -> None:
    assert llm.default_client() is llm.default_client()
    pieces = [piece async for piece in llm.chat_stream("a b").text()]
    assert pieces == ["a", " b"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("LLM_PROVIDER", "nonsense"), ("LLM_PROVIDER", ""), ("LLM_DSN", "ftp://x"), ("LLM_DSN", "?nonsense=1")],
)
def test_a_bad_value_is_a_config_error(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(llm.ConfigError, match="LLM_PROVIDER"):
        llm.default_client()


def test_model_and_provider_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_PROVIDER", "xai")
    monkeypatch.setenv("LLM_MODEL", "grok-9")
    monkeypatch.setenv("LLM_DSN", "?api_key=k&temperature=0")
    client = llm.default_client()
    assert (client.provider, client.model) == ("grok", "grok-9")
