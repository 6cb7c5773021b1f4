"""What has no typed place -> `provider_data`: the last value of a key wins, objects key by key.

Left out are padding, nulls and empty values, what names the frame rather than the answer, and what typed fields say.
"""

from typing import Any

from ..reasoned import NAMES
from ..values import is_object
from .wire import Json

ANSWER = frozenset((
    "id", "model", "model_id", "object", "created", "created_at", "choices", "usage", "error", "x_groq", "type",
    "obfuscation", "p",
))  # fmt: skip
HARMLESS = frozenset((
    "id", "model", "object", "created", "choices", "usage", "obfuscation", "p", "provider", "service_tier",
    "system_fingerprint",
))  # fmt: skip
"""An answer with no other keys tells no error."""
BESIDE = frozenset(("content", "tool_calls", "function_call", "refusal", "reasoning_details", *NAMES))
"""What some servers write in the choice itself, where a message or a delta around it is due."""
CHOICE = BESIDE | frozenset(("index", "delta", "message", "finish_reason", "logprobs", "usage", "error", "text"))
MESSAGE = frozenset((
    "role", "name", "channel", "content", "refusal", "tool_calls", "function_call", "images", "audio", "annotations",
    "reasoning_details", "executed_tools", "padding",
))  # fmt: skip


def keep(values: Json, typed: frozenset[str], into: Json) -> None:
    """typed: the keys that are read elsewhere, or name the frame."""
    for key, value in values.items():
        if key in typed or _says_nothing(value):
            continue
        before = into.get(key)
        if is_object(value) and is_object(before):
            before.update(value)
        else:
            into[key] = dict(value) if is_object(value) else value  # a copy, as it grows


def _says_nothing(value: Any) -> bool:
    """0 and False say something."""
    return not value and (value is None or isinstance(value, _EMPTY))


_EMPTY = (str, list, dict)
