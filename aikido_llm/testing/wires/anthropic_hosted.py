"""What Anthropic writes of tools that it ran and of sources. Source: Anthropic API reference, read 2026-11."""

import json
from collections.abc import Sequence
from typing import Any

from ...types.citations import Citation
from ...types.server_tools import ServerToolCall


def tool_blocks(tool: ServerToolCall) -> list[dict[str, Any]]:
    """The call, and its result unless it is open. Arguments and output are JSON text, as an answer tells them."""
    arguments = json.loads(tool.arguments or "{}")
    call = {"type": "server_tool_use", "id": tool.id, "name": tool.name, "input": arguments, **tool.provider_data}
    if tool.status == "open":
        return [call]
    content = json.loads(tool.output or "[]")
    if tool.status == "failed":
        content = {"type": f"{tool.name}_tool_result_error", "error_code": "unavailable"}
    return [call, {"type": f"{tool.name}_tool_result", "tool_use_id": tool.id, "content": content}]


def text_blocks(text: str, citations: Sequence[Citation]) -> list[dict[str, Any]]:
    """The text, cut where a citation begins and ends: its text is a block of its own."""
    blocks: list[dict[str, Any]] = []
    at = 0
    for start, end in dict.fromkeys((citation.start or 0, citation.end or len(text)) for citation in citations):
        here = [
            _cited(citation)
            for citation in citations
            if (citation.start or 0, citation.end or len(text)) == (start, end)
        ]
        if start > at:
            blocks.append({"type": "text", "text": text[at:start]})
        blocks.append({"type": "text", "text": text[start:end], "citations": here})
        at = end
    return [*blocks, {"type": "text", "text": text[at:]}] if text[at:] else blocks


def _cited(citation: Citation) -> dict[str, Any]:
    said = {"cited_text": citation.cited_text, **citation.provider_data}
    if citation.url:
        return {"type": "web_search_result_location", "url": citation.url, "title": citation.title or None, **said}
    return {"type": "char_location", "document_title": citation.document or citation.title or None, **said}
