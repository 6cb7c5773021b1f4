"""The Anthropic wire of the test server: what the provider ran, its sources, pauses, and what must come back."""

from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm.testing import Answer, WireServer
from aikido_llm.testing.verbs import compose
from aikido_llm.testing.wires import wire
from aikido_llm.testing.wires.base import Received
from aikido_llm.types.citations import Citation
from aikido_llm.types.server_tools import ServerToolCall

SEARCH = ServerToolCall("srvtoolu_1", "web_search", "web_search", '{"query":"tide"}', "completed", "[]")
CODE = ServerToolCall("srvtoolu_2", "code_execution", "code_execution", '{"code":"1"}', "open")
CITED = Citation(url="https://tide.example", title="Tide", cited_text="High at noon.", start=5, end=14)
CALL = llm.ToolCall(
    "toolu_1", "stock", '{"sku":"k"}', {"caller": {"type": "code_execution_20260120", "tool_id": "srvtoolu_2"}}
)


@pytest.mark.parametrize("stream", [True, False])
async def test_a_conversation_with_a_search_a_citation_and_code_that_calls_a_tool(stream: bool) -> None:
    answers = (
        Answer(text="Tide at noon, they say.", server_tools=(SEARCH,), citations=(CITED,)),
        Answer(server_tools=(CODE,), tool_calls=(CALL,), container="container_9"),
        Answer(text="Seven."),
    )
    async with WireServer() as server, llm.open("anthropic", server.dsn("anthropic"), model="m") as client:
        server.answer(*answers)
        messages = [llm.user("When is the tide?")]
        responses: list[llm.Response] = []
        for _ in range(3):
            request = llm.Request(messages, tools=[llm.ServerTool("web_search"), llm.ServerTool("code_execution")])
            response = await (llm.collect(client.stream(request)) if stream else client.complete(request))
            responses.append(response)
            results = [llm.tool(call, "7") for call in response.tool_calls]
            messages += [response.message, *results, *([] if results else [llm.user("And the stock?")])]
    first, second, third = responses
    assert [tool.status for tool in (*first.server_tools, *second.server_tools)] == ["completed", "open"]
    (told,) = first.citations
    assert first.text[told.start : told.end] == "at noon, "
    assert (told.url, told.title, told.cited_text) == (CITED.url, CITED.title, CITED.cited_text)
    assert second.tool_calls[0].provider_data == CALL.provider_data
    assert third.text == "Seven."
    bodies: list[Any] = [request.body for request in server.received]
    assert [body.get("container") for body in bodies] == [None, None, "container_9"]


def refusal(body: dict[str, Any], version: str = "2023-06-01") -> str | None:
    asked = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}], **body}
    return wire("anthropic_messages").check(Received("POST", "/v1/messages", {}, {"anthropic-version": version}, asked))


def test_a_result_that_code_waits_for_needs_its_container() -> None:
    call: dict[str, Any] = {
        "type": "tool_use",
        "id": "t",
        "name": "f",
        "input": {},
        "caller": (CALL.provider_data or {})["caller"],
    }
    turns: list[dict[str, Any]] = [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "7"}]},
    ]
    assert "container_id is required" in (refusal({"messages": turns}) or "")
    assert refusal({"messages": turns, "container": "c"}) is None


def test_what_the_newer_version_refuses() -> None:
    cited = {"role": "user", "content": [{"type": "text", "text": "x", "citations": [{"type": "char_location"}]}]}
    for body in ({"temperature": 1}, {"top_p": 1}, {"top_k": 1}, {"messages": [cited]}):
        assert refusal(body) is None
        assert "not permitted" in (refusal(body, "2026-10-21") or "")


async def test_a_wire_that_cannot_write_them_says_so() -> None:
    asked = Received("POST", "/api/chat", {}, {}, {"model": "m", "messages": []}, verb="chat")
    with pytest.raises(ValueError, match="does not write the citations"):
        compose(wire("ollama_chat"), Answer(text="x", citations=(CITED,)), asked, models=(), request_id="r")
