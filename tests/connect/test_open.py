"""open(): what beats what, and what is refused before anything is sent."""

from typing import Any, cast

import pytest

import aikido_llm as llm
from aikido_llm.providers import find
from aikido_llm.providers.base import DsnOption, Provider
from aikido_llm.testing import StubClient, TurnScript


def settings_of(client: llm.HTTPClient) -> Any:
    return vars(client)["_settings"]


async def key_of(client: llm.HTTPClient) -> str:
    return str((await settings_of(client).key.get()).reveal())


async def test_keyword_beats_dsn_beats_environment_beats_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await key_of(llm.open("openai")) == ""
    monkeypatch.setenv("OPENAI_API_KEY", "from-env")
    assert await key_of(llm.open("openai")) == "from-env"
    assert await key_of(llm.open("openai", "?api_key=from-dsn")) == "from-dsn"
    assert await key_of(llm.open("openai", "?api_key=from-dsn", api_key="from-keyword")) == "from-keyword"


def test_base_url_keyword_beats_dsn_beats_row() -> None:
    assert settings_of(llm.open("openai")).base_url == "https://api.openai.com/v1"
    assert settings_of(llm.open("openai", "https://a/v1")).base_url == "https://a/v1"
    assert settings_of(llm.open("openai", "https://a/v1", base_url="https://b/v1/")).base_url == "https://b/v1"


def test_options_keyword_beats_options_object_beats_dsn() -> None:
    given = llm.Options(model="object", temperature=0.2)
    client = llm.open("echo", "?model=dsn&temperature=0.1&max_tokens=5", options=given, model="keyword")
    options = settings_of(client).options
    assert (options.model, options.temperature, options.max_tokens) == ("keyword", 0.2, 5)


def test_extra_merges_key_by_key() -> None:
    options = settings_of(llm.open("echo", options=llm.Options(extra={"a": 1, "b": 1}), extra={"b": 2})).options
    assert options.extra == {"a": 1, "b": 2}


@pytest.mark.parametrize("seconds", [float("nan"), -1, True, "60"])
def test_a_clock_that_would_never_ring_is_refused(seconds: Any) -> None:
    for clock in ("connect", "first_event", "idle", "total"):
        with pytest.raises(llm.ConfigError, match=rf"Timeouts\.{clock} takes seconds"):
            llm.Timeouts(**{clock: seconds})
    with pytest.raises(llm.ConfigError, match=r"Timeouts\.total"):
        llm.open("openai", api_key="k", timeout=seconds)


@pytest.mark.parametrize("cap", ["connections", "event_bytes", "body_bytes", "error_body_bytes"])
@pytest.mark.parametrize("value", [-1, 1.5, float("inf"), True, None])
def test_a_cap_that_is_none_is_refused(cap: str, value: Any) -> None:
    with pytest.raises(llm.ConfigError, match=rf"Limits\.{cap} takes"):
        llm.Limits(**{cap: value})
    with pytest.raises(llm.ConfigError, match=r"Limits\.connections takes"):
        llm.Limits(connections=0)


def test_timeout_sets_total() -> None:
    assert settings_of(llm.open("echo", "?timeout=60")).timeouts == llm.Timeouts(total=60)
    assert settings_of(llm.open("echo", timeout=5, timeouts=llm.Timeouts(idle=1))).timeouts == llm.Timeouts(
        idle=1, total=5
    )


def test_max_retries_are_requests_beyond_the_first() -> None:
    assert settings_of(llm.open("echo")).retry.max_attempts == 3
    assert settings_of(llm.open("echo", "?max_retries=1")).retry.max_attempts == 2
    assert settings_of(llm.open("echo", "?max_retries=0")).retry is None
    assert settings_of(llm.open("echo", retry=None)).retry is None


def test_unknown_parameter_names_the_known_ones() -> None:
    with pytest.raises(
        llm.ConfigError,
        match=r"'temprature' is not known to openai; known are: api_key, model, .*temperature.*organization",
    ):
        llm.open("openai", "?temprature=1")


@pytest.mark.parametrize("query", ["temperature=hot", "max_tokens=1.5", "timeout=-1", "max_tokens=nan", "thinking=much",
                                   "response_format=xml", "model=a&model=b", "temperature=nan"])  # fmt: skip
def test_bad_value_is_a_config_error(query: str) -> None:
    with pytest.raises(llm.ConfigError):
        llm.open("echo", f"?{query}")


def test_unknown_keyword_is_a_config_error() -> None:
    with pytest.raises(llm.ConfigError, match="does not know temprature"):
        llm.open("echo", temprature=1)


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding"])
def test_no_header_says_where_a_body_ends(name: str) -> None:
    with pytest.raises(llm.ConfigError, match=f"headers cannot hold {name}"):
        llm.open("openai", headers={"x-a": "b", name: "5"})


@pytest.mark.parametrize(
    "headers",
    [{"Content-Length: 5": "x"}, {"Transfer-Encoding:chunked": ""}, {"": "x"}, {"a b": "x"}, {"\u00e9": "x"},
     {"x": "y\r\nContent-Length: 5"}, {"x": "\0"}, {"x": "\ud800"}],
    ids=ascii,
)  # fmt: skip
def test_a_header_is_one_header(headers: dict[str, str]) -> None:
    """A name that holds a colon would be written as another header."""
    with pytest.raises(llm.ConfigError, match="headers cannot hold"):
        llm.open("openai", headers=headers)
    with pytest.raises(llm.InvalidRequestError, match="extra_headers cannot hold"):
        llm.Request("hi", extra_headers=headers)


def test_a_whole_header_in_place_of_a_name_is_not_told() -> None:
    with pytest.raises(llm.ConfigError, match="a name with ':' in it") as caught:
        llm.open("openai", headers={"Authorization: Bearer sk-not-to-be-seen": ""})
    assert "sk-not" not in str(caught.value)


def test_unknown_provider_names_near_ones() -> None:
    with pytest.raises(llm.ConfigError, match="did you mean openai"):
        llm.open("opnai")


def test_own_options_go_where_the_row_says() -> None:
    client = llm.open("openrouter", "?api_key=k&referer=https%3A%2F%2Fme&provider_order=a,b", model="m")
    row = settings_of(client).row
    assert row.provider.headers["HTTP-Referer"] == "https://me"
    assert row.body == {"provider": {"order": ["a", "b"]}}
    assert (
        settings_of(llm.open("anthropic", version="2099-01-01")).row.provider.headers["anthropic-version"]
        == "2099-01-01"
    )


def test_own_option_of_another_provider_is_refused() -> None:
    with pytest.raises(llm.ConfigError, match="'referer' is not known to openai"):
        llm.open("openai", "?referer=x")


@pytest.mark.parametrize("scheme", ["http", "HTTP", "hTTp"])
def test_plain_http_only_where_nobody_listens_on_the_way(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    private, public = f"{scheme}://10.0.0.3:8000/v1", f"{scheme}://models.example/v1"
    assert settings_of(llm.open("openai", private)).base_url == "http://10.0.0.3:8000/v1"
    for dsn, base_url in (("", public), (public, None), (f"{public}?api_key=k", None)):
        with pytest.raises(llm.ConfigError, match="allow_http"):
            llm.open("openai", dsn, base_url=base_url)
        assert llm.open("openai", dsn, base_url=base_url, allow_http=True)
    for row, variable in (("openai", "OPENAI_BASE_URL"), ("ollama", "OLLAMA_HOST")):
        monkeypatch.setenv(variable, public)
        with pytest.raises(llm.ConfigError, match="allow_http"):
            llm.open(row)


async def test_missing_key_is_said_when_the_first_request_is_made() -> None:
    async with llm.open("openai", model="m") as client:
        with pytest.raises(llm.ConfigError, match=r"OPENAI_API_KEY.*\?api_key=.*get one at https://"):
            await client.chat("hi")


async def test_missing_model_is_said() -> None:
    async with llm.open("openai", api_key="k") as client:
        with pytest.raises(llm.ConfigError, match="no model"):
            await client.chat("hi")


def test_get_provider_is_another_spelling() -> None:
    config = llm.ProviderConfig(
        api_key="k", organization="org", default_model="m", max_retries=0, extra_headers={"X-A": "1"}
    )
    client = llm.get_provider(llm.ProviderType.openai, config, timeout=7)
    settings = settings_of(client)
    assert client.model == "m"
    assert settings.timeouts.total == 7
    assert settings.retry is None
    assert settings.row.provider.headers == {"OpenAI-Organization": "org", "X-A": "1"}
    with pytest.raises(llm.ConfigError, match="get_provider knows"):
        llm.get_provider("openai", nonsense=1)


def test_every_provider_type_is_a_provider() -> None:
    assert tuple(str(kind) for kind in llm.ProviderType) == llm.providers()[: len(llm.ProviderType)]


def test_every_provider_type_has_its_name_in_both_cases() -> None:
    assert llm.ProviderType["OPENROUTER"] is llm.ProviderType.openrouter
    assert set(llm.ProviderType.__members__) == {
        spelled for kind in llm.ProviderType for spelled in (kind.replace("-", "_"), kind.replace("-", "_").upper())
    }
    assert llm.get_provider(llm.ProviderType.ECHO).provider == "echo"


def test_register(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aikido_llm.providers._registered", {})
    monkeypatch.setattr("aikido_llm.providers._registered_aliases", {})
    from aikido_llm.dialects.openai_chat import OpenAIChat

    row = Provider(name="acme", base_url="https://acme.example/v1", dialect=OpenAIChat(), key_env=("ACME_KEY",),
                   options=(DsnOption("tier", header="X-Tier"),))  # fmt: skip
    llm.register("acme", row, aliases=("ac",))
    assert settings_of(llm.open("ac", "?tier=gold")).row.provider.headers == {"X-Tier": "gold"}
    assert "acme" in llm.providers()
    for taken in ("acme", "ac", "openai", "claude", "", " "):
        with pytest.raises(llm.ConfigError):
            llm.register(taken, row)
    broken: Any = Provider("bad", "https://acme.example", cast("Any", object()))
    for wrong in (object(), None, "openai", Opens, broken, lambda: None):
        with pytest.raises(llm.ConfigError, match="the provider 'other'"):
            llm.register("other", cast("Any", wrong))
    for aliases in ("one", ("",), (3,)):
        with pytest.raises(llm.ConfigError):
            llm.register("other", row, aliases=cast("Any", aliases))
    assert "other" not in llm.providers()


class Opens:
    """Opens clients by itself."""

    def __init__(self, client: object) -> None:
        self.client = client
        self.given: list[tuple[str, llm.Options]] = []

    def open(self, dsn: str, options: llm.Options) -> Any:
        self.given.append((dsn, options))
        return self.client


async def test_an_object_that_opens_clients_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aikido_llm.providers._registered", {})
    monkeypatch.setattr("aikido_llm.providers._registered_aliases", {})
    client = StubClient(TurnScript([llm.TextDelta("noon")]))
    factory = Opens(client)
    llm.register("own", factory, aliases=("mine",))
    opened = llm.open("mine", "a DSN of its own", options=llm.Options(top_p=0.5), temperature=0)
    assert cast("object", opened) is client
    assert factory.given == [("a DSN of its own", llm.Options(top_p=0.5, temperature=0))]
    assert (await opened.complete(llm.Request("when?"))).text == "noon"
    for wrong in ({"api_key": "k"}, {"timeout": 3}, {"retry": None}, {"nonsense": 1}, {"limits": llm.Limits(1)}):
        with pytest.raises(llm.ConfigError):
            llm.open("own", **cast("Any", wrong))
    with pytest.raises(llm.ConfigError, match="has no row"):
        find("own")
    llm.register("nothing", Opens(3))
    with pytest.raises(llm.ConfigError, match="gave an int, which is no Client"):
        llm.open("nothing")


def test_the_factory_of_one_row() -> None:
    config = llm.ProviderConfig(api_key="k", default_model="m")
    makers = {
        "openrouter": llm.OpenRouterProvider,
        "openai": llm.OpenAIProvider,
        "anthropic": llm.AnthropicProvider,
        "ollama": llm.OllamaProvider,
    }
    for row, make in makers.items():
        client = make(config, timeout=7)
        assert (client.provider, client.model) == (row, "m")
        assert settings_of(client).timeouts.total == 7


def test_openrouter_has_a_model_and_sends_a_title() -> None:
    client = llm.open("openrouter", api_key="k", title="Tide table")
    assert client.model == "openrouter/free"
    assert settings_of(client).row.provider.headers == {"X-Title": "Tide table"}


def test_continuation_is_a_number() -> None:
    assert settings_of(llm.open("echo")).continuation == 10
    assert settings_of(llm.open("echo", continuation=0)).continuation == 0
    for wrong in (-1, None, True, 2.5):
        with pytest.raises(llm.ConfigError, match="continuation takes a whole number"):
            llm.open("echo", continuation=cast("Any", wrong))


def test_where_late_system_messages_go_is_said_by_keyword_or_dsn_or_row() -> None:
    def place(client: llm.HTTPClient) -> Any:
        return settings_of(client).row.provider.dialect.late_system

    assert place(llm.open("anthropic", api_key="k")) == "role"
    assert place(llm.open("anthropic", "?api_key=k&late_system=user")) == "user"
    assert place(llm.open("anthropic", "?api_key=k&late_system=user", late_system="front")) == "front"
    assert place(llm.open("llamacpp", late_system="role")) == "role"


@pytest.mark.parametrize(("provider", "place"), [("anthropic", "top"), ("gemini", "role")])
def test_a_place_that_the_wire_does_not_have_is_a_config_error(provider: str, place: str) -> None:
    with pytest.raises(llm.ConfigError, match=f"late_system '{place}'"):
        llm.open(provider, f"?api_key=k&late_system={place}")


@pytest.mark.parametrize("effort", ["none", "minimal", "low", "medium", "high", "xhigh", "max"])
def test_a_dsn_takes_every_effort(effort: Any) -> None:
    thinking = settings_of(llm.open("echo", f"?thinking={effort}")).options.thinking
    assert thinking == llm.ThinkingConfig.by_effort(effort)


@pytest.mark.parametrize(
    ("extra", "told"),
    [({"a": object()}, "no form for: object"), ({"a": 10**5000}, "no form for")],
    ids=["object", "digits"],
)
async def test_what_json_has_no_form_for_is_refused_before_it_is_sent(extra: dict[str, object], told: str) -> None:
    async with llm.open("openai", "http://127.0.0.1:9/v1", model="m", api_key="k", retry=None) as client:
        with pytest.raises(llm.InvalidRequestError, match=told):
            await client.complete(llm.Request("hi", extra=extra))
        with pytest.raises(llm.InvalidRequestError, match=told):
            await llm.collect(client.stream(llm.Request("hi", extra=extra)))
