"""Holds what our road read of a recorded exchange against the facts that the separate reader took from its JSON."""

import hashlib
import json

from aikido_llm.types.events import Event
from aikido_llm.types.parts import ImagePart
from tests.corpus.facts.base import Facts
from tests.wire import error_of, response_of


def check_against_facts(events: list[Event], facts: Facts) -> None:
    """Text, thinking, calls, images, audio, finish reason, usage and outcome are equal; says which is not."""
    response, error = response_of(events), error_of(events)
    outcome = type(error).__name__ if error else None
    assert outcome == facts.error, f"outcome: {outcome} ({error}), the facts say {facts.error}"
    assert response.text == facts.text
    assert response.thinking == facts.thinking
    assert tuple((call.name, canonical(call.arguments)) for call in response.tool_calls) == facts.tool_calls
    assert tuple(image_fact(image) for image in response.images) == facts.images
    sound = b"".join(part.data or b"" for part in response.audio)
    assert (hashlib.sha256(sound).hexdigest() if sound else "") == facts.audio
    if error is None:
        assert response.finish_reason == facts.finish_reason
        assert response.raw_finish_reason == facts.raw_finish_reason
    _check_usage(response.usage, facts)


def _check_usage(usage: object, facts: Facts) -> None:
    names = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")
    got = {name: getattr(usage, name) for name in names}
    assert got == (facts.usage or dict.fromkeys(names)), "usage"


def canonical(arguments: str) -> str:
    """Arguments as comparable JSON text; as they are when they do not parse."""
    try:
        return json.dumps(json.loads(arguments), sort_keys=True)
    except ValueError:
        return arguments


def image_fact(image: ImagePart) -> tuple[str, str]:
    """(media type, SHA-256 of the bytes), or (media type, URL)."""
    return image.content_type, hashlib.sha256(image.data).hexdigest() if image.data is not None else (image.url or "")
