"""Counts of tokens under whatever name: gateways that translate one wire into another leave names as they were.

Each wire asks for its own names first. source: the references of the seven wires and of the SDKs that write them in
camel or snake case; reports about gateways, read 2026-11.
"""

READ = (
    "prompt_tokens", "input_tokens", "promptTokens", "inputTokens", "promptTokenCount", "prompt_token_count",
    "inputTokenCount", "prompt_eval_count",
)  # fmt: skip
"""What the model read."""
WRITTEN = (
    "completion_tokens", "output_tokens", "completionTokens", "outputTokens", "candidatesTokenCount",
    "candidates_token_count", "outputTokenCount", "eval_count",
)  # fmt: skip
"""What it wrote."""
