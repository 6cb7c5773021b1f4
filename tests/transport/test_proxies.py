"""Which hosts NO_PROXY lists, in the forms that people and platforms write; and the variables' own forms."""

import pytest

from aikido_llm import ConfigError
from aikido_llm.secret import Secret
from aikido_llm.transport.addresses import read
from aikido_llm.transport.proxies import excepted, place, proxy_for

LISTED = """
http://10.9.8.7:8000/v1      10.9.8.0/24
http://10.9.8.7              10.9.8.7/24
http://10.9.8.7              10.0.0.0/255.0.0.0
http://[fd00::5]             fd00::/8
http://[fd00::5]             [fd00::]/8
http://[::ffff:10.0.0.1]     10.0.0.0/8
http://10.1.1.1              10.*
http://10.0.0.1              x,10.1
http://10.0.0.1              http://10.0.0.1:80/
https://a.b.example          *.example
https://a.b.example          .example
https://A.Example            EXAMPLE.
https://a.example            a.example:443
https://api.b.example        api.*.example
http://[fd00::1]:81          [fd00::1]:81
http://[fd00::1%25eth0]      fd00:0::1
https://xn--bcher-kva.example b\u00fccher.example
https://a                    *
"""
OTHERS = """
https://badexample       example
https://example.evil     example
https://a.example        a.example:80
https://a.example        ,,
http://110.0.0.1         10.*
http://1.10.0.1          10.0.0.1
http://10.9.9.7          10.9.8.0/24
http://10.0.0.1          fd00::/8
http://10.0.0.1          10.0.0.0/99
http://10.0.0.1          [10.0.0.1
"""


@pytest.mark.parametrize(
    ("line", "listed"),
    [*((line, True) for line in LISTED.strip().splitlines()), *((line, False) for line in OTHERS.strip().splitlines())],
)
def test_forms_of_no_proxy(line: str, listed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    url, names = line.split()
    assert excepted(read(url), names) is listed
    assert excepted(read(url), f"other.example , {names}") is listed
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", names)
    assert bool(proxy_for(url)) is not listed


@pytest.mark.parametrize("value", ["proxy.example:3128", "HTTP://proxy.example:3128", " http://proxy.example:3128/ "])
def test_forms_of_the_variables(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", value)
    assert proxy_for("http://10.9.8.7:8000/v1").reveal().lower().rstrip("/") == "http://proxy.example:3128"
    for own in (
        "http://localhost.",
        "http://127.1",
        "http://[::ffff:127.0.0.1]",
        "http://0.0.0.0",
        "http://a.localhost",
    ):
        assert not proxy_for(own), "loopback is never proxied"
    monkeypatch.setenv("HTTP_PROXY", "socks5://proxy.example:1")
    with pytest.raises(ConfigError, match="HTTP_PROXY is no HTTP proxy"):
        proxy_for("http://10.9.8.7")


@pytest.mark.parametrize(
    ("proxy", "where"),
    [
        ("http://proxy.example:3128", "proxy.example:3128"),
        ("HTTPS://me:p@ss@proxy.example/", "proxy.example:443"),
        ("http://me@[fd00::1]", "[fd00::1]:80"),
        ("", ""),
    ],
)
def test_where_a_proxy_is_without_who_asks(proxy: str, where: str) -> None:
    assert place(Secret(proxy)) == where
