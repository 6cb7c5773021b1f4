"""What an answer cost, wherever in a chunk or body the host says it."""

from ...types.usage import USAGES, Usage
from ..cost import dollars
from ..counts import READ, WRITTEN, as_counts
from ..values import as_count, as_list, as_object, first_count, is_object, within
from .wire import Json

_CACHE_READ = ("prompt_cache_hit_tokens", "cached_tokens", "num_cached_tokens", "cache_read_input_tokens")
_READ_DETAILS = ("prompt_tokens_details", "prompt_token_details", "input_tokens_details")
_WRITTEN_DETAILS = ("completion_tokens_details", "output_tokens_details")
_BESIDE = ("cache_read_input_tokens", "cache_creation_input_tokens")
"""Anthropic's words, which count beside its `input_tokens` and not within them."""
_CHAT = frozenset(("prompt_tokens", *_READ_DETAILS))
_OF_CACHE = ("cached_tokens", "cache_write_tokens")
_USUAL = frozenset(("prompt_tokens", "completion_tokens", "total_tokens", _READ_DETAILS[0], _WRITTEN_DETAILS[0]))
_NOTHING: Json = {}


def find_usage(chunk: Json) -> Json:
    """The usage object of a chunk, {} for none: its own, Groq's in x_groq, Moonshot's inside a choice; Gemini's, where
    a gateway left it."""
    for key in ("usage", "usageMetadata"):
        if (said := chunk.get(key)) and (usage := as_counts(said)):
            return usage
    for holder in (chunk.get("x_groq"), *as_list(chunk.get("choices"))):
        if is_object(holder) and (said := holder.get("usage")) and (usage := as_counts(said)):
            return usage
    return _NOTHING


def read_usage(usage: Json, timings: Json) -> Usage | None:
    """The last usage object that was sent (they are cumulative) -> Usage; None when neither argument says anything.

    timings: llama.cpp's own figures, which it sends also where usage was not asked for.
    """
    if not usage:
        return _from_timings(timings) if timings else None
    rare = not _USUAL.issuperset(usage)  # a host's own names stand in it
    prompt = first_count(usage, *READ) if rare else as_count(usage.get("prompt_tokens"))
    completion = first_count(usage, *WRITTEN) if rare else as_count(usage.get("completion_tokens"))
    details = _object(usage, *(_READ_DETAILS if rare else _READ_DETAILS[:1]))
    said = _object(usage, *(_WRITTEN_DETAILS if rare else _WRITTEN_DETAILS[:1]))
    reasoning, cached, written = map(as_count, (said.get("reasoning_tokens"), *map(details.get, _OF_CACHE)))
    if rare:
        reasoning = _either(reasoning, usage, "reasoning_tokens")
        cached = _either(cached, usage, *_CACHE_READ)
        written = _either(written, usage, "cache_creation_input_tokens")
        if prompt is not None and prompt == usage.get("input_tokens") and not _CHAT.intersection(usage):
            prompt += sum(as_count(usage.get(name)) or 0 for name in _BESIDE)
    output = _with_reasoning(prompt, completion, reasoning, as_count(usage.get("total_tokens")))
    cached, written, reasoning = within(cached, prompt), within(written, prompt), within(reasoning, output)
    return USAGES.of((prompt, output, cached, written, reasoning, dollars(usage) if rare else None, usage))


def _with_reasoning(prompt: int | None, completion: int | None, reasoning: int | None, total: int | None) -> int | None:
    """xAI counts reasoning beside the completion, all others within it; only the total tells."""
    if reasoning and completion is not None and total == (prompt or 0) + completion + reasoning:
        return completion + reasoning
    return completion


def _from_timings(timings: Json) -> Usage | None:
    fresh, cached, output = (as_count(timings.get(key)) for key in ("prompt_n", "cache_n", "predicted_n"))
    if fresh is None and output is None:
        return None
    prompt = None if fresh is None else fresh + (cached or 0)
    return Usage(input_tokens=prompt, output_tokens=output, cache_read_tokens=cached, raw=timings)


def _object(usage: Json, *names: str) -> Json:
    for name in names:
        if value := usage.get(name):
            return as_object(value)
    return _NOTHING


def _either(count: int | None, usage: Json, *names: str) -> int | None:
    return first_count(usage, *names) if count is None else count
