"""How an answer ended: its `status`, and why it is incomplete."""

from typing import Any

from ...types.response import FinishReason
from ..finish import reason_of
from ..values import as_object, as_text
from ..words import NO_WORDS, Words
from . import errors

FINISH: dict[str, FinishReason] = {  # of what is incomplete
    "max_output_tokens": FinishReason.length,
    "max_tokens": FinishReason.length,
    "content_filter": FinishReason.content_filter,
}

PENDING = ("queued", "in_progress")
"""Statuses of an answer that is being made in the background."""


def ending_word(response: dict[str, Any], event: str) -> str:
    """The wire's own word. event: what the last event's name says, for servers that leave `status` out."""
    reason = as_text(as_object(response.get("incomplete_details")).get("reason"))
    return reason or as_text(response.get("status")) or event


def finish_reason(response: dict[str, Any], event: str, words: Words = NO_WORDS) -> FinishReason | None:
    """None for an answer that has not come (queued, in_progress: it is made in the background).

    raises: the LLMError of an answer that failed; a 200 may hold one."""
    status = as_text(response.get("status")) or event
    if response.get("error") or status in ("failed", "cancelled"):
        said = response.get("error") or {"message": f"the response has the status {status}"}
        error = errors.in_band(said, words)
        error.permanent = error.permanent or status == "cancelled"  # somebody wanted that
        raise error
    if status == "completed":
        return FinishReason.stop
    if status != "incomplete":
        return None
    reason = reason_of(ending_word(response, event), FINISH)
    return FinishReason.other if reason is FinishReason.stop else reason
