"""Pieces that are wanted as one: joined, or written behind each other as they come."""

import tracemalloc

import pytest

from aikido_llm.framing.gathered import Gathered

MIB = 1 << 20


@pytest.mark.parametrize("sizes", [[], [0], [3], [1, 2, 3], [MIB], [MIB, 1], [1, MIB, 5], [700_000, 700_000, 9, 0, 1]])
def test_what_is_taken_is_what_came(sizes: list[int]) -> None:
    pieces = [bytes([65 + n]) * size for n, size in enumerate(sizes)]
    gathered = Gathered()
    for _ in range(2):  # it is empty again
        for piece in pieces:
            gathered.append(piece)
        whole = b"".join(pieces)
        assert gathered.size == len(whole)
        assert gathered.head(4) == whole[:4]
        assert gathered.take() == whole
        assert (gathered.size, gathered.take()) == (0, b"")


@pytest.mark.parametrize("size", [10, 2 * MIB])
def test_the_first_bytes_can_be_dropped_and_all_of_them(size: int) -> None:
    gathered = Gathered()
    gathered.append(b"data: ")
    gathered.append(b"x" * size)
    gathered.drop(6)
    gathered.append(b"y")
    assert gathered.take() == b"x" * size + b"y"
    gathered.append(b"x" * size)
    gathered.clear()
    assert gathered.take() == b""


def test_many_bytes_take_their_size_once() -> None:
    gathered = Gathered()
    tracemalloc.start()
    try:
        for _ in range(256):
            gathered.append(bytes(65536))
        whole = gathered.take()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(whole) == 16 * MIB
    assert peak < 1.2 * len(whole)
