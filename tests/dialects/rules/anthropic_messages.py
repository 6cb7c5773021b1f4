"""The wire's own rules for a request body, checked independently of the encoder."""

import json
import re
from typing import Any

from aikido_llm.codecs import json as _json

_TOP = {
    "model", "max_tokens", "messages", "system", "stream", "temperature", "top_p", "top_k", "stop_sequences", "tools",
    "tool_choice", "thinking", "output_config", "cache_control", "metadata", "service_tier", "container",
}  # fmt: skip
_BLOCKS = {
    "text": {"text", "citations", "cache_control"},
    "image": {"source", "cache_control"},
    "document": {"source", "title", "context", "citations", "cache_control"},
    "tool_use": {"id", "name", "input", "caller", "cache_control"},
    "tool_result": {"tool_use_id", "content", "is_error", "cache_control"},
    "thinking": {"thinking", "signature"},
    "redacted_thinking": {"data"},
}
_ID = re.compile(r"[a-zA-Z0-9_-]+")
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")


def check(body: dict[str, Any]) -> None:
    """body: as the encoder made it, before it became bytes. Raises AssertionError for the rule that it breaks."""
    sent: dict[str, Any] = json.loads(_json.dumps(body))
    assert set(sent) <= _TOP, f"unknown keys: {set(sent) - _TOP}"
    assert isinstance(sent["max_tokens"], int)
    assert isinstance(sent["model"], str)
    assert 0 <= sent.get("temperature", 0) <= 1
    assert not {"temperature", "top_p"} <= set(sent)
    thinking = sent.get("thinking", {})
    if thinking.get("type") == "enabled":
        assert 1024 <= thinking["budget_tokens"] < sent["max_tokens"]
        assert not {"temperature", "top_p"} & set(sent) or sent.get("temperature") == 1
        assert sent.get("tool_choice", {"type": "auto"})["type"] in ("auto", "none")
    _check_tools(sent)
    _check_turns(sent["messages"])
    _check_marks(sent)


def _check_tools(sent: dict[str, Any]) -> None:
    assert "tool_choice" not in sent or sent["tools"]
    for tool in sent.get("tools", []):
        assert _NAME.fullmatch(tool["name"])
        assert tool["input_schema"]["type"] == "object"


def _check_turns(turns: list[dict[str, Any]]) -> None:
    assert turns
    assert turns[0]["role"] == "user"
    ids: set[str] = set()
    waiting: list[str] = []
    for before, turn in zip([None, *turns], turns, strict=False):
        assert before is None or before["role"] != turn["role"], "two turns of one role"
        content = turn["content"]
        assert content, "an empty turn"
        for block in content:
            _check_block(block, turn["role"])
        kinds = [block["type"] for block in content]
        results = [block["tool_use_id"] for block in content if block["type"] == "tool_result"]
        if turn["role"] == "user":
            assert sorted(results) == sorted(waiting), "each call is answered once, in the very next turn"
            assert all(kind == "tool_result" for kind in kinds[: len(results)]), "results stand first"
            assert before is None or before["role"] != "system", "a system message before a user turn"
        if turn["role"] == "system":
            assert before is not None and before["role"] == "user", "a system message stands behind a user turn"
            assert set(kinds) == {"text"}, "a system message is text"
        waiting = [block["id"] for block in content if block["type"] == "tool_use"]
        assert not ids & set(waiting), "an id is used twice"
        assert len(set(waiting)) == len(waiting), "an id is used twice"
        ids |= set(waiting)
    assert not waiting, "calls at the end have no result"
    last = turns[-1]["content"][-1]
    if turns[-1]["role"] == "assistant" and last["type"] == "text":
        assert last["text"] == last["text"].rstrip()


def _check_block(block: dict[str, Any], role: str) -> None:
    kind = block["type"]
    assert kind in _BLOCKS, kind
    assert set(block) - {"type"} <= _BLOCKS[kind], set(block)
    assert (kind in ("thinking", "redacted_thinking", "tool_use")) <= (role == "assistant")
    assert (kind in ("image", "document", "tool_result")) <= (role == "user")
    match kind:
        case "text":
            assert block["text"].strip()
        case "thinking":
            assert block["signature"]
        case "tool_use":
            assert _ID.fullmatch(block["id"])
            assert _NAME.fullmatch(block["name"])
            assert isinstance(block["input"], dict)
        case "tool_result":
            assert _ID.fullmatch(block["tool_use_id"])
            assert block["content"]
            content: Any = block["content"]
            inside: list[dict[str, Any]] = [] if isinstance(content, str) else content
            for inner in inside:
                assert inner["type"] in ("text", "image", "document")
                assert "cache_control" not in inner
                _check_block(inner, "user")
        case _:
            pass


def _check_marks(sent: dict[str, Any]) -> None:
    system: Any = sent.get("system", [])
    blocks: list[dict[str, Any]] = [*sent.get("tools", []), *([] if isinstance(system, str) else system)]
    for turn in sent["messages"]:
        blocks += turn["content"]
    ttls = [block["cache_control"].get("ttl", "5m") for block in blocks if "cache_control" in block]
    assert len(ttls) + ("cache_control" in sent) <= 4
    assert ttls == sorted(ttls), "1h stands before 5m"
