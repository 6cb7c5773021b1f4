"""The row: `OLLAMA_HOST` in its forms, and the option `keep_alive`."""

import pytest

from aikido_llm.errors import ConfigError
from aikido_llm.providers.ollama import PROVIDER, base_from_env


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("gpu", "http://gpu:11434"),
        ("gpu:8080", "http://gpu:8080"),
        (":8080", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        ("http://0.0.0.0:11434", "http://127.0.0.1:11434"),
        ("http://gpu", "http://gpu"),
        ("https://gpu.example/ollama/", "https://gpu.example/ollama"),
        ("ollama.com", "https://ollama.com"),
        ("[::1]:8080", "http://[::1]:8080"),
        ("::", "http://[::1]:11434"),
        (' "gpu" ', "http://gpu:11434"),
    ],
)
def test_host_variable_becomes_a_base_url(value: str, url: str) -> None:
    assert base_from_env(value) == url


@pytest.mark.parametrize("value", ["gpu:port", "gpu:99999", "http://[::1"])
def test_host_variable_that_is_no_host_is_refused(value: str) -> None:
    with pytest.raises(ConfigError, match="OLLAMA_HOST"):
        base_from_env(value)


@pytest.mark.parametrize(("text", "value"), [("10m", "10m"), ("-1", -1)])
def test_keep_alive_goes_into_the_body(text: str, value: object) -> None:
    assert PROVIDER.with_options({"keep_alive": text}).body == {"keep_alive": value}
