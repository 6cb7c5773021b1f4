"""Sources of an answer, and tools that the provider ran, on every wire of the test server; what was signed comes back
as it went out."""

from typing import Any

import pytest
from attrs import evolve

import aikido_llm as llm
from aikido_llm.dialects.values import is_list, is_object
from aikido_llm.testing import Answer, WireServer
from aikido_llm.testing.proofs import Proofs
from aikido_llm.testing.wires.base import Proof
from aikido_llm.types.citations import Citation
from aikido_llm.types.server_tools import ServerToolCall

TEXT = "Høyt kl. tolv 🌊, they say."
SOURCE = Citation(url="https://tide.example", title="Tide", start=5, end=14)
OTHER = Citation(url="https://moon.example", title="Moon", start=17, end=21)
SEARCH = ServerToolCall("srvtoolu_1", "web_search", "web_search", '{"query":"q"}', "completed", "[]")
DICE = ServerToolCall("mcptoolu_1", "roll", "mcp", '{"sides":6}', "completed", "4")
CODE = ServerToolCall("c1", "code_execution", "code_execution", "print(1)", "completed", "1\n")
BROKEN = ServerToolCall("c2", "code_execution", "code_execution", "print(", "failed", "SyntaxError")
TOOLS: dict[str, tuple[ServerToolCall, ...]] = {
    "gemini": (CODE, BROKEN, ServerToolCall("", "url_context", "url_context", '{"url":"https://a.example"}')),
    "anthropic": (SEARCH, DICE, evolve(DICE, id="mcptoolu_2", status="failed", output="no dice")),
    "openai-responses": (evolve(DICE, id="mcp_1"),),
    "groq": (ServerToolCall("", "browser_search", "browser_search", '{"q":1}', "completed", "found"),),
}
CITING = ("gemini", "cohere", "anthropic", "openai-responses", "openai-chat", "openrouter", "azure")
REQUEST = llm.Request("When is high tide?", model="m", max_tokens=100)


async def both(name: str, answer: Answer) -> list[llm.Response]:
    """Streamed and whole; each is sent back, and the server has nothing against it."""
    async with WireServer() as server, llm.open(name, server.dsn(name), retry=None) as client:
        server.answer(answer, answer, "ok", "ok")
        responses = [await llm.collect(client.stream(REQUEST)), await client.complete(REQUEST)]
        for response in responses:
            await client.complete(evolve(REQUEST, messages=(*REQUEST.messages, response.message, llm.user("Thanks"))))
        assert server.refused == []
    return responses


@pytest.mark.parametrize("name", CITING)
async def test_sources_have_their_places_on_both_roads(name: str) -> None:
    for response in await both(name, Answer(TEXT, thinking="Hm.", citations=(SOURCE, OTHER))):
        assert [(one.url, one.title) for one in response.citations] == [
            ("https://tide.example", "Tide"),
            ("https://moon.example", "Moon"),
        ]
        assert [response.text[one.start : one.end] for one in response.citations] == ["kl. tolv ", "they"]


async def test_a_list_of_sources_has_no_places() -> None:
    for response in await both("grok", Answer(TEXT, citations=(SOURCE, OTHER))):
        assert [(one.url, one.start) for one in response.citations] == [
            ("https://tide.example", None),
            ("https://moon.example", None),
        ]


@pytest.mark.parametrize("name", ["gemini", "cohere"])
async def test_a_document_of_the_callers_is_quoted(name: str) -> None:
    quoted = Citation(title="Almanac", document="doc_1", cited_text="High at noon.", start=0, end=4)
    for response in await both(name, Answer(TEXT, citations=(quoted,))):
        (one,) = response.citations
        assert (one.document, one.title, one.cited_text) == ("doc_1", "Almanac", "High at noon.")


@pytest.mark.parametrize("name", TOOLS)
async def test_what_the_provider_ran_is_told_on_both_roads(name: str) -> None:
    for response in await both(name, Answer(TEXT, thinking="Hm.", server_tools=TOOLS[name])):
        assert [(one.kind, one.name, one.status) for one in response.server_tools] == [
            (one.kind, one.name, one.status) for one in TOOLS[name]
        ]
        assert [one.arguments for one in response.server_tools] == [one.arguments for one in TOOLS[name]]


@pytest.mark.parametrize("beside", [True, False])
async def test_gemini_tells_of_a_search_in_parts_or_behind_the_answer(beside: bool) -> None:
    """In parts where the request asked for that, as it does when functions stand beside the search."""
    search = ServerToolCall("s1", "google_search", "web_search", '{"queries":["tide"]}', "completed", '{"n":1}')
    tools: list[Any] = [llm.ServerTool("web_search"), *([llm.ToolDef("f")] if beside else [])]
    async with WireServer() as server, llm.open("gemini", server.dsn("gemini"), retry=None) as client:
        server.answer(Answer(TEXT, server_tools=(search,)))
        (told,) = (await client.complete(evolve(REQUEST, tools=tools))).server_tools
    assert (told.kind, told.arguments) == ("web_search", '{"queries":["tide"]}')
    assert told.output == ('{"n":1}' if beside else "")


async def test_an_mcp_result_needs_its_call() -> None:
    async with WireServer() as server, llm.open("anthropic", server.dsn("anthropic"), retry=None) as client:
        server.answer(Answer(TEXT, server_tools=(DICE,)), "ok")
        message = (await client.complete(REQUEST)).message
        assert message.replay is not None
        torn = evolve(message, replay=evolve(message.replay, items=message.replay.items[1:]))
        with pytest.raises(llm.InvalidRequestError, match="unexpected `tool_use_id`"):
            await client.complete(evolve(REQUEST, messages=(*REQUEST.messages, torn, llm.user("go on"))))


@pytest.mark.parametrize("stream", [True, False])
async def test_a_custom_tool_is_called_and_answered_on_the_chat_wire(stream: bool) -> None:
    note = llm.ToolCall("call_1", "note", "buy milk", kind="custom")
    async with WireServer() as server, llm.open("openai-chat", server.dsn("openai-chat"), retry=None) as client:
        server.answer(Answer(tool_calls=[note]), "noted")
        asked = evolve(REQUEST, tools=[llm.CustomTool("note")])
        response = await (llm.collect(client.stream(asked)) if stream else client.complete(asked))
        assert response.tool_calls == (note,)
        messages = (*REQUEST.messages, response.message, llm.tool(note, "done"))
        assert (await client.complete(evolve(asked, messages=messages))).text == "noted"
        assert server.refused == []


# ---------------------------------------------------------------- what was signed


SIGNING = ("anthropic", "gemini", "openai-responses", "openrouter")


def changed(value: Any, old: str, new: str) -> Any:
    """The JSON value with one text in place of another."""
    if is_object(value):
        return {key: changed(inner, old, new) for key, inner in value.items()}
    if is_list(value):
        return [changed(inner, old, new) for inner in value]
    return new if value == old else value


@pytest.mark.parametrize("what", ["words", "proof", "nothing"])
@pytest.mark.parametrize("name", SIGNING)
async def test_signed_blocks_come_back_byte_for_byte(name: str, what: str) -> None:
    signature = "c2lnbmF0dXJlIG9mIGEgdGhvdWdodA=="
    call = llm.ToolCall("call_1", "look", '{"q":"tide"}')
    answer = Answer(thinking="Let me see.", signature=signature, tool_calls=[call])
    async with WireServer() as server, llm.open(name, server.dsn(name), retry=None) as client:
        server.answer(answer, "ok")
        asked = evolve(
            REQUEST, max_tokens=4000, thinking=llm.ThinkingConfig.by_effort("low"), tools=[llm.ToolDef("look")]
        )
        said = (await client.complete(asked)).message
        assert said.replay is not None
        words = "tide" if name == "gemini" else "Let me see."
        old, new = {"words": (words, "Other."), "proof": (signature, "bm90"), "nothing": ("", "")}[what]
        said = evolve(said, replay=evolve(said.replay, items=tuple(changed(list(said.replay.items), old, new))))
        following = evolve(asked, messages=(*REQUEST.messages, said, llm.tool(said.tool_calls[0], "14:00")))
        if what == "nothing":
            assert (await client.complete(following)).text == "ok"
            return
        with pytest.raises(llm.InvalidRequestError, match="Invalid `signature`"):
            await client.complete(following)


def test_what_another_server_signed_is_not_judged() -> None:
    proofs = Proofs()
    proofs.remember([Proof("mine", "p1"), Proof("", "p2")])
    assert proofs.refusal([Proof("theirs", "p9"), Proof("", "p8"), Proof("mine", "p1"), Proof("", "p2")]) is None
    assert proofs.refusal([Proof("mine", "p9")]) is not None
    assert proofs.refusal([Proof("other", "p1")]) is not None
