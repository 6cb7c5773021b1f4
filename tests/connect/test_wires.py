"""Which wire a client speaks whose provider has several: what it was told, else what the base URL says."""

from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm.providers import find, providers
from aikido_llm.providers.base import WIRE
from aikido_llm.testing import WireServer

from .test_open import settings_of

CHAT, RESPONSES = "openai_chat", "openai_responses"
SEVERAL = [name for name in providers() if find(name).wires]


def wire_of(client: llm.HTTPClient) -> str:
    return str(settings_of(client).dialect.name)


@pytest.mark.parametrize(
    ("row", "url", "wire"),
    [
        *(("openai", url, RESPONSES) for url in (
            "", "https://api.openai.com", "https://api.openai.com/v1", "HTTPS://API.OpenAI.com./v1/",
            "https://eu.api.openai.com/v1", "https://gateway.example/v1/responses", "http://127.0.0.1:9/responses",
        )),
        *(("openai", url, CHAT) for url in (
            "https://api.openai.com/v1/chat/completions", "https://gateway.example/v1", "http://127.0.0.1:8080/v1",
            "https://api.openai.com.evil.example/v1", "https://myapi.openai.com/v1", "https://openai.com/v1",
            "https://gateway.example/responses/v1",
        )),
        *(("azure", url, RESPONSES) for url in (
            "https://n.openai.azure.com", "https://n.openai.azure.com/openai/v1/", "https://n.services.ai.azure.com",
            "https://n.openai.azure.com/openai/responses?api-version=2025-04-01-preview",
            "https://n.cognitiveservices.azure.com/openai/v1/responses",
        )),
        *(("azure", url, CHAT) for url in (
            "https://n.openai.azure.com/openai/v1/chat/completions",
            "https://n.openai.azure.com/openai/deployments/d?api-version=2024-10-21",
            "https://n.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21",
            "https://n.services.ai.azure.com/models/chat/completions?api-version=2024-05-01-preview",
            "https://gateway.example", "https://deployments.example/openai/v1",
        )),
        *(("openai-chat", url, CHAT) for url in ("", "https://gateway.example/v1", "https://x.example/v1/responses")),
        *(("openai-responses", url, RESPONSES) for url in ("", "https://gateway.example/v1/chat/completions")),
        *(("openai-compatible", url, CHAT) for url in ("https://gateway.example/v1", "https://api.openai.com/v1")),
        ("openai-compatible", "http://10.0.0.7:8000/v1/responses", RESPONSES),
    ],
)  # fmt: skip
def test_the_base_url_says(row: str, url: str, wire: str) -> None:
    assert wire_of(llm.open(row, url)) == wire
    assert wire_of(llm.open(row, base_url=url)) == wire


@pytest.mark.parametrize("name", [name for name in SEVERAL if name != "bedrock"])
@pytest.mark.parametrize("wire", ["chat", "responses"])
@pytest.mark.parametrize("path", ["", "/v1", "/v1/responses", "/v1/chat/completions"])
def test_the_option_decides(name: str, wire: str, path: str) -> None:
    url = f"https://{'n.openai.azure.com' if name == 'azure' else 'api.openai.com'}{path}"
    spoken = {"chat": CHAT, "responses": RESPONSES}[wire]
    assert wire_of(llm.open(name, url, wire=wire)) == spoken
    assert wire_of(llm.open(name, f"{url}?wire={wire}")) == spoken
    assert wire_of(llm.open(name, f"{url}?wire={'chat' if wire == 'responses' else 'responses'}", wire=wire)) == spoken
    assert settings_of(llm.open(name, url, wire=wire)).row.query == {}


MESSAGES = "anthropic_messages"
RUNTIME, MANTLE = "https://bedrock-runtime.eu-west-1.amazonaws.com", "https://bedrock-mantle.eu-west-1.api.aws"


@pytest.mark.parametrize(
    ("url", "settings", "base", "wire"),
    [
        ("", {"region": "eu-west-1"}, f"{RUNTIME}/openai/v1", CHAT),
        ("", {"region": "eu-west-1", "model": "openai.gpt-oss-120b"}, f"{RUNTIME}/openai/v1", CHAT),
        ("", {"region": "eu-west-1", "model": "eu.anthropic.claude-haiku-4-5"}, f"{RUNTIME}/anthropic", MESSAGES),
        ("?model=anthropic.claude-opus-5&region=eu-west-1", {}, f"{RUNTIME}/anthropic", MESSAGES),
        ("", {"region": "eu-west-1", "model": "anthropic.x", "wire": "chat"}, f"{RUNTIME}/openai/v1", CHAT),
        ("", {"region": "eu-west-1", "wire": "responses"}, f"{RUNTIME}/openai/v1", RESPONSES),
        ("", {"region": "cn-north-1"}, "https://bedrock-runtime.cn-north-1.amazonaws.com.cn/openai/v1", CHAT),
        ("", {"region": "eusc-de-east-1"}, "https://bedrock-runtime.eusc-de-east-1.amazonaws.eu/openai/v1", CHAT),
        (f"{RUNTIME}?wire=messages", {}, f"{RUNTIME}/anthropic", MESSAGES),
        (f"{RUNTIME}/anthropic", {}, f"{RUNTIME}/anthropic", MESSAGES),
        (f"{MANTLE}/anthropic/v1/messages", {}, f"{MANTLE}/anthropic", MESSAGES),
        (f"{MANTLE}/v1", {}, f"{MANTLE}/v1", CHAT),
        (f"{MANTLE}/openai/v1/responses", {}, f"{MANTLE}/openai/v1", RESPONSES),
    ],
)
def test_the_wires_of_a_host_whose_models_say_their_maker(
    url: str, settings: dict[str, Any], base: str, wire: str
) -> None:
    client = llm.open("bedrock", url, **settings)
    assert (settings_of(client).base_url, wire_of(client)) == (base, wire)


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("global", "aiplatform.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
        ("us-east5", "us-east5-aiplatform.googleapis.com"),
    ],
)
def test_each_location_has_its_host(location: str, host: str) -> None:
    for name, publisher in (("vertex", "v1beta1/{}/google"), ("vertex-anthropic", "v1/{}/anthropic")):
        base = settings_of(llm.open(name, project="p", location=location)).base_url
        path = publisher.format(f"projects/p/locations/{location}/publishers")
        assert base == f"https://{host}/{path}"
    express = settings_of(llm.open("vertex", api_key="k")).base_url
    assert express == "https://aiplatform.googleapis.com/v1beta1/publishers/google"
    with pytest.raises(llm.ConfigError, match=r"azure-anthropic needs resource=.*ANTHROPIC_FOUNDRY_RESOURCE"):
        llm.open("azure-anthropic", api_key="k")
    foundry = settings_of(llm.open("azure-anthropic", resource="mine")).base_url
    assert foundry == "https://mine.services.ai.azure.com/anthropic"


def test_the_variable_counts_as_a_base_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:8080/v1")
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "https://n.openai.azure.com/")
    assert (wire_of(llm.open("openai")), wire_of(llm.open("azure"))) == (CHAT, RESPONSES)
    assert wire_of(llm.get_provider(llm.ProviderType.OPENAI, base_url="https://api.openai.com/v1")) == RESPONSES
    assert wire_of(llm.get_provider(llm.ProviderType.OPENAI_CHAT)) == CHAT


@pytest.mark.parametrize("wire", ["chat", "responses"])
def test_a_quirk_that_was_chosen_leaves_the_wire_what_it_is(wire: str) -> None:
    client = llm.open("openai", "https://api.openai.com/v1", wire=wire, late_system="front")
    assert settings_of(client).provider.wire == wire


def test_a_wire_that_is_none() -> None:
    with pytest.raises(llm.ConfigError, match="openai has no wire 'completions'; it has chat and responses"):
        llm.open("openai", wire="completions")
    with pytest.raises(llm.ConfigError, match="no wire 'Chat'"):
        llm.open("azure", "https://n.openai.azure.com?wire=Chat")
    with pytest.raises(llm.ConfigError, match=r"wire.*groq has: nothing of its own"):
        llm.open("groq", wire="chat")
    with pytest.raises(llm.ConfigError, match="'wire' is not known to groq"):
        llm.open("groq", "?wire=chat")


def test_old_azure_routes_keep_their_version_and_model() -> None:
    target = "https://n.openai.azure.com/openai/responses?api-version=2025-04-01-preview"
    settings = settings_of(llm.open("azure", target, model="my-deployment"))
    assert settings.base_url == "https://n.openai.azure.com/openai"
    assert settings.row.query == {"api-version": "2025-04-01-preview"}
    assert settings_of(llm.open("azure", "https://n.openai.azure.com")).row.query == {}, "v1 takes none"


@pytest.mark.parametrize("name", SEVERAL)
def test_a_row_of_several_wires(name: str) -> None:
    row = find(name)
    assert row.option(WIRE.name) is not None
    assert row.wire in row.wires
    assert [row.speaking(wire).wire for wire in row.wires] == list(row.wires)
    assert sum(wire.unnamed for wire in row.wires.values()) <= 1


async def test_a_server_nearby_is_asked_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    async with WireServer(key=None) as server:
        async with llm.open("openai-compatible", server.base_url("openai-compatible"), model="m") as client:
            assert (await client.chat("hi")).text
        assert "authorization" not in server.received[0].headers
        async with llm.open(
            "openai-compatible", server.base_url("openai-compatible"), model="m", api_key="k"
        ) as client:
            await client.chat("hi")
        assert server.received[1].headers["authorization"] == "Bearer k"
        monkeypatch.setenv("OPENAI_API_KEY", "of-somebody-else")
        async with llm.open("openai-compatible", server.base_url("openai-compatible"), model="m") as client:
            await client.chat("hi")
        assert "authorization" not in server.received[2].headers
    async with llm.open("openai-compatible", "https://gateway.example/v1", model="m") as client:
        with pytest.raises(llm.ConfigError, match="OPENAI_COMPATIBLE_API_KEY"):
            await client.chat("hi")
    with pytest.raises(llm.ConfigError, match="openai-compatible has no base URL of its own"):
        llm.open("openai-compatible")
