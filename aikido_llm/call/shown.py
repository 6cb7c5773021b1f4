"""What of an answer its Response shows: names without keys, an error's JSON without keys, no halves of characters."""

from functools import partial
from typing import Any

from attrs import evolve

from ..codecs import json
from ..dialects.base import Brief, Decoder
from ..secret import Secret, hide, hide_in
from ..types.response import Response
from ..types.unread import Unread
from .halves import without_halves


def names(decoder: Decoder | Brief, secrets: tuple[Secret, ...]) -> tuple[str, str, str | None]:
    """(id, model, the provider's word for the end): no content, so that none of them may be a key."""
    id, model, word = decoder.id, decoder.model, decoder.raw_finish_reason
    said = f"{id}\n{model}\n{word}"
    if not secrets or hide(said, *secrets) == said:
        return id, model, word
    return hide(id, *secrets), hide(model, *secrets), word and hide(word, *secrets)


def raw(body: bytes, secrets: tuple[Secret, ...] = ()) -> Unread | None:
    """A whole document, to be read when it is asked for, without these secrets."""
    if not body:
        return None
    read = partial(json.loads_first, body)
    return Unread((lambda: hidden(read(), secrets)) if secrets else read)


def hidden(value: Any, secrets: tuple[Secret, ...]) -> Any:
    """JSON of an answer that failed: where an error stands in it, keys are repeated."""
    try:
        return hide_in(value, *secrets) if secrets else value
    except RecursionError:  # nested too deep to be looked through
        return None


def mended(response: Response) -> Response:
    """No half of a character leaves in what was not an event either."""
    fields = ("id", "model", "raw_finish_reason", "provider_data", "replay", "replay_state", "logprobs", "choices")
    try:
        return evolve(response, **{name: without_halves(getattr(response, name)) for name in fields})
    except RecursionError:  # nested too deep to be gone through
        return evolve(response, provider_data={}, replay=(), replay_state={}, logprobs=(), choices=())
