"""The vectors and scores that the test server makes of texts: the same for the same text, in every process. Pure."""

import re
from array import array
from hashlib import blake2b

from ..types.embeddings import Vector

DIMENSIONS = 8


def vector_of(text: str, dimensions: int = DIMENSIONS) -> Vector:
    """A vector of the text alone: numbers from -1 to 1 that float32 holds exactly."""
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=64).digest()
    return array("f", (((digest[place % 64] + place) % 256 - 128) / 128 for place in range(dimensions)))


def relevance(query: str, document: str) -> float:
    """Which part of the query's words the document has, from 0 to 1."""
    wanted = set(re.findall(r"\w+", query.lower()))
    return len(wanted.intersection(re.findall(r"\w+", document.lower()))) / max(1, len(wanted))


def ranked(query: str, documents: list[str]) -> list[tuple[int, float]]:
    """(place, score), the best first."""
    scores = ((place, relevance(query, document)) for place, document in enumerate(documents))
    return sorted(scores, key=lambda found: -found[1])
