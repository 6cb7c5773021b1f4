"""A request's body with large media in it: written in pieces, the same bytes as in one."""

import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aikido_llm.codecs import json
from aikido_llm.codecs.base64 import Base64Text, encode_blocks, encoded_size

LARGE = 64 * 1024
PICTURE = bytes(range(256)) * 1024


def body_with(*media: Base64Text, **more: Any) -> dict[str, Any]:
    return {"model": "m", "content": [{"url": part} for part in media], **more}


def test_a_small_body_is_bytes() -> None:
    small = body_with(Base64Text(PICTURE[: LARGE - 1]), Base64Text(b""))
    assert json.dumps_body(small) == json.dumps(small)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 3 * LARGE), st.sampled_from(["", "data:image/png;base64,", 'a"b\\é'])), max_size=4
    ),
    st.text(max_size=20),
)
def test_the_pieces_are_the_bytes_of_the_whole(media: list[tuple[int, str]], text: str) -> None:
    body = body_with(*(Base64Text(PICTURE[:size], prefix) for size, prefix in media), text=text)
    made = json.dumps_body(body)
    if isinstance(made, bytes):
        assert made == json.dumps(body)
        return
    assert b"".join(made.pieces()) == json.dumps(body)
    assert b"".join(made.pieces()) == json.dumps(body), "each attempt begins anew"
    assert len(made) == len(json.dumps(body))


def test_what_the_fast_writer_cannot_write_is_written_too() -> None:
    body = body_with(Base64Text(PICTURE, "x:"), Base64Text(PICTURE[1:]), text="\ud800")
    made = json.dumps_body(body)
    assert not isinstance(made, bytes)
    assert b"".join(made.pieces()) == json.dumps(body)


def test_large_text_beside_is_cut_too() -> None:
    made = json.dumps_body(body_with(Base64Text(PICTURE), text="x" * 3_000_000))
    assert not isinstance(made, bytes)
    assert max(map(len, made.pieces())) <= 256 * 1024


def test_what_cannot_be_written_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(TypeError, match="object cannot be written as JSON"):
        json.dumps_body(body_with(Base64Text(PICTURE), text=object()))


@pytest.mark.parametrize("size", [0, 1, 2, 3, 192 * 1024 - 1, 192 * 1024, 192 * 1024 + 1, 500_000])
def test_the_size_of_base64_is_known_before(size: int) -> None:
    data = bytes(size)
    assert sum(map(len, encode_blocks(data))) == encoded_size(data)


def test_memory_does_not_grow_with_the_picture() -> None:
    picture = bytes(10_000_000)
    tracemalloc.start()
    try:
        made = json.dumps_body(body_with(Base64Text(picture)))
        assert not isinstance(made, bytes)
        for _ in made.pieces():
            pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000
