import pytest

from aikido_llm.errors import TooLargeError
from aikido_llm.framing import WHOLE, Frame
from aikido_llm.framing.whole import WholeBody


def test_the_pieces_are_one_frame_when_they_are_over() -> None:
    framer = WholeBody(100)
    out: list[Frame] = []
    for piece in (b'{"a"', b"", b":1}"):
        framer.feed(piece, out)
    assert out == []
    framer.close(out)
    assert out == [(WHOLE, b'{"a":1}')]


def test_no_bytes_at_all_are_an_empty_frame() -> None:
    out: list[Frame] = []
    WholeBody(100).close(out)
    assert out == [(WHOLE, b"")]


def test_the_cap_is_exact() -> None:
    framer = WholeBody(4)
    out: list[Frame] = []
    framer.feed(b"abcd", out)
    with pytest.raises(TooLargeError) as caught:
        framer.feed(b"e", out)
    assert (caught.value.cap, caught.value.limit) == ("body_bytes", 4)
