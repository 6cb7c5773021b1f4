"""Which hosts NO_PROXY lists, in the forms that people and platforms write; and the variables' own forms."""

import asyncio
import traceback
from base64 import b64encode

import pytest

import aikido_llm as llm
from aikido_llm import ConfigError
from aikido_llm.secret import Secret
from aikido_llm.transport.addresses import read
from aikido_llm.transport.proxies import excepted, place, proxy_for, secrets_of

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


PASSWORD = "c@nary-of-the-proxy"
TOLD = b64encode(f"me:{PASSWORD}".encode()).decode()


async def _repeats(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A proxy that shows what it was told wherever it can."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    said = f"{PASSWORD} is wrong: {TOLD}"
    assert f"Proxy-Authorization: Basic {TOLD}" in head
    writer.write(f"HTTP/1.1 407 {said}\r\nX-Told: {TOLD}\r\nContent-Length: {len(said)}\r\n\r\n{said}".encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_what_a_proxy_repeats_of_its_password_is_hidden(scheme: str) -> None:
    async with await asyncio.start_server(_repeats, "127.0.0.1", 0) as proxy:
        at = f"127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
        client = llm.open("vllm", f"{scheme}://models.example/v1", api_key="k", model="m", retry=None, allow_http=True,
                          proxy=f"http://me:{PASSWORD.replace('@', '%40')}@{at}")  # fmt: skip
        async with client:
            with pytest.raises(llm.LLMError, match="407") as caught:
                await client.chat("hi")
    error = caught.value
    shown = "".join(traceback.TracebackException.from_exception(error).format()) + repr(vars(error))
    assert PASSWORD not in shown
    assert TOLD.rstrip("=") not in shown
    assert scheme == "https" or "is wrong" in shown


def test_secrets_of_a_proxy() -> None:
    assert secrets_of(Secret("http://127.0.0.1:9")) == secrets_of(Secret("")) == ()
    assert [s.reveal() for s in secrets_of(Secret("http://u:p%40ss@h:1"))] == ["p%40ss", "p@ss", "dTpwQHNz"]
