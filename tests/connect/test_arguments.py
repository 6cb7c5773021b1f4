"""What `open` and its like are given of another kind: told by the argument's name, before anything is sent."""

import traceback
from pathlib import Path
from typing import Any

import pytest

import aikido_llm as llm

PACKAGE = str(Path(llm.__file__).parent)


class Halfway:
    """Has one method of a transport."""

    async def send(self, request: object) -> object:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("name", "value", "takes"),
    [
        ("provider", None, "the name of a provider, not None"),
        ("dsn", None, r"text: a base URL and parameters behind a \?, not None"),
        ("api_key", b"sk-of-bytes", "text or a function, not bytes"),
        ("base_url", 8000, "text, not an int"),
        ("http", Halfway(), "a transport, which has send and aclose, not a Halfway"),
        ("retry", 3, "a RetryPolicy, or None for never, not an int"),
        ("timeouts", 60, r"Timeouts\(...\); timeout= takes seconds, not an int"),
        ("limits", 8, r"Limits\(...\), not an int"),
        ("options", {"model": "m"}, r"Options\(...\); its fields are keywords too, not a dict"),
        ("headers", {"X-Team": 7}, "a mapping of text to text, not a dict"),
        ("headers", [("X-Team", "7")], "a mapping of text to text, not a list"),
        ("allow_http", "yes", "True or False, not text"),
        ("proxy", 3128, "text, the URL of the proxy, not an int"),
        ("ssl", False, "an ssl.SSLContext, as ssl.create_default_context"),
    ],
)
def test_an_argument_of_another_kind_is_told_by_its_name(name: str, value: object, takes: str) -> None:
    arguments: dict[str, Any] = {"provider": "openai", name: value}
    with pytest.raises(llm.ConfigError, match=rf"{name} of open\(\) takes {takes}"):
        llm.open(**arguments)


def test_a_key_in_the_wrong_place_is_not_shown() -> None:
    arguments: dict[str, Any] = {"api_key": "sk-not-to-be-seen", "headers": ["sk-not-to-be-seen"]}
    with pytest.raises(llm.ConfigError) as caught:
        llm.open("openai", **arguments)
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    frames = [line for line in told.format() if PACKAGE in line]
    assert "sk-not-to-be-seen" not in str(caught.value)
    assert frames
    assert not any("sk-not-to-be-seen" in line for line in frames)


@pytest.mark.parametrize("config", [{"api_key": "k"}, "k", 3])
def test_the_factory_takes_its_own_config(config: Any) -> None:
    with pytest.raises(llm.ConfigError, match="get_provider takes a ProviderConfig, not"):
        llm.get_provider("openai", config)


def test_retries_of_the_factory_are_counted() -> None:
    retries: Any = "3"
    with pytest.raises(llm.ConfigError, match=r"ProviderConfig\.max_retries takes a whole number"):
        llm.ProviderConfig(max_retries=retries)
