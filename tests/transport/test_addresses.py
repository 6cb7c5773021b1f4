"""One place, many spellings: what is judged is what is connected to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aikido_llm import ConfigError
from aikido_llm.transport.addresses import read

SAME = {
    "http://localhost": ("HTTP://localhost", "Http://LOCALHOST:80/", "http://localhost.", "  http://localhost:  "),
    "http://127.0.0.1:81": (
        "http://127.1:81", "http://2130706433:81", "http://0x7f000001:81", "http://0177.0.0.1:81", "http://127.0.1.:81",
        "http://[::ffff:127.0.0.1]:81", "http://[::FFFF:7F00:1]:81", "http://0.0.0.0:81", "http://0:81",
        "http://\uff11\uff12\uff17.0.0.1:81", "http://127\u30020\u30020\u30021:81",
    ),
    "http://[::1]:8080/v1": ("http://[0:0::1]:8080/v1/", "http://[::]:8080/v1//", "hTTp://[::0001]:08080/v1"),
    "https://models.example/v1": ("https://Models.Example:443/v1", "HTTPS://models.example./v1/", "https://models.example/v1?"),
    "https://xn--bcher-kva.example": ("https://B\u00fccher.example", "https://xn--BCHER-kva.example."),
    "http://[fe80::1%25eth0]": ("http://[FE80::1%eth0]", "http://[fe80:0::1%25eth0]:80"),
    "https://h/a%20b/%C3%BC": ("https://h/a%20b/\u00fc",),
    "http+unix://%2Frun%2Fllm.sock/v1": ("HTTP+UNIX://%2Frun%2Fllm.sock/v1/", "http+unix:///run/llm.sock/v1"),
}  # fmt: skip


@pytest.mark.parametrize(("one", "other"), [(one, other) for one, others in SAME.items() for other in (one, *others)])
def test_spellings_of_one_place(one: str, other: str) -> None:
    assert str(read(other)) == one


@pytest.mark.parametrize(
    ("host", "place"),
    [
        *((host, "loopback") for host in ("localhost", "a.localhost", "LOCALHOST.", "127.9.9.9", "[::1]", "[::1%lo]")),
        *(
            (host, "private")
            for host in ("10.0.0.3", "192.168.1.1", "172.31.255.255", "169.254.1.1", "[fd00::1]", "[fe80::1%25eth0]",
                         "gpu-box", "gpu.local", "GPU.Local.", "host.docker.internal", "[::ffff:10.0.0.1]", "10.1")
        ),
        *(
            (host, "public")
            for host in ("api.example.com", "8.8.8.8", "134744072", "0x8080808", "[2001:4860:4860::8888]",
                         "203.0.113.5",
                         "240.0.0.1", "100.64.0.1", "172.32.0.1", "[2001:db8::1]", "[2001:0:808:808::1]",
                         "[64:ff9b::a00:1]", "[2002:a00:1::]", "[::ffff:8.8.8.8]", "localhost.example.com",
                         "127.0.0.1.example.com", "a.local.example", "ai.", "ai", "UZ", "[::7f00:1]", "010.8.8.8",
                         "evil\u3002com")
        ),
    ],
)  # fmt: skip
def test_who_could_listen_on_the_way(host: str, place: str) -> None:
    address = read(f"http://{host}:8000/v1")
    found = "loopback" if address.is_loopback else "private" if address.is_private else "public"
    assert found == place
    assert address.is_private is (place != "public")


@pytest.mark.parametrize(
    "url",
    [
        "", "host:80", "ftp://h", "http:/h", "http://", "http:///v1", "http://:80", "http://a..b", "http://.local",
        "http://-a", "http://a b", "http://a\tb", "ht\ntp://h", "http://h\\.local", "http://h%2f.local", "http://h;a",
        "http://u@h", "http://u:p@h", "http://@h", "http://localhost:80@h", "http://h:0", "http://h:65536",
        "http://h:+8", "http://h:8_0", "http://h:\uff18", "http://::1:80", "http://[::1", "http://[v1.a]",
        "http://[127.0.0.1]", "http://[::1]x", "http://[fe80::1%]", "http://[fe80::1%a/b]", "http://1.2.3.256",
        "http://1.2.3.4.5", "http://0x1ffffffff", "http://09.1.1.1", "http://h#a", "http://h/\ud800", "http://h\u200b",
        "https://stra\u00dfe.example", f"http://{'a' * 64}", "http+unix://", "http+unix:///run/llm", "http+unix://h:80@u/",
        "http+unix://%00/v1", "http\u017f://h", "un\u0131x:///run/llm.sock", "http://1_0.0.0.1",
    ],
)  # fmt: skip
def test_what_is_no_place_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ConfigError, match="the base URL") as caught:
        read(url)
    assert len(url) < 13 or url not in str(caught.value)


@given(st.text(max_size=40))
def test_any_text_is_a_place_or_a_config_error(text: str) -> None:
    for url in (text, f"http://{text}", f"https://[{text}]/", f"http+unix://{text}/v1"):
        try:
            address = read(url)
        except ConfigError:
            continue
        again = read(str(address))
        assert str(again) == str(address), "it has one form"
        assert str(address).isascii()
