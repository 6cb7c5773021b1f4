"""OpenAI Chat Completions and everything that speaks like it. Only the choice with index 0 is read."""

from __future__ import annotations

import json
from dataclasses import dataclass

from .base import Draft, Json, decoded, get, image, is_plain_json, number, objects, sse_data, sse_objects, string, usage
from .errors import error_in_body

FINISH = {
    **dict.fromkeys(("stop", "eos", "end_turn"), "stop"),
    **dict.fromkeys(("tool_calls", "tool_call", "function_call"), "tool_calls"),  # Azure's Mistral says tool_call
    **dict.fromkeys(("length", "model_length", "max_tokens", "max_output_tokens"), "length"),
    **dict.fromkeys(("content_filter", "sensitive"), "content_filter"),
    **dict.fromkeys(("error", "insufficient_system_resource", "network_error"), "error"),
}
OVERRIDES = {"content_filter", "error"}
PROMPT, COMPLETION = (("prompt_tokens",), ("input_tokens",)), (("completion_tokens",), ("output_tokens",))
CACHE_READ = (
    ("prompt_tokens_details", "cached_tokens"),
    ("prompt_cache_hit_tokens",),
    ("cached_tokens",),
    ("num_cached_tokens",),
    ("cache_read_input_tokens",),
)
CACHE_WRITE = (("prompt_tokens_details", "cache_write_tokens"), ("cache_creation_input_tokens",))
REASONING = (("completion_tokens_details", "reasoning_tokens"), ("reasoning_tokens",))


@dataclass
class Call:
    index: object  # any key: some servers start at 1 or say -1
    id: str
    name: str = ""
    arguments: str = ""


def read(body: bytes) -> Draft:
    if is_plain_json(body):
        return _read([json.loads(body)], "message", done=True)
    return _read(sse_objects(body), "delta", done="[DONE]" in sse_data(body))


def _read(chunks: list[Json], key: str, done: bool) -> Draft:
    """A whole body is a stream of one chunk whose choice has a message instead of a delta."""
    draft = Draft()
    calls: list[Call] = []
    refused = heard = spoken = False
    for chunk in chunks:
        draft.id, draft.model = draft.id or string(chunk, "id"), draft.model or string(chunk, "model")
        draft.usage = _usage(chunk) or draft.usage
        for choice in objects(chunk, "choices"):
            if (choice.get("index") or 0) == 0:
                refused = bool(string(choice, key, "refusal")) or refused
                _message(draft, calls, choice.get(key), whole=key == "message")
                heard = bool(string(choice, key, "audio", "transcript")) or heard
                spoken = bool(number(choice, key, "audio", "expires_at")) or spoken
                _finish(draft, choice)
        if chunk.get("error"):
            draft.error = error_in_body(chunk["error"])
            # OpenAI reports the token limit as an error; behind content that is an answer cut by its length.
            if "model output limit was reached" in json.dumps(chunk["error"]) and (_has_content(draft) or heard):
                draft.error, draft.finish = None, "length"
                break
        if draft.error:  # nothing after an error counts
            break
    draft.tool_calls = [(call.name, call.arguments) for call in calls if call.name]
    if draft.finish is None and spoken:
        draft.finish = "stop"  # sound has no finish reason: its expiry is the mark
    elif draft.finish is None and done and draft.error is None:
        draft.finish = "other"  # all has come that will, but nobody has said that it is all
    if refused:
        draft.finish = "content_filter"
    return draft


def _has_content(draft: Draft) -> bool:
    return bool(draft.text or draft.thinking or draft.tool_calls or draft.audio or draft.images)


def _finish(draft: Draft, choice: Json) -> None:
    if choice.get("error"):
        draft.error = error_in_body(choice["error"])
    word = string(choice, "finish_reason")
    meaning = FINISH.get(word, "other")
    if word and (draft.finish is None or meaning in OVERRIDES):
        draft.finish, draft.raw_finish = meaning, word


def _message(draft: Draft, calls: list[Call], message: object, whole: bool) -> None:
    content = get(message, "content")
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else objects(message, "content")
    draft.text += "".join(string(part, "text") for part in parts if part.get("type") == "text")
    draft.text += string(message, "refusal")
    draft.thinking += _thinking(message, parts)
    draft.images += [image(string(part, "image_url", "url")) for part in objects(message, "images")]
    draft.audio += decoded(string(message, "audio", "data"))
    for place, piece in enumerate(objects(message, "tool_calls")):
        _call(calls, piece | {"index": place} if whole else piece)  # in a whole message every entry is one call
    legacy = get(message, "function_call")
    if legacy and (legacy.get("name") or legacy.get("arguments")):  # a stub with both empty is no call
        _call(calls, {"index": "legacy", "function": legacy})


def _thinking(message: object, parts: list[Json]) -> str:
    """One spelling of the same thought, never two."""
    said = string(message, "reasoning_content") or string(message, "reasoning")
    details = "".join(string(part, "text") or string(part, "summary") for part in objects(message, "reasoning_details"))
    inside = [text for part in parts if part.get("type") == "thinking" for text in objects(part, "thinking")]
    return said or details or "".join(string(text, "text") for text in inside)


def _call(calls: list[Call], piece: Json) -> None:
    """Pieces belong together by index; a new id on a known index is a new call; without an index the last one grows."""
    index, id_, name = piece.get("index"), string(piece, "id"), string(piece, "function", "name")
    known = [call for call in calls if index is None or call.index == index]
    if not known or (id_ and known[-1].id and id_ != known[-1].id):
        known = [Call(index, id_)]
        calls += known
    known[-1].name = known[-1].name or name
    known[-1].arguments += _arguments(get(piece, "function", "arguments"))


def _arguments(raw: object) -> str:
    if raw is None:
        return ""
    return raw if isinstance(raw, str) else json.dumps(raw)


def _usage(chunk: Json) -> dict[str, int | None] | None:
    sent = [chunk.get("usage"), get(chunk, "x_groq", "usage"), *(c.get("usage") for c in objects(chunk, "choices"))]
    counts = next((counts for counts in sent if counts), None)
    if counts is None:
        return _timings(chunk.get("timings"))
    prompt, completion = _first(counts, PROMPT), _first(counts, COMPLETION)
    total = number(counts, "total_tokens")
    reasoning = _first(counts, REASONING)
    # xAI counts reasoning beside the completion; the total gives it away.
    if reasoning and completion is not None and total == (prompt or 0) + completion + reasoning:
        completion += reasoning
    return usage(prompt, completion, _first(counts, CACHE_READ), _first(counts, CACHE_WRITE), reasoning)


def _timings(timings: object) -> dict[str, int | None] | None:
    """llama.cpp without a usage object still says its counts; where it sends both, they always agree."""
    fresh, cached, output = (number(timings, key) for key in ("prompt_n", "cache_n", "predicted_n"))
    return usage(None if fresh is None else fresh + (cached or 0), output, cached)


def _first(counts: object, paths: tuple[tuple[str, ...], ...]) -> int | None:
    found = [number(counts, *path) for path in paths]
    return next((count for count in found if count is not None), None)
