"""One program, unchanged but for the provider's name, holds a tool conversation of three turns at every provider: with
thinking, a source of the text, and a tool that the provider runs, where the table of docs/providers says that it has
them. The test server checks every request as the provider would."""

from typing import Any

import pytest
from attrs import define, evolve, field

import aikido_llm as llm
from aikido_llm.providers import find
from aikido_llm.providers.base import Provider
from aikido_llm.testing import Answer, WireServer
from aikido_llm.types.citations import Citation
from aikido_llm.types.server_tools import ServerToolCall

NAMES = tuple(name for name in llm.providers() if name != "echo")
CASES = [*((name, "") for name in NAMES), *((name, wire) for name in NAMES for wire in find(name).wires)]

TEXT = "Høy sjø kl. 12 🌊, says the almanac."
SOURCE = Citation(url="https://tide.example/today", title="The almanac", start=4, end=14)
HOSTED: dict[str, ServerToolCall] = {
    "anthropic_messages": ServerToolCall(
        "srvtoolu_1", "web_search", "web_search", '{"query":"tide Bergen"}', "completed", "[]"
    ),
    "bedrock_invoke": ServerToolCall(
        "srvtoolu_1", "web_search", "web_search", '{"query":"tide Bergen"}', "completed", "[]"
    ),
    "bedrock_converse": ServerToolCall("s1", "nova_grounding", "nova_grounding", '{"query":"tide Bergen"}'),
    "gemini_generate": ServerToolCall("s1", "google_search", "web_search", '{"queries":["tide Bergen"]}'),
    "openai_responses": ServerToolCall("", "web_search", "web_search", '{"type":"search","query":"tide Bergen"}'),
    "openai_chat": ServerToolCall("", "browser_search", "browser_search", '{"query":"tide Bergen"}', output="noon"),
}
"""What a wire that tells of such tools tells of a search."""


def tide(place: str, hours: int = 24) -> str:
    """The tide at a place."""
    return f"{place}: 1.4 m, in the next {hours} hours"


def wind(place: str) -> str:
    """The wind at a place."""
    return f"{place}: light"


@define
class Seen:
    """What the program showed."""

    kinds: list[str] = field(factory=lambda: list[str]())
    thinking: str = ""
    text: str = ""
    results: list[str] = field(factory=lambda: list[str]())
    sources: list[str] = field(factory=lambda: list[str]())
    tools: list[str] = field(factory=lambda: list[str]())
    run: llm.ToolRun | None = None


_LACKING: tuple[dict[str, Any], ...] = ({}, {"tools": ()}, {"thinking": None})


async def program(provider: str, dsn: str) -> Seen:
    """Asks with functions, with a search of the provider's and for thinking; where there is none of these, without."""
    asked = llm.Request(
        [llm.system("Be brief."), llm.user("When is high tide in Bergen, and is it windy?")],
        tools=[llm.ServerTool("web_search")],
        thinking=llm.ThinkingConfig.by_effort("high"),
        max_tokens=8000,
    )
    async with llm.open(provider, dsn) as client:
        for lacking in _LACKING:
            try:
                return await show(client, evolve(asked, **lacking))
            except llm.UnsupportedFeatureError:
                continue
        return await show(client, evolve(asked, tools=(), thinking=None))


async def show(client: llm.HTTPClient, asked: llm.Request) -> Seen:
    seen = Seen()
    async with llm.stream_tools(client, asked, [tide, wind]) as events:
        async for event in events:
            seen.kinds.append(event.kind)
            match event:
                case llm.ThinkingDelta(text=text):
                    seen.thinking += text
                case llm.TextDelta(text=text):
                    seen.text += text
                case llm.ToolResultEvent(message=message):
                    seen.results.append(message.text)
                case llm.CitationEvent(citation=citation):
                    seen.sources.append(f"{citation.url} {cited(citation, seen.text)}")
                case llm.ServerToolEvent(call=call):
                    seen.tools.append(f"{call.name} {call.status}")
                case llm.ErrorEvent(error=error):
                    raise error
                case _:
                    pass
        seen.run = events.result
    return seen


def cited(citation: Citation, text: str) -> str:
    return text[citation.start : citation.end] if citation.end is not None else "(the whole)"


def answers(row: Provider) -> tuple[Answer, ...]:
    """Two turns with calls and one with text; the sources and the provider's own tool as far as the row has them."""
    has = row.dialect.features
    first = llm.ToolCall("call_1", "tide", '{"place":"Bergen","hours":12}')
    second = (llm.ToolCall("call_2", "wind", '{"place":"Bergen"}'), llm.ToolCall("call_3", "tide", '{"place":"Askøy"}'))
    hosted = (HOSTED[row.dialect.name],) if has["server tools"] else ()
    return (
        Answer(thinking="The tide first.", signature="c2lnbmVkMQ==", tool_calls=[first]),
        Answer(thinking="Now the wind.", signature="c2lnbmVkMg==", server_tools=hosted, tool_calls=second),
        Answer(TEXT, thinking="That is all.", signature="c2lnbmVkMw==",
               citations=(SOURCE,) if has["citations"] else ()),
    )  # fmt: skip


@pytest.mark.parametrize(("provider", "wire"), CASES)
async def test_the_same_conversation_runs_at(provider: str, wire: str) -> None:
    row = find(provider).speaking(wire) if wire else find(provider)
    async with WireServer() as server:
        server.answer(*answers(row))
        seen = await program(provider, server.dsn(provider, wire))
        assert server.refused == []
        assert server.waiting == 0
        bodies = [request.raw.decode() for request in server.received]
    assert seen.thinking == "The tide first.Now the wind.That is all."
    assert seen.text == TEXT
    assert seen.results == [
        "Bergen: 1.4 m, in the next 12 hours",
        "Bergen: light",
        "Askøy: 1.4 m, in the next 24 hours",
    ]
    assert seen.run is not None
    assert seen.run.turns == 3
    assert [message.role for message in seen.run.messages][2:] == [
        *("assistant", "tool", "assistant", "tool", "tool", "assistant"),
    ]
    features = row.dialect.features
    where = "sjø kl. 12" if provider not in ("grok", "xai") else "(the whole)"
    assert seen.sources == ([f"{SOURCE.url} {where}"] if features["citations"] else [])
    assert len(seen.tools) == (1 if features["server tools"] else 0)
    assert all(status.endswith("completed") for status in seen.tools)
    assert all("1.4 m" in body for body in bodies[1:]), "each turn carries what came before"
