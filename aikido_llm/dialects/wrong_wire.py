"""The words by which servers say that a model is not to be had over the wire in use, but over its sister.

"Seen" is a recorded reply or a user's report of one. All read 2026-11.
"""

import re
from functools import cache

# The wire that answers instead -> a pattern for any case, and who says so. Patterns are bounded: a search is linear.
_TABLE: dict[str, tuple[tuple[str, str], ...]] = {
    "chat": (
        (r"(?:not |un)supported (?:in|with|by|on|via) (?:the )?(?:/?v1/)?responses\b", "OpenAI: audio, search"),
        (r"only supported in (?:the )?/?v1/chat/completions", "OpenAI, seen"),
        (r"\bresponses operation does not work with the specified model", "Azure: OperationNotSupported"),
        (r"not accessible via the /responses", "GitHub Copilot: unsupported_api_for_model"),
        (r"(?:\buse (?:the )?|did you mean to use )/?v1/chat/completions", "OpenAI, gateways"),
        (r"does not support (?:the )?(?:/?v1/)?responses (?:api|endpoint)", "gateways"),
    ),
    "responses": (
        (r"only supported in (?:the )?/?v1/responses", "OpenAI: pro and codex models"),
        (r"\buse (?:the )?(?:/?v1/responses\b|responses (?:api|endpoint))", "OpenAI: function tools beside reasoning"),
        (r"not supported (?:\S{1,60} ){0,3}(?:in|with|by|on|via) (?:the )?/?v1/chat/completions", "OpenAI, seen"),
        (r"\bchat.?completions? operation does not work with the specified model", "Azure: OperationNotSupported"),
        (r"not accessible via the /chat/completions", "GitHub Copilot: unsupported_api_for_model"),
    ),
}  # fmt: skip

ROWS = tuple(row for rows in _TABLE.values() for row in rows)
"""All of them: a server that says so refuses the request, whatever its status and its code are."""


def wire_that_answers(message: str) -> str:
    """The wire that a server's message sends to, "" when it speaks of none."""
    return next((wire for wire in _TABLE if _pattern(wire).search(message)), "")


@cache
def _pattern(wire: str) -> re.Pattern[str]:
    return re.compile("|".join(pattern for pattern, _ in _TABLE[wire]), re.IGNORECASE)
