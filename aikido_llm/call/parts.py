"""Many texts -> the requests that carry them, within what a host takes. Pure."""

from collections.abc import Iterable, Sequence
from typing import cast

from attrs import evolve

from ..codecs.text import kind_name
from ..dialects.values import is_mapping
from ..dialects.verbs import Embedding
from ..errors import InvalidRequestError
from ..types.messages import user
from ..types.request import Request
from ..types.usage import Usage

AT_ONCE = 8
"""Requests of one call that are under way at the same time, where `Limits.connections` lets them."""

_FEW = 64  # texts that are one request, however many could be sent beside it
_PARTS = 4 * AT_ONCE  # so that the answers that are under way take a fraction of what the vectors take
_BYTES_PER_TOKEN = 2  # fewer than nearly any text has: a part that is too large is refused as a whole


def texts_of(texts: str | Iterable[str], what: str) -> list[str]:
    """What a caller gave as texts. Raises InvalidRequestError for what is none."""
    if not isinstance(cast("object", texts), Iterable) or is_mapping(texts):  # of a mapping it would take the keys
        raise InvalidRequestError(f"{what} takes texts, not {kind_name(texts)}")
    found = [texts] if isinstance(texts, str) else list(texts)
    for text in found:
        if not isinstance(cast("object", text), str):
            raise InvalidRequestError(f"{what} takes texts, not {kind_name(text)}")
    return found


def parts(texts: Sequence[str], table: Embedding) -> list[range]:
    """The texts of each request, as places: few enough for the host, and as even as lets them be sent side by side."""
    most = min(table.most_texts, max(_FEW, -(-len(texts) // _PARTS)))
    found: list[range] = []
    start = tokens = 0
    for place, text in enumerate(texts):
        more = -(-_bytes(text) // _BYTES_PER_TOKEN)
        full = table.most_tokens and tokens + more > table.most_tokens
        if place > start and (full or place - start == most):
            found.append(range(start, place))
            start, tokens = place, 0
        tokens += more
    return [*found, range(start, len(texts))] if texts else []


def stand_in(texts: Sequence[str], model: str) -> Request:
    """A request that takes as many tokens as reading these texts does, and answers with one: what gates are asked for
    a verb that is no chat."""
    return Request(user("\n\n".join(texts)), model=model, max_tokens=1)


def read_alone(usage: Usage) -> Usage | None:
    """What such a verb took: it answers with no tokens. None where the host does not say what was read."""
    return None if usage.input_tokens is None else evolve(usage, output_tokens=usage.output_tokens or 0)


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
