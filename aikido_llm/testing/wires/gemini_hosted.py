"""What Gemini writes of tools that it ran and of sources.

Source: Gemini API reference, "Grounding with Google Search", "Code execution", "URL context", GroundingMetadata;
recorded answers, in which places count the bytes of the visible text; read 2026-11.
"""

import json
from typing import Any

from ...types.citations import Citation
from ...types.server_tools import ServerToolCall
from ..answer import Answer
from .base import Received
from .rules import as_object

_SEARCH = "web_search"
_CODE = "code_execution"
_URL = "url_context"


def tool_parts(answer: Answer, request: Received) -> list[dict[str, Any]]:
    """The calls and results that stand among the parts. Raises ValueError for a tool that this wire has not."""
    parts: list[dict[str, Any]] = []
    for tool in answer.server_tools:
        if tool.kind == _CODE:
            parts += _code(tool)
        elif tool.kind == _SEARCH and _tells(request):
            parts += _told(tool)
        elif tool.kind not in (_SEARCH, _URL):
            raise ValueError(f"the Gemini wire is not played with the tool {tool.kind!r} of a server")
    return parts


def notes(answer: Answer, request: Received) -> dict[str, Any]:
    """What the last chunk of a candidate says: the grounding, with queries that no part told, and the pages read."""
    grounding = _sources(answer) if answer.citations else {}
    searches = [tool for tool in answer.server_tools if tool.kind == _SEARCH]
    queries = [query for tool in searches for query in json.loads(tool.arguments or "{}").get("queries", ())]
    if queries and not _tells(request):
        grounding["webSearchQueries"] = queries
    pages = [_page(tool) for tool in answer.server_tools if tool.kind == _URL]
    said = {"groundingMetadata": grounding} if grounding else {}
    return said | ({"urlContextMetadata": {"urlMetadata": pages}} if pages else {})


def _tells(request: Received) -> bool:
    config = as_object((as_object(request.body) or {}).get("toolConfig")) or {}
    return config.get("includeServerSideToolInvocations") is True


def _code(tool: ServerToolCall) -> list[dict[str, Any]]:
    identity = {"id": tool.id} if tool.id else {}
    parts: list[dict[str, Any]] = [{"executableCode": {"language": "PYTHON", "code": tool.arguments, **identity}}]
    if tool.status != "open":
        outcome = "OUTCOME_OK" if tool.status == "completed" else "OUTCOME_FAILED"
        parts.append({"codeExecutionResult": {"outcome": outcome, "output": tool.output, **identity}})
    return parts


def _told(tool: ServerToolCall) -> list[dict[str, Any]]:
    kind = {"toolType": "GOOGLE_SEARCH_WEB", "id": tool.id}
    parts: list[dict[str, Any]] = [{"toolCall": {**kind, "args": json.loads(tool.arguments or "{}")}}]
    if tool.status != "open":
        parts.append({"toolResponse": {**kind, "response": json.loads(tool.output or "{}")}})
    return parts


def _page(tool: ServerToolCall) -> dict[str, Any]:
    status = "URL_RETRIEVAL_STATUS_" + ("SUCCESS" if tool.status == "completed" else "ERROR")
    return {"retrievedUrl": json.loads(tool.arguments or "{}").get("url"), "urlRetrievalStatus": status}


def _sources(answer: Answer) -> dict[str, Any]:
    chunks: list[dict[str, Any]] = []
    supports: list[dict[str, Any]] = []
    for citation in answer.citations:
        chunk = _chunk(citation)
        if chunk not in chunks:
            chunks.append(chunk)
        if citation.start is not None and citation.end is not None:
            supports.append({
                "segment": _segment(answer.text, citation.start, citation.end),
                "groundingChunkIndices": [chunks.index(chunk)],
            })  # fmt: skip
    return {"groundingChunks": chunks, **({"groundingSupports": supports} if supports else {})}


def _chunk(citation: Citation) -> dict[str, Any]:
    """A page of the web, which is not quoted, or a document of the caller's, which is."""
    if citation.document:
        name = {"documentName": citation.document, "title": citation.title}
        return {"retrievedContext": {**name, "uri": citation.url, "text": citation.cited_text}}
    return {"web": {"uri": citation.url, "title": citation.title}}


def _segment(text: str, start: int, end: int) -> dict[str, Any]:
    """In bytes; a zero is not written."""
    place = {"startIndex": len(text[:start].encode()), "endIndex": len(text[:end].encode()), "text": text[start:end]}
    return {name: value for name, value in place.items() if value != 0}
