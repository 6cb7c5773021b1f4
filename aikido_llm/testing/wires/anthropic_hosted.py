"""What Anthropic writes of tools that it ran and of sources. Source: Anthropic API reference, read 2026-11."""

import json
from collections.abc import Sequence
from typing import Any

from ...types.citations import Citation
from ...types.server_tools import ServerToolCall
from .pieces import cut_by_citations


def tool_blocks(tool: ServerToolCall) -> list[dict[str, Any]]:
    """The call, and its result unless it is open. Arguments and output are JSON text; an MCP tool's output is text."""
    called: dict[str, Any] = {"id": tool.id, "name": tool.name, "input": json.loads(tool.arguments or "{}")}
    if tool.kind == "mcp":
        call = {"type": "mcp_tool_use", **called, "server_name": "server", **tool.provider_data}
        content: Any = [{"type": "text", "text": tool.output}] if tool.output else []
        result: dict[str, Any] = {"type": "mcp_tool_result", "is_error": tool.status == "failed", "content": content}
    else:
        call = {"type": "server_tool_use", **called, **tool.provider_data}
        content = json.loads(tool.output or "[]")
        if tool.status == "failed":
            content = {"type": f"{tool.name}_tool_result_error", "error_code": "unavailable"}
        result = {"type": f"{tool.name}_tool_result", "content": content}
    return [call] if tool.status == "open" else [call, {**result, "tool_use_id": tool.id}]


def text_blocks(text: str, citations: Sequence[Citation]) -> list[dict[str, Any]]:
    """The text, cut where a citation begins and ends: its text is a block of its own."""
    return [
        {"type": "text", "text": piece} | ({"citations": list(map(_cited, cited))} if cited else {})
        for piece, cited in cut_by_citations(text, citations)
    ]


def _cited(citation: Citation) -> dict[str, Any]:
    said = {"cited_text": citation.cited_text, **citation.provider_data}
    if citation.url:
        return {"type": "web_search_result_location", "url": citation.url, "title": citation.title or None, **said}
    return {"type": "char_location", "document_title": citation.document or citation.title or None, **said}
