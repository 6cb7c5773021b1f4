"""What a request says to the service, read from its JSON alone: the standard library and nothing of `aikido_llm`.

Each thing said is a pair (kind, value): the kinds are text, thought, proof (a signature, or reasoning that is
encrypted), call, result, and the type of any other block. Values are text, so that they can be compared.
"""

import json
from collections.abc import Iterator
from typing import Any, cast

from tests.corpus.facts.base import Json, get, objects, string

Said = tuple[str, str]

KEYS = {
    "openai-chat": "messages",
    "anthropic-messages": "messages",
    "cohere-v2": "messages",
    "ollama-chat": "messages",
    "gemini": "contents",
    "openai-responses": "input",
}
"""Where each wire has its turns."""


def said_by(protocol: str, turn: Json) -> list[Said]:
    """turn: one message, content or item. Blank text says nothing."""
    return [(kind, value.translate(_PLAIN)) for kind, value in _READERS[protocol](turn) if value.strip()]


_PLAIN = str.maketrans(
    {"\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"', "\u2026": "...", "\u2013": "-", "\u2014": "--"}
)
"""One of the recorders wrote typographic marks plain in its requests."""


def is_the_models(protocol: str, turn: Json) -> bool:
    """Whether the turn is one of the assistant."""
    if protocol == "openai-responses" and turn.get("type", "message") != "message":
        return turn["type"] not in ("function_call_output", "custom_tool_call_output", "item_reference")
    return turn.get("role") in ("assistant", "model")


def _canonical(value: Any) -> str:
    """JSON in one form, without nulls; a text that is JSON is read first."""
    if isinstance(value, str):
        try:
            value = json.loads(value or "{}")
        except ValueError:
            return str(value)
    return json.dumps(_without_nulls(value), sort_keys=True)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        fields = cast("Json", value)
        return {key: _without_nulls(inner) for key, inner in fields.items() if inner is not None}
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in cast("list[object]", value)]
    return value


def _parts(content: object) -> list[Json]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else objects(content)


def _texts(content: object) -> str:
    return "".join(string(part, "text") for part in _parts(content)).strip()


def _result(id: str, content: object) -> Said:
    return "result", f"{id}: {_texts(content)}"


def _call(call: Json) -> Said:
    arguments = _canonical(get(call, "function", "arguments"))
    return "call", f"{string(call, 'id')} {string(call, 'function', 'name')} {arguments}"


def _chat(turn: Json) -> Iterator[Said]:
    if turn["role"] == "tool":
        yield _result(string(turn, "tool_call_id"), turn["content"])
        return
    yield "text", _texts(get(turn, "content"))
    details = objects(turn, "reasoning_details")
    detailed = "".join(string(detail, "text") or string(detail, "summary") for detail in details)
    yield "thought", (string(turn, "reasoning_content") or string(turn, "reasoning") or detailed).strip()
    for detail in details:
        yield "proof", string(detail, "signature") or string(detail, "data")
    yield from map(_call, objects(turn, "tool_calls"))


def _anthropic(turn: Json) -> Iterator[Said]:
    for block in _parts(turn["content"]):
        match block["type"]:
            case "text":
                yield "text", string(block, "text").strip()
            case "thinking":
                yield "thought", string(block, "thinking").strip()
                yield "proof", string(block, "signature")
            case "redacted_thinking":
                yield "proof", string(block, "data")
            case "tool_use":
                yield "call", f"{block['id']} {block['name']} {_canonical(block['input'])}"
            case "tool_result":
                yield _result(block["tool_use_id"], get(block, "content"))
            case kind:
                yield kind, string(block, "id") or string(block, "tool_use_id") or _canonical(block)


def _gemini(turn: Json) -> Iterator[Said]:
    """Some clients write the names with underscores."""
    for part in objects(turn, "parts"):
        yield "thought" if part.get("thought") else "text", string(part, "text").strip()
        yield "proof", string(part, "thoughtSignature") or string(part, "thought_signature")
        call = get(part, "functionCall") or get(part, "function_call")
        if call:
            yield "call", f"{string(call, 'name')} {_canonical(get(call, 'args') or {})}"
        yield "result", string(part, "functionResponse", "name") or string(part, "function_response", "name")


def _cohere(turn: Json) -> Iterator[Said]:
    if turn["role"] == "tool":
        yield "result", string(turn, "tool_call_id")  # theirs are documents, ours are text
        return
    yield "text", (string(turn, "tool_plan") + _texts(get(turn, "content"))).strip()
    yield from map(_call, objects(turn, "tool_calls"))


def _ollama(turn: Json) -> Iterator[Said]:
    if turn["role"] == "tool":
        yield "result", _texts(turn["content"])
        return
    yield "text", _texts(get(turn, "content"))
    yield "thought", string(turn, "thinking").strip()
    for call in objects(turn, "tool_calls"):
        yield _call({**call, "id": ""})  # some clients leave it out


def _responses(item: Json) -> Iterator[Said]:
    match item.get("type", "message"):
        case "message":
            yield "text", _texts(get(item, "content"))
        case "reasoning":
            yield "thought", _texts(get(item, "summary"))
            yield "proof", string(item, "encrypted_content")
        case "function_call":
            yield "call", f"{item['call_id']} {item['name']} {_canonical(item['arguments'])}"
        case "function_call_output":
            yield _result(item["call_id"], get(item, "output"))
        case kind:
            yield kind, _canonical({key: value for key, value in item.items() if key in ("type", "action", "code")})


_READERS = {
    "openai-chat": _chat,
    "anthropic-messages": _anthropic,
    "cohere-v2": _cohere,
    "ollama-chat": _ollama,
    "gemini": _gemini,
    "openai-responses": _responses,
}
