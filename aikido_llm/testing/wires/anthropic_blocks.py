"""What Anthropic refuses in a content block. Source: Anthropic API reference, read 2026-11."""

from typing import Any

from .rules import Refused, as_list, as_object, matches, unknown_keys

_KEYS: dict[str, set[str]] = {
    "text": {"type", "text", "cache_control", "citations"},
    "image": {"type", "source", "cache_control"},
    "document": {"type", "source", "cache_control", "citations", "title", "context"},
    "search_result": {"type", "source", "title", "content", "citations", "cache_control"},
    "tool_use": {"type", "id", "name", "input", "cache_control", "caller", "toolset_name"},
    "tool_result": {"type", "tool_use_id", "content", "is_error", "cache_control"},
    "thinking": {"type", "thinking", "signature"},
    "redacted_thinking": {"type", "data"},
}
_SOURCES: dict[str, set[str]] = {
    "base64": {"type", "media_type", "data"},
    "url": {"type", "url"},
    "file": {"type", "file_id"},
    "text": {"type", "media_type", "data"},
    "content": {"type", "content"},
}
_ONLY = {"tool_use": "assistant", "thinking": "assistant", "redacted_thinking": "assistant", "tool_result": "user"}
_IN_RESULTS = ("text", "image", "document", "search_result", "tool_reference")
_IMAGES = ("image/jpeg", "image/png", "image/gif", "image/webp")
_BREAKPOINTS = 4


def check_block(block: dict[str, Any], path: str, role: str) -> None:
    kind = str(block.get("type"))
    path = f"{path}.{kind}"
    if kind not in _KEYS:
        if _of_the_server(kind):
            _check_hosted(block, path)
            return
        raise Refused(f"{path}: Input tag '{kind}' found using 'type' does not match any of the expected tags")
    for key in unknown_keys(block, _KEYS[kind]):
        raise Refused(f"{path}.{key}: Extra inputs are not permitted")
    if _ONLY.get(kind, role) != role:
        raise Refused(f"{path}: `{kind}` blocks can only be in `{_ONLY[kind]}` messages")
    if kind == "text":
        _check_text(block, path)
    elif kind in ("image", "document"):
        _check_source(block, path)
    elif kind == "tool_use":
        _check_call(block, path)
    elif kind == "tool_result":
        _check_result(block, path)
    elif kind == "thinking":
        for key in ("thinking", "signature"):
            if not isinstance(block.get(key), str):
                raise Refused(f"{path}.{key}: Field required")
        if not block["signature"]:
            raise Refused(f"{path}: Invalid `signature` in `thinking` block")
    elif kind == "redacted_thinking" and not isinstance(block.get("data"), str):
        raise Refused(f"{path}.data: Field required")


_HOSTED: dict[str, tuple[str, ...]] = {
    "server_tool_use": ("id", "name", "input"),
    "mcp_tool_use": ("id", "name", "input", "server_name"),
}


def _check_hosted(block: dict[str, Any], path: str) -> None:
    """What a block of a tool that the service runs must hold; of results the call that they belong to."""
    result = ("tool_use_id", "content") if block["type"].endswith("_tool_result") else ()
    for key in _HOSTED.get(block["type"], result):
        if key not in block:
            raise Refused(f"{path}.{key}: Field required")


def check_hosted_pairs(blocks: list[dict[str, Any]]) -> None:
    """Every result of such a tool, in the whole conversation, stands behind its call."""
    called: set[Any] = set()
    for block in blocks:
        kind = str(block.get("type"))
        if kind in _HOSTED:
            called.add(block.get("id"))
        elif kind.endswith("_tool_result") and block.get("tool_use_id") not in called:
            raise Refused(f"unexpected `tool_use_id` found in `{kind}` blocks: {block.get('tool_use_id')}.")


def _of_the_server(kind: str) -> bool:
    """The blocks of tools that the service itself runs come back as they went out."""
    return kind.endswith("_tool_result") or kind in (
        "server_tool_use",
        "mcp_tool_use",
        "container_upload",
        "compaction",
        "fallback",
        "mcp_tool_listing",
    )


def _check_text(block: dict[str, Any], path: str) -> None:
    text = block.get("text")
    if not isinstance(text, str):
        raise Refused(f"{path}.text: Field required")
    if not text:
        raise Refused("messages: text content blocks must be non-empty")
    if not text.strip():
        raise Refused("messages: text content blocks must contain non-whitespace text")


def _check_source(block: dict[str, Any], path: str) -> None:
    source = as_object(block.get("source"))
    if source is None:
        raise Refused(f"{path}.source: Field required")
    kind = str(source.get("type"))
    path = f"{path}.source.{kind}"
    if kind not in _SOURCES or (block["type"] == "image" and kind in ("text", "content")):
        raise Refused(f"{path}: Input tag '{kind}' found using 'type' does not match any of the expected tags")
    for key in unknown_keys(source, _SOURCES[kind]):
        raise Refused(f"{path}.{key}: Extra inputs are not permitted")
    for key in _SOURCES[kind] - source.keys():
        raise Refused(f"{path}.{key}: Field required")
    if kind != "base64":
        return
    allowed = _IMAGES if block["type"] == "image" else ("application/pdf",)
    if source["media_type"] not in allowed:
        raise Refused(f"{path}.media_type: Input should be {' or '.join(repr(name) for name in allowed)}")
    if not source["data"] or "\n" in source["data"]:
        raise Refused(f"{path}.data: invalid base64 data")


def _check_call(block: dict[str, Any], path: str) -> None:
    if not matches(r"[a-zA-Z0-9_-]+", block.get("id")):
        raise Refused(f"{path}.id: String should match pattern '^[a-zA-Z0-9_-]+$'")
    if not matches(r".{1,200}", block.get("name")):
        raise Refused(f"{path}.name: String should have at least 1 character")
    if as_object(block.get("input")) is None:
        raise Refused(f"{path}.input: Input should be a valid dictionary")


def _check_result(block: dict[str, Any], path: str) -> None:
    if not matches(r"[a-zA-Z0-9_-]+", block.get("tool_use_id")):
        raise Refused(f"{path}.tool_use_id: String should match pattern '^[a-zA-Z0-9_-]+$'")
    if "content" not in block:
        return
    content = block["content"]
    if content in ("", []):
        raise Refused(f"{path}.content: content cannot be empty")
    if isinstance(content, str):
        return
    for index, item in enumerate(as_list(content) or [None]):
        inner = as_object(item)
        if inner is None or inner.get("type") not in _IN_RESULTS:
            raise Refused(f"{path}.content.{index}: Input should be a text, image, document or search_result block")
        if inner["type"] in _KEYS:
            check_block(inner, f"{path}.content.{index}", "user")


def check_cache_marks(request: dict[str, Any]) -> None:
    """At most four cache breakpoints, wherever they stand."""
    marks = list(_marks(request))
    for mark in marks:
        if mark.get("type") != "ephemeral" or mark.get("ttl", "5m") not in ("5m", "1h"):
            raise Refused("cache_control: Input should be of type 'ephemeral' with a ttl of '5m' or '1h'")
    if len(marks) > _BREAKPOINTS:
        raise Refused(f"A maximum of {_BREAKPOINTS} blocks with cache_control may be provided. Found {len(marks)}.")


def _marks(value: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for item in as_list(value) or ():
        found += _marks(item)
    for key, child in (as_object(value) or {}).items():
        mark = as_object(child) if key == "cache_control" else None
        if mark is not None:
            found.append(mark)
        elif key not in ("input", "input_schema", "schema"):  # what users name there is no mark
            found += _marks(child)
    return found
