"""What each host's headers say of its limits."""

import pytest

from aikido_llm.providers import find, rate_headers
from aikido_llm.providers.rate_headers import RateHeaders, read
from aikido_llm.types.exchange import RateLimits

OPENAI = {
    "x-ratelimit-limit-requests": "60",
    "x-ratelimit-remaining-requests": "59",
    "x-ratelimit-reset-requests": "6m0s",
    "x-ratelimit-limit-tokens": "150000",
    "x-ratelimit-remaining-tokens": "149984",
    "x-ratelimit-reset-tokens": "12ms",
    "x-unrelated": "7",
}
PAST = "2020-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("row", "headers", "limits"),
    [
        ("openai", OPENAI, RateLimits(60, 59, 360.0, 150000, 149984, 0.012)),
        ("groq", {"x-ratelimit-reset-tokens": "7.66s"}, RateLimits(tokens_reset=7.66)),
        ("azure", {"x-ratelimit-remaining-tokens": "-1", "x-ratelimit-reset-tokens": "-1"}, None),
        (
            "anthropic",
            {
                "anthropic-ratelimit-requests-limit": "50",
                "anthropic-ratelimit-input-tokens-remaining": "9000",
                "anthropic-ratelimit-output-tokens-reset": PAST,
                "x-ratelimit-limit-requests": "1",
            },
            RateLimits(requests_limit=50, input_tokens_remaining=9000, output_tokens_reset=0.0),
        ),
        (
            "mistral",
            {"x-ratelimit-limit-req-minute": "720", "x-ratelimit-remaining-tokens-minute": "11"},
            RateLimits(requests_limit=720, tokens_remaining=11),
        ),
        (
            "cerebras",
            {"x-ratelimit-remaining-requests-day": "3", "x-ratelimit-reset-tokens-minute": "11.4"},
            RateLimits(requests_remaining=3, tokens_reset=11.4),
        ),
        (
            "together",
            {"x-ratelimit-remaining": "2", "x-ratelimit-reset": "1", "x-tokenlimit-limit": "9"},
            RateLimits(requests_remaining=2, requests_reset=1.0, tokens_limit=9),
        ),
        (
            "openrouter",
            {"x-ratelimit-limit": "20", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1577836800000"},
            RateLimits(requests_limit=20, requests_remaining=0, requests_reset=0.0),
        ),
        ("openai", {"content-type": "text/plain"}, None),
        ("openai", {"x-ratelimit-limit-requests": "many", "x-ratelimit-reset-requests": "soon"}, None),
    ],
)
def test_each_host_in_its_own_names(row: str, headers: dict[str, str], limits: RateLimits | None) -> None:
    assert read(find(row).rate_headers, headers) == limits


@pytest.mark.parametrize(
    "table",
    [rate_headers.OPENAI, rate_headers.ANTHROPIC, rate_headers.MISTRAL, rate_headers.CEREBRAS, rate_headers.TOGETHER],
)
def test_every_name_is_a_field(table: RateHeaders) -> None:
    """Each header is read into the field that it is the header of, and nowhere else."""
    for name, header in table.items():
        assert header == header.lower()
        limits = read(table, {header: "5"})
        assert limits == RateLimits(**{name: 5.0})


def test_a_moment_is_the_seconds_until_then() -> None:
    import time

    limits = read({"tokens_reset": "r"}, {"r": f"{time.time() + 100:.0f}"})
    assert limits is not None
    assert limits.tokens_reset is not None
    assert 95 < limits.tokens_reset < 105
