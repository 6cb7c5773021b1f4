"""What a host's headers say of its limits: a table of names for each spelling, and one reading of the values.

source: the hosts' pages on rate limits, read 2026-11: OpenAI (Groq, xAI and most hosts of that wire use its names),
Azure, Anthropic, Mistral, Cerebras, Together, OpenRouter.
"""

from collections.abc import Mapping
from typing import TypeAlias

from ..dialects.values import as_count
from ..dialects.waits import of_value
from ..types.exchange import RateLimits

RateHeaders: TypeAlias = Mapping[str, str]
"""Field of RateLimits -> header, in lower case."""

_WHAT = ("limit", "remaining", "reset")


def _spelled(pattern: str, **kinds: str) -> RateHeaders:
    """pattern: a header's name with {kind} and {what}. kinds: as RateLimits has them -> as the host writes them."""
    return {f"{kind}_{what}": pattern.format(kind=word, what=what) for kind, word in kinds.items() for what in _WHAT}


OPENAI = _spelled("x-ratelimit-{what}-{kind}", requests="requests", tokens="tokens")
ANTHROPIC = _spelled(
    "anthropic-ratelimit-{kind}-{what}",
    requests="requests",
    tokens="tokens",
    input_tokens="input-tokens",
    output_tokens="output-tokens",
)
MISTRAL = _spelled("x-ratelimit-{what}-{kind}-minute", requests="req", tokens="tokens")
CEREBRAS = _spelled("x-ratelimit-{what}-{kind}", requests="requests-day", tokens="tokens-minute")
UNNAMED = _spelled("x-ratelimit-{what}", requests="")  # of requests, without saying so
TOGETHER = {**UNNAMED, **_spelled("x-tokenlimit-{what}", tokens="")}


def read(table: RateHeaders, headers: Mapping[str, str]) -> RateLimits | None:
    """headers: found by name in any case. None when they say nothing of limits.

    A count is a whole number, a reset seconds, a duration (`6m0s`), a date or Unix time; what is neither, and negative
    (Azure sends -1 for what it does not count), is None.
    """
    said: dict[str, float] = {}
    for name, header in table.items():
        text = headers.get(header)
        if text is None:
            continue
        value = of_value(text) if name.endswith("reset") else as_count(text.strip())
        if value is not None:
            said[name] = value
    return RateLimits(**said) if said else None
