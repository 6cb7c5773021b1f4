import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aikido_llm.errors import TooLargeError
from aikido_llm.framing import Frame
from aikido_llm.framing.ndjson import NDJSONFramer
from tests.wire import bytewise, lengths

bodies = st.lists(st.sampled_from([b"{}", b"\n", b"\r", b" ", b"x", b"\xc3\xa9"]), max_size=30).map(b"".join)


def read(pieces: list[bytes], max_bytes: int = 1000) -> list[Frame]:
    framer = NDJSONFramer(max_bytes)
    out: list[Frame] = []
    for piece in pieces:
        framer.feed(piece, out)
    framer.close(out)
    return out


def test_each_line_is_a_frame_and_the_last_may_lack_its_end() -> None:
    assert read([b'{"a":1}\n{"b":2}\r\n{"c":3}']) == [("", b'{"a":1}'), ("", b'{"b":2}'), ("", b'{"c":3}')]


def test_blank_lines_are_skipped() -> None:
    assert read([b"\n  \n\t\r\n1\n\n   "]) == [("", b"1")]


def test_unicode_line_separators_are_text() -> None:
    line = '"a\u2028b\u0085"'.encode()
    assert read([line + b"\n"]) == [("", line)]


@settings(max_examples=150, deadline=None)
@given(bodies, st.lists(st.integers(0, 5)))
def test_any_cut_gives_the_same_frames(body: bytes, sizes: list[int]) -> None:
    whole = read([body])
    assert read(list(lengths(body, sizes))) == whole
    assert read(list(bytewise(body))) == whole
    assert read(body.splitlines(keepends=True)) == whole


@pytest.mark.parametrize("pieces", [[b"1\n12345\n2\n"], [b"1\n12345"], list(bytewise(b"1\n12345\n2\n"))])
def test_a_line_over_the_cap_fails_and_the_frames_before_it_are_out(pieces: list[bytes]) -> None:
    framer = NDJSONFramer(4)
    out: list[Frame] = []

    def feed_all() -> None:
        for piece in pieces:
            framer.feed(piece, out)

    with pytest.raises(TooLargeError) as caught:
        feed_all()
    assert (caught.value.cap, caught.value.limit) == ("event_bytes", 4)
    assert out == [("", b"1")]
