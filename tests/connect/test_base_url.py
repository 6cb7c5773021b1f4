"""Base URLs as people write them, and the variables of the vendors' own SDKs: where the request then goes."""

import pytest

import aikido_llm as llm
from aikido_llm.connect.base_url import Asked, find_base
from aikido_llm.providers import find, providers
from aikido_llm.providers.base import Provider

from .test_open import settings_of

HOST = "https://gateway.example"


def base(row: str, url: str, env: str = "") -> str:
    return str(find_base(find(row), Asked(url, env), allow_http=False).address)


@pytest.mark.parametrize(
    ("row", "written", "path"),
    [
        *(("openai", written, "/v1") for written in ("", "/", "/v1", "/v1/", "/v1/chat/completions", "/v1/models")),
        ("openai", "/chat/completions", ""),  # at its word
        ("openai", "/proxy", "/proxy"),
        ("openai", "/proxy/v1/chat/completions/", "/proxy/v1"),
        ("openai", "/v2", "/v2"),
        ("openai-responses", "/v1/responses", "/v1"),
        *(("groq", written, "/openai/v1") for written in ("", "/openai", "/openai/v1/chat/completions")),
        ("groq", "/groq", "/groq"),
        *(("openrouter", written, "/api/v1") for written in ("", "/api", "/api/v1")),
        *(("anthropic", written, "") for written in ("", "/v1", "/v1/messages", "/messages")),
        ("anthropic", "/anthropic/v1/messages", "/anthropic"),
        *(
            ("gemini", written, "/v1beta")
            for written in ("", "/v1beta", "/v1beta/models", "/v1beta/models/m:generateContent", "/v1beta/openai",
                            "/v1beta/openai/chat/completions", "/models/m:streamGenerateContent")
        ),
        ("gemini", "/v1alpha", "/v1alpha"),
        ("gemini", "/gemini", "/gemini/v1beta"),
        *(("cohere", written, "") for written in ("", "/v1", "/v2", "/v2/chat")),
        *(("ollama", written, "") for written in ("", "/api", "/v1", "/api/chat", "/v1/chat/completions")),
        *(("azure", written, "/openai/v1") for written in ("", "/openai", "/openai/v1", "/openai/v1/chat/completions")),
        ("azure", "/openai/deployments/d/chat/completions", "/openai/deployments/d"),
        ("deepseek", "", ""),
        ("deepseek", "/v1/chat/completions", "/v1"),
        ("llamacpp", "", "/v1"),
        ("vllm", "", "/v1"),
    ],
)  # fmt: skip
def test_as_people_write_them(row: str, written: str, path: str) -> None:
    assert base(row, HOST + written) == HOST + path


@pytest.mark.parametrize("row", [row for row in providers() if find(row).base_url and "{" not in find(row).base_url])
def test_the_row_s_own_base_url_stays_and_so_does_its_host_alone(row: str) -> None:
    own = find(row).base_url
    assert base(row, "") == base(row, own) == own
    if row != "echo":
        host = own.removesuffix(find(row).base_path)
        assert base(row, host) == base(row, f"{host}/") == base(row, own + find(row).strip_base[0].replace("*", "m"))


@pytest.mark.parametrize(
    ("row", "variable", "value", "url"),
    [
        ("openai", "OPENAI_BASE_URL", "https://gw/v1/", "https://gw/v1"),
        ("openai-responses", "OPENAI_BASE_URL", "https://gw/v1", "https://gw/v1"),
        ("anthropic", "ANTHROPIC_BASE_URL", "https://gw/anthropic", "https://gw/anthropic"),
        ("gemini", "GOOGLE_GEMINI_BASE_URL", "https://gw/gemini/", "https://gw/gemini/v1beta"),
        ("cohere", "CO_API_URL", " https://gw ", "https://gw"),
        ("groq", "GROQ_BASE_URL", "https://gw/groq", "https://gw/groq/openai/v1"),
        ("groq", "GROQ_BASE_URL", "https://gw/openai/v1", "https://gw/openai/v1"),
        ("cerebras", "CEREBRAS_BASE_URL", "https://gw/c", "https://gw/c/v1"),
        ("together", "TOGETHER_BASE_URL", "https://gw/v1", "https://gw/v1"),
        ("together", "TOGETHER_BASE_URL", "https://gw/t", "https://gw/t/v1"),
        ("azure", "AZURE_OPENAI_ENDPOINT", "https://me.openai.azure.com/", "https://me.openai.azure.com/openai/v1"),
        ("ollama", "OLLAMA_HOST", "0.0.0.0", "http://127.0.0.1:11434"),
        ("openai", "OPENAI_API_BASE", "https://gw/v1", "https://gw/v1"),
        ("openai-chat", "OPENAI_API_BASE", "https://gw", "https://gw/v1"),
        ("anthropic", "ANTHROPIC_API_BASE", "https://gw/anthropic", "https://gw/anthropic"),
        ("gemini", "GEMINI_API_BASE", "https://gw/v1beta", "https://gw/v1beta"),
        ("together", "TOGETHERAI_API_BASE", "https://gw/t", "https://gw/t"),
        ("mistral", "MISTRAL_API_BASE", "https://gw/v1", "https://gw/v1"),
        ("grok", "XAI_API_BASE", "https://gw/v1", "https://gw/v1"),
        ("deepseek", "DEEPSEEK_API_BASE", "https://gw/v1", "https://gw/v1"),
        ("openrouter", "OPENROUTER_API_BASE", "https://gw/api/v1", "https://gw/api/v1"),
        ("azure", "AZURE_API_BASE", "https://me.openai.azure.com/", "https://me.openai.azure.com/openai/v1"),
        ("fireworks", "FIREWORKS_BASE_URL", "https://gw/f", "https://gw/f/v1"),
        ("fireworks", "FIREWORKS_API_BASE", "https://gw/inference/v1", "https://gw/inference/v1"),
        ("sambanova", "SAMBA_NOVA_BASE_URL", "https://gw/v1", "https://gw/v1"),
        ("sambanova", "SAMBANOVA_BASE_URL", "https://gw/s", "https://gw/s"),
        ("perplexity", "PERPLEXITY_BASE_URL", "https://gw/p", "https://gw/p/v1"),
        ("nvidia", "NVIDIA_BASE_URL", "https://gw/n", "https://gw/n/v1"),
        ("zai", "ZAI_BASE_URL", "https://gw/api/paas/v4", "https://gw/api/paas/v4"),
        ("qwen", "DASHSCOPE_HTTP_BASE_URL", "https://gw/api/v1", "https://gw/compatible-mode/v1"),
        ("qwen", "DASHSCOPE_API_BASE", "https://gw/compatible-mode/v1", "https://gw/compatible-mode/v1"),
        ("litellm", "LITELLM_PROXY_URL", "https://gw", "https://gw/v1"),
        *(
            (row, variable, "https://gw/v1", "https://gw/v1")
            for row, variable in (
                ("deepinfra", "DEEPINFRA_API_BASE"),
                ("moonshot", "MOONSHOT_API_BASE"),
                ("minimax", "MINIMAX_API_BASE"),
                ("huggingface", "HF_API_BASE"),
                ("huggingface", "HUGGINGFACE_API_BASE"),
                ("nebius", "NEBIUS_API_BASE"),
                ("vercel", "VERCEL_AI_GATEWAY_API_BASE"),
                ("perplexity", "PERPLEXITY_API_BASE"),
                ("zai", "ZAI_API_BASE"),
                ("baseten", "BASETEN_API_BASE"),
                ("novita", "NOVITA_API_BASE"),
                ("lmstudio", "LM_STUDIO_API_BASE"),
                ("nvidia", "NVIDIA_NIM_API_BASE"),
                ("sambanova", "SAMBANOVA_API_BASE"),
                ("databricks", "DATABRICKS_API_BASE"),
            )
        ),
    ],
)
def test_the_variables_of_the_vendors_own_sdks(
    row: str, variable: str, value: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    assert settings_of(llm.open(row)).base_url == url
    assert settings_of(llm.open(row, "https://said/v1")).base_url.startswith("https://said"), "a DSN beats it"
    for blank in ("", " "):
        monkeypatch.setenv(variable, blank)
        if find(row).base_url:
            assert settings_of(llm.open(row)).base_url == find(row).base_url
    for wrong in ("gateway", "https://", "https://u:p@gw", "https://gw?x=1"):
        if row not in ("ollama", "databricks"):  # whose variables may hold a bare host
            monkeypatch.setenv(variable, wrong)
            with pytest.raises(llm.ConfigError, match=rf"{variable}|query"):  # and never the public host instead
                llm.open(row)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CLOUDFLARE_BASE_URL", "https://gw/client/v4"),
        ("CLOUDFLARE_API_BASE", "https://gw/client/v4/accounts/a-1/ai/run/"),
    ],
)
def test_a_variable_of_a_base_url_that_is_an_accounts(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    client = llm.open("cloudflare", account_id="a-1")
    assert settings_of(client).base_url == "https://gw/client/v4/accounts/a-1/ai/v1"


def test_a_gateways_key_never_goes_to_the_public_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every variable that may name the gateway is one of a row, so what was set is used or refused, never passed by."""
    for name in providers():
        row = find(name)
        for variable in row.base_variables:
            with monkeypatch.context() as only:
                only.setenv(variable, "https://gateway.example/x/v1")
                only.setenv("CLOUDFLARE_ACCOUNT_ID", "a-1")
                only.setenv("AWS_REGION", "eu-west-1")
                only.setenv("GOOGLE_CLOUD_PROJECT", "p")
                only.setenv("ANTHROPIC_FOUNDRY_RESOURCE", "r")
                assert settings_of(llm.open(name)).base_url.startswith("https://gateway.example/"), (name, variable)


def test_the_name_of_today_beats_an_older_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_BASE", "https://old/v1")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://new/v1")
    assert settings_of(llm.open("openai")).base_url == "https://new/v1"
    monkeypatch.setenv("OPENAI_BASE_URL", " ")
    assert settings_of(llm.open("openai")).base_url == "https://old/v1"


def test_no_two_rows_of_different_hosts_share_a_variable() -> None:
    owners: dict[str, set[str]] = {}
    for name in providers():
        for variable in find(name).base_env_older:
            owners.setdefault(variable, set()).add(find(name).base_url)
    assert all(len(urls) == 1 for urls in owners.values()), owners


def test_a_copied_azure_address_works_whole() -> None:
    target = "https://n.openai.azure.com/openai/deployments/my%20d/chat/completions?api-version=2025-01-01-preview"
    for client in (
        llm.open("azure", target, api_key="k"),
        llm.open("azure", base_url=target, api_key="k"),
        llm.open("azure", f"{target}&api_key=k"),
    ):
        assert settings_of(client).base_url == "https://n.openai.azure.com/openai/deployments/my%20d"
        assert settings_of(client).row.query == {"api-version": "2025-01-01-preview"}
        assert client.model == "my d"
    assert llm.open("azure", target, model="m").model == "m"
    assert settings_of(llm.open("azure", base_url=target, api_version="v")).row.query == {"api-version": "v"}


@pytest.mark.parametrize("query", ["key=canary", "api_key=canary", "canary", "api-version=1&api-version=2", "a=%ff"])
def test_other_queries_are_refused_and_not_repeated(query: str) -> None:
    with pytest.raises(llm.ConfigError, match="query") as caught:
        llm.open("azure", base_url=f"https://h/v1?{query}")
    assert "canary" not in str(caught.value)


def test_a_row_of_one_s_own_is_completed_by_its_own_path() -> None:
    row = Provider(name="acme", base_url="https://acme.example/llm/v3", dialect=find("openai").dialect)
    assert str(find_base(row, Asked("https://other/llm"), allow_http=False).address) == "https://other/llm/v3"
    assert str(find_base(row, Asked("https://other/x"), allow_http=False).address) == "https://other/x"


def test_a_gateway_before_vertex_gets_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_VERTEX_BASE_URL", "https://gw/")
    url = "https://gw/v1beta1/projects/p/locations/us/publishers/google"
    assert settings_of(llm.open("vertex", project="p", location="us", api_key="k")).base_url == url
    with pytest.raises(llm.ConfigError, match="project"):  # and never the public host instead
        llm.open("vertex", api_key="k")
    assert settings_of(llm.open("vertex", "https://said", api_key="k")).base_url == "https://said"
