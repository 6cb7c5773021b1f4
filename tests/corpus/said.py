"""What a request says to the service, read from its JSON alone: the standard library and nothing of `aikido_llm`.

Each thing said is a pair (kind, value): the kinds are text, thought, proof (a signature, or reasoning that is
encrypted), call, result, and the type of any other block. Values are text, so that they can be compared.
"""

import json
from collections.abc import Iterator
from typing import Any

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


def said_by(protocol: str, turn: dict[str, Any]) -> list[Said]:
    """turn: one message, content or item. Blank text says nothing."""
    return [(kind, value.translate(_PLAIN)) for kind, value in _READERS[protocol](turn) if value.strip()]


_PLAIN = str.maketrans(
    {"\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"', "\u2026": "...", "\u2013": "-", "\u2014": "--"}
)
"""One of the recorders wrote typographic marks plain in its requests."""


def is_the_models(protocol: str, turn: dict[str, Any]) -> bool:
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
            return value
    return json.dumps(_without_nulls(value), sort_keys=True)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value] if isinstance(value, list) else value


def _parts(content: Any) -> list[dict[str, Any]]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [part if isinstance(part, dict) else {"type": "text", "text": str(part)} for part in content or []]


def _texts(content: Any) -> str:
    return "".join(str(part.get("text") or "") for part in _parts(content)).strip()


def _result(id: Any, content: Any) -> Said:
    return "result", f"{id}: {_texts(content)}"


def _chat(turn: dict[str, Any]) -> Iterator[Said]:
    if turn.get("role") == "tool":
        yield _result(turn.get("tool_call_id"), turn.get("content"))
        return
    yield "text", _texts(turn.get("content"))
    details = turn.get("reasoning_details") or []
    detailed = "".join(str(detail.get("text") or detail.get("summary") or "") for detail in details)
    yield "thought", str(turn.get("reasoning_content") or turn.get("reasoning") or detailed).strip()
    for detail in details:
        yield "proof", str(detail.get("signature") or detail.get("data") or "")
    for call in turn.get("tool_calls") or []:
        function = call.get("function") or {}
        yield "call", f"{call.get('id')} {function.get('name')} {_canonical(function.get('arguments'))}"


def _anthropic(turn: dict[str, Any]) -> Iterator[Said]:
    for block in _parts(turn.get("content")):
        match block["type"]:
            case "text":
                yield "text", block["text"].strip()
            case "thinking":
                yield "thought", block["thinking"].strip()
                yield "proof", str(block.get("signature") or "")
            case "redacted_thinking":
                yield "proof", block["data"]
            case "tool_use":
                yield "call", f"{block['id']} {block['name']} {_canonical(block['input'])}"
            case "tool_result":
                yield _result(block["tool_use_id"], block.get("content"))
            case kind:
                yield kind, str(block.get("id") or block.get("tool_use_id") or _canonical(block))


def _gemini(turn: dict[str, Any]) -> Iterator[Said]:
    for part in turn.get("parts") or []:
        if part.get("thought"):
            yield "thought", str(part.get("text") or "").strip()
        elif part.get("text"):
            yield "text", part["text"].strip()
        yield "proof", str(part.get("thoughtSignature") or part.get("thought_signature") or "")
        call = part.get("functionCall") or part.get("function_call")
        if call:
            yield "call", f"{call['name']} {_canonical(call.get('args') or {})}"
        answer = part.get("functionResponse") or part.get("function_response")
        if answer:
            yield "result", str(answer["name"])


def _cohere(turn: dict[str, Any]) -> Iterator[Said]:
    if turn.get("role") == "tool":
        yield "result", str(turn.get("tool_call_id"))  # theirs are documents, ours are text
        return
    yield "text", "".join((str(turn.get("tool_plan") or ""), _texts(turn.get("content")))).strip()
    for call in turn.get("tool_calls") or []:
        function = call["function"]
        yield "call", f"{call.get('id')} {function['name']} {_canonical(function.get('arguments'))}"


def _ollama(turn: dict[str, Any]) -> Iterator[Said]:
    if turn.get("role") == "tool":
        yield "result", _texts(turn.get("content"))
        return
    yield "text", _texts(turn.get("content"))
    yield "thought", str(turn.get("thinking") or "").strip()
    for call in turn.get("tool_calls") or []:
        yield "call", f"{call['function']['name']} {_canonical(call['function'].get('arguments'))}"


def _responses(item: dict[str, Any]) -> Iterator[Said]:
    match item.get("type", "message"):
        case "message":
            yield "text", _texts(item.get("content"))
        case "reasoning":
            yield "thought", _texts(item.get("summary"))
            yield "proof", str(item.get("encrypted_content") or "")
        case "function_call":
            yield "call", f"{item['call_id']} {item['name']} {_canonical(item['arguments'])}"
        case "function_call_output":
            yield _result(item["call_id"], item.get("output"))
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
