"""What the rows of the table do in a way of their own, as it is sent."""

from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm.providers import find
from aikido_llm.providers.compatible import HOSTS
from aikido_llm.testing import Answer, WireServer

HIGH, OFF = llm.ThinkingConfig.by_effort("high"), llm.ThinkingConfig.by_effort("none")
BUDGET = llm.ThinkingConfig.by_budget(4096)
TEMPLATE = {"enable_thinking": True, "thinking": True, "reasoning_effort": "high"}


def body(name: str, **fields: Any) -> dict[str, Any]:
    sent = find(name).dialect.encode(llm.Request("hi", model="m", **fields), stream=True, provider=name).body
    assert sent is not None
    return sent


@pytest.mark.parametrize(
    ("name", "thinking", "sent"),
    [
        ("fireworks", HIGH, {"reasoning_effort": "high"}),
        ("moonshot", HIGH, {"thinking": {"type": "enabled"}}),
        ("zai", OFF, {"thinking": {"type": "disabled"}}),
        ("xiaomi", BUDGET, {"thinking": {"type": "enabled"}}),
        ("minimax", HIGH, {"thinking": {"type": "adaptive"}}),
        ("minimax", OFF, {"thinking": {"type": "disabled"}}),
        ("qwen", HIGH, {"enable_thinking": True}),
        ("qwen", BUDGET, {"enable_thinking": True, "thinking_budget": 4096}),
        ("siliconflow", OFF, {"enable_thinking": False}),
        ("novita", BUDGET, {"enable_thinking": True}),
        ("baseten", HIGH, {"chat_template_args": TEMPLATE}),
        ("nvidia", HIGH, {"chat_template_kwargs": TEMPLATE}),
        ("vercel", BUDGET, {"reasoning": {"max_tokens": 4096}}),
        ("perplexity", HIGH, {"reasoning": {"effort": "high"}}),
    ],
)
def test_thinking_is_asked_for_as_the_host_wants_it(
    name: str, thinking: llm.ThinkingConfig, sent: dict[str, Any]
) -> None:
    more = body(name, thinking=thinking)
    plain = body(name)
    assert {key: value for key, value in more.items() if plain.get(key) != value} == sent


@pytest.mark.parametrize(("name", "field"), [("minimax", "max_completion_tokens"), ("nebius", "max_tokens")])
def test_the_bound_has_the_name_that_the_host_takes(name: str, field: str) -> None:
    assert body(name, max_tokens=50)[field] == 50


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("zai", {"n": 2}),
        ("zai", {"response_format": llm.ResponseFormat.json_schema({"type": "object"})}),
        ("minimax", {"seed": 1}),
        ("minimax", {"logprobs": True}),
        ("lmstudio", {"thinking": HIGH}),
        ("perplexity", {"stop": ["x"]}),
    ],
)
def test_what_a_host_has_not_is_refused_before_anything_is_sent(name: str, fields: dict[str, Any]) -> None:
    with pytest.raises(llm.UnsupportedFeatureError):
        body(name, **fields)


@pytest.mark.parametrize("name", ["sambanova", "deepinfra", "venice", "sglang"])
def test_a_host_of_engines_takes_what_they_take(name: str) -> None:
    sent = body(name, n=2, logprobs=3, top_k=40)
    assert (sent["n"], sent["logprobs"], sent["top_logprobs"], sent["top_k"]) == (2, True, 3, 40)


@pytest.mark.parametrize("name", ["moonshot", "qwen"])
def test_a_last_assistant_message_is_continued(name: str) -> None:
    messages = [llm.user("hi"), llm.assistant("Once")]
    sent = find(name).dialect.encode(llm.Request(messages, model="m"), stream=True, provider=name).body
    assert sent is not None
    assert sent["messages"][-1]["partial"] is True


async def test_minimax_keeps_its_thinking_apart_unless_told_otherwise() -> None:
    async with WireServer() as server:
        for option in ("", "&reasoning_split=false"):
            async with llm.open("minimax", server.dsn("minimax") + option) as client:
                await client.chat("hi")
        assert [request.body["reasoning_split"] for request in server.received] == [True, False]
        with pytest.raises(llm.ConfigError, match="true or false"):
            llm.open("minimax", reasoning_split="maybe")


def test_places_of_a_base_url(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(llm.ConfigError, match=r"account_id=.*CLOUDFLARE_ACCOUNT_ID"):
        llm.open("cloudflare", api_key="k", model="m")
    whole = "https://api.cloudflare.com/client/v4/accounts/acc1/ai/v1"
    assert whole in repr(llm.open("cloudflare", account_id="acc1"))
    assert whole in repr(llm.open("cloudflare", "?account_id=acc1"))
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", "acc1")
    assert whole in repr(llm.open("cloudflare"))
    assert "acc2" in repr(llm.open("cloudflare", account_id="acc2"))
    assert "https://gw.example/ai/v1" in repr(llm.open("cloudflare", "https://gw.example/ai/v1"))


def test_a_workspace_is_written_as_people_write_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(llm.ConfigError, match="DATABRICKS_HOST"):
        llm.open("databricks", api_key="k", model="m")
    for written in ("adb-1.2.azuredatabricks.net", "https://adb-1.2.azuredatabricks.net/"):
        monkeypatch.setenv("DATABRICKS_HOST", written)
        assert "https://adb-1.2.azuredatabricks.net/serving-endpoints" in repr(llm.open("databricks"))
    gateway = "https://w.cloud.databricks.com/ai-gateway/mlflow/v1"
    assert gateway in repr(llm.open("databricks", base_url=gateway))


async def test_perplexity_speaks_responses() -> None:
    server = WireServer(check=False)  # presets are its own
    async with server, llm.open("perplexity", server.dsn("perplexity")) as client:
        server.answer(Answer("found"))
        assert (await client.chat("hi", extra={"preset": "pro-search"})).text == "found"
        request = server.received[0]
        assert request.path == "/v1/responses"
        assert request.body["preset"] == "pro-search"
        assert "store" not in request.body


def test_no_key_and_no_account_stands_in_a_url() -> None:
    for name, host in HOSTS.items():
        assert "key" not in host.row.base_url.lower(), name
        assert host.row.key_header == "Authorization"


@pytest.mark.parametrize("name", sorted(HOSTS))
async def test_what_a_host_says_when_it_refuses(name: str) -> None:
    context = "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens."
    async with WireServer() as server, llm.open(name, server.dsn(name), retry=None) as client:
        server.answer(
            Answer(status=429, message="Rate limit reached", headers={"retry-after": "7"}),
            Answer(status=503, message="overloaded, try again later"),
            Answer(status=400, message=context, code="context_length_exceeded"),
            Answer(status=402, message="insufficient balance"),
            Answer(status=401, message="Invalid API key"),
        )
        kinds: list[type[Exception]] = []
        for _ in range(5):
            with pytest.raises(llm.LLMError) as caught:
                await client.chat("hi")
            kinds.append(type(caught.value))
            assert caught.value.provider == name
        assert kinds == [
            llm.RateLimitedError, llm.OverloadedError, llm.ContextLengthError, llm.InsufficientCreditsError,
            llm.AuthError,
        ]  # fmt: skip
