"""DSN syntax, and that no error repeats what may be a key."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aikido_llm import ConfigError
from aikido_llm.connect.dsn import parse

CANARY = "sk-canary-0123456789abcdef"


def test_base_key_and_parameters() -> None:
    dsn = parse("https://host/v1/?api_key=a%2Bb%20c&model=m%2F1&temperature=0")
    assert dsn.base_url == "https://host/v1"
    assert dsn.api_key.reveal() == "a+b c"
    assert dsn.parameters == {"model": ("m/1",), "temperature": ("0",)}


def test_a_plus_is_a_plus() -> None:
    dsn = parse("https://host/v1?api_key=ab+cd/ef==&model=meta+llama")
    assert dsn.api_key.reveal() == "ab+cd/ef=="
    assert dsn.parameters == {"model": ("meta+llama",)}


@pytest.mark.parametrize("text", ["?api_key=k&model=m", "api_key=k&model=m"])
def test_base_may_be_missing(text: str) -> None:
    dsn = parse(text)
    assert (dsn.base_url, dsn.api_key.reveal(), dsn.parameters) == ("", "k", {"model": ("m",)})


def test_empty_dsn_says_nothing() -> None:
    dsn = parse("")
    assert not dsn.base_url
    assert not dsn.api_key
    assert not dsn.parameters


def test_provider_may_name_the_key_parameter() -> None:
    assert parse("?api_token=k", "api_token").api_key.reveal() == "k"
    assert parse("?api_key=k", "api_token").api_key.reveal() == "k"


@pytest.mark.parametrize(
    "text",
    [
        f"https://user:{CANARY}@host/v1",
        f"https://{CANARY}@host/v1",
        f"https://host/v1#{CANARY}",
        f"ftp://host/{CANARY}",
        f"{CANARY}",
        f"https://host/v1?{CANARY}",
        f"https://host:99999/{CANARY}",
        f"https://host:0/{CANARY}",
        f"https:///{CANARY}",
        f"https://ho st/{CANARY}",
        f"?api_key={CANARY}&api_key={CANARY}",
        f"https://host/?x=%zz%ff{CANARY}",
        f"?api_key={CANARY}&&=",
    ],
)
def test_bad_dsn_is_a_config_error_that_does_not_repeat_it(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    shown = f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"
    assert CANARY not in shown


def test_shown_with_the_key_hidden() -> None:
    dsn = parse(f"https://host/v1?api_key={CANARY}&model=a%20b")
    assert str(dsn) == "https://host/v1?api_key=***&model=a%20b"
    assert CANARY not in repr(dsn)


@given(
    st.text(min_size=1), st.dictionaries(st.text("abcdefgh_", min_size=1, max_size=6), st.text(max_size=20), max_size=4)
)
def test_round_trip(key: str, parameters: dict[str, str]) -> None:
    key, parameters = _clean(key), {name: _clean(value) for name, value in parameters.items() if name != "api_key"}
    pairs = [("api_key", key), *parameters.items()]
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs)
    dsn = parse(f"https://host/v1?{query}")
    assert dsn.api_key.reveal() == key
    assert dsn.parameters == {name: (value,) for name, value in parameters.items()}
    again = parse(str(dsn))
    assert (again.base_url, again.parameters) == (dsn.base_url, dsn.parameters)


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def test_base_url_loses_its_trailing_slashes() -> None:
    assert parse("http://[::1]:8080/v1//").base_url == "http://[::1]:8080/v1"
