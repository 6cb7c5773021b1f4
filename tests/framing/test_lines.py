import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aikido_llm.errors import TooLargeError
from aikido_llm.framing.lines import LineSplitter, too_large
from tests.wire import bytewise, lengths

OTHER_BREAKS = "x\u2028y\u2029z\u0085w\x0b\x0c\x1c\x1d\x1e".encode()


def split(pieces: list[bytes], max_bytes: int = 1000) -> list[bytes]:
    splitter = LineSplitter(max_bytes)
    found = [line for piece in pieces for line in splitter.feed(piece)]
    return [*found, splitter.close()]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"a\nb\n", [b"a", b"b", b""]),
        (b"a\rb\r", [b"a", b"b", b""]),
        (b"a\r\nb\r\n", [b"a", b"b", b""]),
        (b"a\r\nb\rc\nd", [b"a", b"b", b"c", b"d"]),
        (b"\n\n\r\r\r\n\n", [b"", b"", b"", b"", b"", b"", b""]),
        (b"a\n\rb", [b"a", b"", b"b"]),
        (b"", [b""]),
        (b"\r", [b"", b""]),
        (OTHER_BREAKS, [OTHER_BREAKS]),
    ],
)
def test_cr_lf_and_crlf_end_a_line_and_nothing_else_does(body: bytes, expected: list[bytes]) -> None:
    assert split([body]) == expected
    assert split(list(bytewise(body))) == expected


def test_a_crlf_cut_in_two_is_one_line_end() -> None:
    assert split([b"a\r", b"\nb"]) == [b"a", b"b"]
    assert split([b"a\r", b"", b"\nb"]) == [b"a", b"b"]
    assert split([b"a\r", b"\n", b"\nb"]) == [b"a", b"", b"b"]


def test_a_line_that_ends_in_cr_is_handed_out_at_once() -> None:
    assert LineSplitter(10).feed(b"a\r") == [b"a"]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60), st.lists(st.integers(0, 9), max_size=30))
def test_any_cut_of_any_bytes_gives_the_same_lines(noise: bytes, sizes: list[int]) -> None:
    body = noise.translate(bytes(b"\r\n\na"[byte % 4] if byte < 160 else byte for byte in range(256)))
    whole = split([body])
    assert split(list(lengths(body, sizes))) == whole
    assert b"\n".join(whole) == body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def test_a_line_of_exactly_the_cap_passes_and_one_byte_more_does_not() -> None:
    splitter = LineSplitter(4)
    assert splitter.feed(b"abcd") == []
    assert not splitter.overflow
    assert splitter.feed(b"\nabc") == [b"abcd"]
    assert splitter.feed(b"de") == []
    assert splitter.overflow
    with pytest.raises(TooLargeError) as caught:
        splitter.feed(b"\n")
    assert (caught.value.cap, caught.value.limit) == ("event_bytes", 4)


def test_a_whole_line_over_the_cap_is_not_handed_out_either() -> None:
    splitter = LineSplitter(4)
    assert splitter.feed(b"ab\nabcde\nab\n") == [b"ab"]
    assert splitter.overflow


def test_the_error_names_the_cap_its_value_and_what_to_do() -> None:
    error = too_large("body_bytes", 1234567)
    assert (error.cap, error.limit) == ("body_bytes", 1234567)
    assert "Limits.body_bytes" in str(error)
    assert "1,234,567" in str(error)
