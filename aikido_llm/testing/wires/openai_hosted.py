"""What the hosts of the chat wire write of sources, and of tools that they ran themselves.

Source: OpenAI API reference "annotations", xAI "Live search: citations", OpenRouter "Web search", Groq "Compound:
executed tools", read 2026-11.
"""

from typing import Any

from ..answer import Answer
from .openai_hosts import Host


def check(answer: Answer, kind: Host) -> None:
    """Raises ValueError for what this host has no place for."""
    if answer.server_tools and not kind.executed:
        raise ValueError("this host of the chat wire does not tell which tools it ran")


def beside(answer: Answer, kind: Host) -> dict[str, Any]:
    """The keys of a body, or of the last chunk, beside its choices."""
    if kind.sources != "list" or not answer.citations:
        return {}
    return {"citations": list(dict.fromkeys(citation.url for citation in answer.citations))}


def in_message(answer: Answer, kind: Host) -> dict[str, Any]:
    """The keys of a message, or of a delta behind its text."""
    said: dict[str, Any] = {}
    if kind.sources == "annotations" and answer.citations:
        said["annotations"] = [
            {
                "type": "url_citation",
                "url_citation": {
                    "url": citation.url,
                    "title": citation.title,
                    "start_index": citation.start or 0,
                    "end_index": citation.end or 0,
                    **({"content": citation.cited_text} if citation.cited_text else {}),
                },
            }
            for citation in answer.citations
        ]
    return said


def executed(answer: Answer) -> list[dict[str, Any]]:
    """`executed_tools`, in the order in which they ran."""
    return [
        {
            "index": index,
            "type": tool.kind,
            "name": tool.name,
            "arguments": tool.arguments,
            **({} if tool.status == "open" else {"output": tool.output}),
        }
        for index, tool in enumerate(answer.server_tools)
    ]
