"""What the provider ran, where its words come from, and how sure it was: read on both roads, asked for, played by the
kit's server."""

import json
from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm.codecs import json as _json
from aikido_llm.errors import InvalidRequestError, UnsupportedFeatureError
from aikido_llm.testing import Answer, WireServer
from aikido_llm.types.citations import Citation
from aikido_llm.types.events import CitationEvent, ServerToolEvent, ServerToolStart, TextDelta, ToolCallStart
from aikido_llm.types.logprobs import TokenLogprob
from aikido_llm.types.messages import tool, user
from aikido_llm.types.request import Request
from aikido_llm.types.response import FinishReason, Response
from aikido_llm.types.server_tools import ServerTool, ServerToolCall
from aikido_llm.types.tools import CustomTool, ToolCall, ToolDef
from tests.dialects.openai_responses.test_decode import (
    DIALECT,
    Json,
    added,
    answer,
    body,
    called,
    completed,
    created,
    done,
    event,
    read,
    read_whole,
    said,
    text,
)
from tests.wire import response_of

pytestmark = pytest.mark.deep  # cut anywhere (tests/wire.py)

SEARCH: Json = {
    "type": "web_search_call",
    "id": "ws_1",
    "status": "completed",
    "action": {"type": "search", "query": "whales", "sources": [{"type": "url", "url": "https://x.example"}]},
}
CODE: Json = {
    "type": "code_interpreter_call",
    "id": "ci_1",
    "status": "completed",
    "code": "1+1",
    "container_id": "cntr_1",
    "outputs": [{"type": "logs", "logs": "2"}],
}
MCP: Json = {
    "type": "mcp_call",
    "id": "mcp_1",
    "name": "roll",
    "arguments": '{"d":6}',
    "server_label": "dice",
    "output": "4",
    "error": None,
    "approval_request_id": None,
}


def both(*items: Json) -> Response:
    """The answer, which is the same on both roads."""
    whole = response_of(read_whole(body(*items)))
    assert answer(created(), *[done(at, **item) for at, item in enumerate(items)], completed(output=items)) == whole
    return whole


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (
            SEARCH,
            ServerToolCall(
                *("ws_1", "web_search", "web_search", '{"type":"search","query":"whales"}', "completed"),
                '[{"type":"url","url":"https://x.example"}]',
            ),
        ),
        (
            CODE,
            ServerToolCall(
                *("ci_1", "code_interpreter", "code_interpreter", "1+1", "completed", '[{"type":"logs","logs":"2"}]'),
                {"container_id": "cntr_1"},
            ),
        ),
        (MCP, ServerToolCall("mcp_1", "roll", "mcp", '{"d":6}', "completed", "4", {"server_label": "dice"})),
        (
            {**MCP, "output": None, "error": {"type": "http_error", "code": 502}},
            ServerToolCall(
                *("mcp_1", "roll", "mcp", '{"d":6}', "failed", ""),
                {"server_label": "dice", "error": {"type": "http_error", "code": 502}},
            ),
        ),
        (
            {"type": "file_search_call", "id": "fs_1", "status": "searching", "queries": ["q"], "results": None},
            ServerToolCall(
                "fs_1", "file_search", "file_search", '{"queries":["q"]}', "open", "", {"status": "searching"}
            ),
        ),
        (
            {"type": "brand_new_call", "id": "bn_1", "status": "failed", "arguments": {"a": 1}},
            ServerToolCall("bn_1", "brand_new", "brand_new", '{"a":1}', "failed"),
        ),
    ],
)
def test_a_tool_that_the_provider_ran(item: Json, expected: ServerToolCall) -> None:
    response = both(item, said("Hi"))
    assert response.server_tools == (expected,)
    assert response.finish_reason is FinishReason.stop


def test_a_result_that_is_an_item_of_its_own_completes_its_tool() -> None:
    ran: Json = {"type": "program", "id": "cm_1", "call_id": "p", "code": "f()", "fingerprint": "fp"}
    result = {"type": "program_output", "id": "cmo_1", "call_id": "p", "status": "completed", "result": "7"}
    (found,) = both(ran, result, said("Hi")).server_tools
    assert (found.kind, found.arguments, found.output, found.status) == ("program", "f()", "7", "completed")
    (alone,) = both(result, said("Hi")).server_tools
    assert (alone.kind, alone.arguments, alone.output) == ("program", "", "7")
    (waiting,) = both(ran, called()).server_tools
    assert waiting.status == "open"


BY_SERVER: Json = {"call_id": None, "status": "completed", "execution": "server"}
FOUND: Json = {"type": "tool_search_call", "id": "ts_1", **BY_SERVER, "arguments": {"q": "a"}}
GIVEN: Json = {"type": "tool_search_output", "id": "to_1", **BY_SERVER, "tools": []}


@pytest.mark.parametrize("lost", [None, 1, 2, 3, 4])
def test_a_result_that_is_announced_is_no_second_tool_whichever_event_is_lost(lost: int | None) -> None:
    events = [created(), added(0, **{**FOUND, "arguments": {}, "status": "in_progress"}), done(0, **FOUND),
              added(1, **{**GIVEN, "status": "in_progress"}), done(1, **GIVEN), done(2, **called()),
              completed(output=[FOUND, GIVEN, called()])]  # fmt: skip
    response = answer(*(event for place, event in enumerate(events) if place != lost))
    (found,) = response.server_tools
    assert (found.id, found.arguments, found.output, found.status) == ("ts_1", '{"q":"a"}', "[]", "completed")
    assert response.tool_calls


def test_a_result_whose_call_never_came_is_told_alone() -> None:
    events = [created(), added(0, **FOUND), done(1, **GIVEN), done(2, **said("Hi")), completed(output=[])]
    assert [tool.status for tool in answer(*events).server_tools] == ["open", "completed"]


def test_a_shell_of_the_providers_own_is_no_call() -> None:
    shell: Json = {
        "type": "shell_call",
        "id": "s",
        "call_id": "c",
        "status": "completed",
        "action": {"commands": ["ls"]},
    }
    shell |= {"environment": {"type": "container_reference", "container_id": "cntr_1"}}
    output: Json = {"type": "shell_call_output", "id": "o", "call_id": "c", "status": "completed", "output": []}
    response = both(shell, output, said("Hi"))
    assert (response.tool_calls, response.server_tools[0].output) == ((), "[]")


def test_tools_and_calls_are_counted_together_as_they_begin() -> None:
    events = read(
        created(),
        added(0, type="web_search_call", id="ws_1", status="in_progress"),
        added(1, **called(arguments="")),
        done(0, **SEARCH),
        done(1, **called()),
        completed(),
    )
    starts = [e for e in events if isinstance(e, ServerToolStart | ToolCallStart)]
    assert starts == [ServerToolStart(0, "ws_1", "web_search"), ToolCallStart(1, "call_1", "add")]
    assert [e.index for e in events if isinstance(e, ServerToolEvent)] == [0]


def test_a_failed_tool_with_nothing_beside_is_no_stop() -> None:
    drawing = {"type": "image_generation_call", "id": "ig_1", "status": "failed", "result": None}
    assert both(drawing).finish_reason is FinishReason.other
    assert both(drawing, said("Sorry")).finish_reason is FinishReason.stop


def test_citations_are_places_in_the_whole_text() -> None:
    def note(**fields: Any) -> Json:
        return {"type": "url_citation", **fields}

    linked = note(url="https://x.example", title="X", start_index=2, end_index=4)
    parts = [
        {"type": "output_text", "text": "\U0001f40b one", "annotations": [linked]},
        {
            "type": "output_text",
            "text": " two",
            "annotations": [linked, {"type": "file_citation", "file_id": "f", "index": 7}],
        },
    ]
    response = both(said("first "), {**said("", content=parts), "id": "msg_2"})
    kind = {"type": "url_citation"}
    assert response.citations == (
        Citation("https://x.example", "X", start=8, end=10, provider_data=kind),
        Citation("https://x.example", "X", start=13, end=15, provider_data=kind),
        Citation(document="f", provider_data={"type": "file_citation", "index": 7}),
    )
    assert response.text[8:10] == "on"


def test_a_citation_comes_when_its_text_has_been() -> None:
    early = {"type": "url_citation", "url": "u", "title": "", "start_index": 0, "end_index": 5}
    part = {"type": "output_text", "text": "Hello", "annotations": [early]}
    events = read(
        created(),
        text("Hel"),
        event("output_text.annotation.added", output_index=0, content_index=0, annotation=early),
        text("lo"),
        done(0, **said("", content=[part])),
        completed(),
    )
    kinds = [type(e) for e in events if isinstance(e, TextDelta | CitationEvent)]
    assert kinds == [TextDelta, TextDelta, CitationEvent]


def test_logprobs() -> None:
    token = {"token": "Hi", "logprob": -0.5, "bytes": [72, 105], "top_logprobs": [{"token": "Ho", "logprob": -1}]}
    part = {"type": "output_text", "text": "Hi", "annotations": [], "logprobs": [token]}
    assert both(said("", content=[part])).logprobs == (TokenLogprob("Hi", -0.5, (TokenLogprob("Ho", -1.0),)),)


def test_fields_of_the_response_are_kept_on_both_roads_and_typed_ones_are_not_said_twice() -> None:
    more: Json = {
        "service_tier": "flex",
        "metadata": {"order": "17"},
        "object": "response",
        "created_at": 1,
        "user": None,
    }
    assert answer(created(), completed(**more)).provider_data == {"service_tier": "flex", "metadata": {"order": "17"}}
    assert response_of(read_whole(body(**more))).provider_data["service_tier"] == "flex"


# ------------------------------------------------------------------------------------------------------ the request


def sent(**fields: Any) -> Json:
    request = Request((user("hi"),), model="m", **fields)
    found: Json = json.loads(_json.dumps(DIALECT.encode(request, stream=False, provider="p").body))
    return found


def test_tools_of_every_kind_are_offered() -> None:
    grammar = {"type": "grammar", "syntax": "lark", "definition": "start: /a+/"}
    tools = [
        ToolDef("f"),
        CustomTool("note", "Writes it down", grammar),
        ServerTool("web_search"),
        ServerTool("code_execution"),
        ServerTool("mcp", {"server_label": "dice", "server_url": "https://x.example"}),
    ]
    assert sent(tools=tools)["tools"][1:] == [
        {"type": "custom", "name": "note", "description": "Writes it down", "format": grammar},
        {"type": "web_search"},
        {"type": "code_interpreter", "container": {"type": "auto"}},
        {"type": "mcp", "server_label": "dice", "server_url": "https://x.example"},
    ]
    chosen = {name: sent(tools=tools, tool_choice=name)["tool_choice"] for name in ("note", "code_execution", "mcp")}
    assert chosen["note"] == {"type": "custom", "name": "note"}
    assert chosen["code_execution"] == {"type": "code_interpreter"}
    assert chosen["mcp"] == {"type": "mcp", "server_label": "dice"}


def test_logprobs_are_asked_for() -> None:
    assert sent(logprobs=True)["include"] == ["message.output_text.logprobs"]
    assert "top_logprobs" not in sent(logprobs=True)
    assert sent(logprobs=3)["top_logprobs"] == 3
    with pytest.raises(UnsupportedFeatureError, match="20"):
        sent(logprobs=21)


def test_what_is_stored() -> None:
    made = sent(background=True, metadata={"a": "b"})
    assert (made["background"], made["store"], made["metadata"]) == (True, True, {"a": "b"})
    assert sent(extra={"background": True})["store"] is True
    assert sent(previous_response_id="resp_1")["previous_response_id"] == "resp_1"
    assert sent(conversation="conv_1")["conversation"] == "conv_1"
    with pytest.raises(InvalidRequestError, match="together"):
        sent(previous_response_id="resp_1", conversation="conv_1")


# ------------------------------------------------------------------------------------------------------ the kit

PLAYED = Answer(
    text="Whales sing.",
    server_tools=[ServerToolCall("ws_1", "web_search", "web_search", '{"type":"search","query":"whales"}')],
    citations=[Citation("https://x.example", "Songs", start=0, end=6, provider_data={"type": "url_citation"})],
    tool_calls=[
        ToolCall("c1", "note", "a whale", kind="custom"),
        ToolCall("c2", "shell", '{"action":{"commands":["ls"]}}', kind="shell"),
    ],
)


@pytest.mark.parametrize("streams", [True, False])
async def test_the_kits_server_plays_them_and_takes_the_turn_back(streams: bool) -> None:
    name = "openai-responses"
    async with WireServer() as server, llm.open(name, server.dsn(name), model="m") as client:
        server.answer(PLAYED, Answer(text="Done."))
        first = Request((user("hi"),))
        response = await (llm.collect(client.stream(first)) if streams else client.complete(first))
        assert response.text == PLAYED.text
        assert (response.server_tools, response.citations) == (PLAYED.server_tools, PLAYED.citations)
        asked = [(call.kind, call.arguments) for call in PLAYED.tool_calls]
        assert [(call.kind, call.arguments) for call in response.tool_calls] == asked
        results = [tool(call, "ok") for call in response.tool_calls]
        last = await client.complete(Request((user("hi"), response.message, *results)))
        assert last.text == "Done."
