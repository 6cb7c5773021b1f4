"""Ways to cut a byte string: a decoder must read the same whatever the network's pieces are. Pure."""

import random
from collections.abc import Iterable, Iterator


def bytewise(body: bytes) -> Iterator[bytes]:
    """One byte at a time."""
    return (body[i : i + 1] for i in range(len(body)))


def random_pieces(body: bytes, seed: int = 0, most: int = 400) -> Iterator[bytes]:
    """The body in pieces of 0 to `most` bytes, the same for the same seed."""
    rng = random.Random(seed)
    at = 0
    while at < len(body):
        size = rng.randint(0, most)
        yield body[at : at + size]
        at += size


def lengths(body: bytes, sizes: Iterable[int]) -> Iterator[bytes]:
    """The body in pieces of these sizes, then the rest."""
    at = 0
    for size in sizes:
        yield body[at : at + size]
        at += size
    yield body[at:]


def cuts(body: bytes, *, small: int = 1500, most: int = 60, seed: int = 7) -> list[int]:
    """Lengths worth cutting a body at: all of a small one; else round line ends, and random ones, `most` in all."""
    if len(body) <= small:
        return list(range(len(body)))
    ends = [i + 1 for i, byte in enumerate(body) if byte == 10] if len(body) < 300_000 else []
    near = [offset + shift for offset in ends for shift in (-1, 0, 1) if 0 <= offset + shift < len(body)]
    rng = random.Random(seed)
    chosen = rng.sample(near, min(len(near), most // 2)) if near else []
    return sorted({*chosen, *(rng.randrange(len(body)) for _ in range(most - len(chosen)))})
