"""InvokeModel's own rules for a body of Claude's, checked independently of the encoder.

source: Amazon Bedrock User Guide, "Anthropic Claude Messages API: request and response", read 2026-11.
"""

from typing import Any

from aikido_llm.dialects.values import is_list

from . import anthropic_messages


def check(body: dict[str, Any]) -> None:
    """Raises AssertionError for the rule that the body breaks."""
    rest = dict(body)
    assert rest.pop("anthropic_version", None) == "bedrock-2023-05-31"
    betas: object = rest.pop("anthropic_beta", [])
    assert is_list(betas)
    assert all(isinstance(beta, str) and beta.strip() for beta in betas)
    assert "stream" not in rest
    assert "model" not in rest
    anthropic_messages.check({"model": "in-the-path", **rest})
