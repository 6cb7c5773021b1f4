import base64
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aikido_llm.codecs import base64 as _base64
from aikido_llm.codecs import json
from aikido_llm.codecs.base64 import Base64Reader, Base64Text, decode, encode, split_data_uri


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([4, 19, 76]))
def test_the_forms_that_providers_send_are_read(data: bytes, width: int) -> None:
    text = base64.b64encode(data).decode()
    assert encode(data) == text
    assert decode(text) == decode(text.encode()) == data
    assert decode(text.rstrip("=")) == data
    assert decode(base64.urlsafe_b64encode(data).decode()) == data
    assert decode("\r\n".join(text[i : i + width] for i in range(0, len(text), width)) + "\n") == data


@pytest.mark.parametrize("text", ["a", "=", "====", "QUI=QUI=", "Q!==", "<svg>", "é", "QQ==x", "a\0bc", "{}"])
def test_junk_is_an_error_and_never_shortened_data(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        decode(text)
    with pytest.raises(ValueError, match=r"\S"):
        decode(text.encode())


def test_the_error_does_not_repeat_the_text() -> None:
    with pytest.raises(ValueError, match=r"\S") as caught:
        decode("é-canary")
    assert "canary" not in str(caught.value)
    assert "é" not in str(caught.value)


def test_nothing_is_nothing() -> None:
    assert decode("") == b""
    assert decode(b" \n") == b""


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("data:image/png;base64,AAEC", ("image/png", b"\0\1\2")),
        ("DATA:image/png;BASE64,AAEC", ("image/png", b"\0\1\2")),
        ("data:image/png;charset=x;base64,AAE", ("image/png", b"\0\1")),
        ("data:;base64,AAEC", ("", b"\0\1\2")),
        ("data:,a%20b", ("", b"a b")),
        ("data:text/plain,a,b", ("text/plain", b"a,b")),
        ("data:image/png;base64,", ("image/png", b"")),
    ],
)
def test_data_uris(uri: str, expected: tuple[str, bytes]) -> None:
    assert split_data_uri(uri) == expected


@pytest.mark.parametrize("uri", ["", "data:image/png;base64", "http://host/a,b", "data:image/png;base64,@@"])
def test_what_is_no_data_uri_is_an_error(uri: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        split_data_uri(uri)


def test_bytes_in_a_body_are_written_as_text_with_their_prefix() -> None:
    body = {"a": Base64Text(b"\0\1\2"), "b": [Base64Text(b"\0", "data:x;base64,")]}
    assert json.loads(json.dumps(body)) == {"a": "AAEC", "b": ["data:x;base64,AA=="]}
    assert _base64.encode(b"") == ""


def read_in(pieces: list[bytes]) -> tuple[bytes | None, bytes]:
    """(what the reader makes of them, the text that it took)."""
    reader = Base64Reader()
    data = reader.finish() if all(reader.feed(piece) for piece in pieces) else None
    return data, reader.text()


@pytest.mark.parametrize("sizes", [(200_000,), (1, 70_001, 2, 300_003), (65_536, 65_537, 65_535), (3,) * 40_000])
@pytest.mark.parametrize("alphabet", ["+/", "-_"])
def test_a_large_text_in_pieces_is_read_as_it_is_in_one(sizes: tuple[int, ...], alphabet: str) -> None:
    data = bytes(range(256)) * (sum(sizes) // 400)
    text = base64.b64encode(data, alphabet.encode())
    ends = list(accumulate(sizes))
    pieces = [text[end - size : end] for end, size in zip(ends, sizes, strict=True)] + [text[ends[-1] :]]
    assert read_in(pieces) == (data, text)


@pytest.mark.parametrize("at", [0, 5, 65_535, 65_536, 100_000, 199_990])
def test_a_piece_that_does_not_fit_is_not_taken_at_all(at: int) -> None:
    text = base64.b64encode(bytes(range(256)) * 600)
    junk = text[:at] + b"!" + text[at + 1 :]
    for known in ((), (bytes(range(256)) * 600,), (bytes(range(256)) * 900,)):
        reader = Base64Reader(known)
        assert reader.feed(text)
        assert not reader.feed(junk)
        assert reader.text() == text
