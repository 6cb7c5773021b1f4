"""What Bedrock's Converse writes of tools that it ran and of sources.

source: Amazon Bedrock API reference, "ToolUseBlock", "ToolResultBlock", "Citation", read 2026-11.
"""

import json
from collections.abc import Sequence
from typing import Any

from ...types.citations import Citation
from ...types.server_tools import ServerToolCall
from .pieces import cut_by_citations, deltas, fragments, write


def tool_blocks(tool: ServerToolCall) -> list[dict[str, Any]]:
    """The call, and its result unless it is open. Arguments are JSON text, output is any text."""
    called = {"toolUseId": tool.id, "name": tool.name, "input": json.loads(tool.arguments or "{}")}
    call = {"toolUse": {**called, "type": "server_tool_use", **tool.provider_data}}
    if tool.status == "open":
        return [call]
    status = "error" if tool.status == "failed" else "success"
    content = [{"text": tool.output}] if tool.output else []
    result = {"toolUseId": tool.id, "content": content, "status": status, "type": f"{tool.name}_result"}
    return [call, {"toolResult": result}]


def text_blocks(text: str, citations: Sequence[Citation]) -> list[dict[str, Any]]:
    """The text, cut where a citation begins and ends: cited text is a block of its own."""
    return [
        {"citationsContent": {"content": [{"text": piece}], "citations": list(map(_cited, cited))}}
        if cited
        else {"text": piece}
        for piece, cited in cut_by_citations(text, citations)
    ]


def started(kind: str, value: dict[str, Any]) -> dict[str, Any] | None:
    """What the contentBlockStart of such a block says; None where it has none."""
    if kind == "citationsContent":
        return None
    return {kind: {name: item for name, item in value.items() if name not in ("input", "content")}}


def grown(kind: str, value: dict[str, Any], chunk: int) -> list[dict[str, Any]]:
    """Its deltas. chunk: see Answer."""
    match kind:
        case "toolUse":
            return [{kind: {"input": piece}} for piece in fragments(write(value["input"]), chunk)]
        case "toolResult":
            return [{kind: value["content"]}]
        case _:
            pieces = [piece for part in value["content"] for piece in deltas(part["text"], chunk)]
            return [*({"text": piece} for piece in pieces), *({"citation": one} for one in value["citations"])]


def _cited(citation: Citation) -> dict[str, Any]:
    said: dict[str, Any] = {"title": citation.title} if citation.title else {}
    if citation.url:
        said["location"] = {"web": {"url": citation.url}}
    elif citation.document:
        said["source"] = citation.document
    if citation.cited_text:
        said["sourceContent"] = [{"text": citation.cited_text}]
    return said | citation.provider_data
