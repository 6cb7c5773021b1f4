"""Tools of every kind, and calls of them in the conversation."""

from typing import Any

import pytest

from aikido_llm.errors import UnsupportedFeatureError
from aikido_llm.providers import azure, groq, mistral, openai, openai_chat, openrouter, together, vllm
from aikido_llm.types.messages import assistant, tool, user
from aikido_llm.types.server_tools import ServerTool
from aikido_llm.types.tools import CustomTool, ToolCall, ToolDef
from tests.dialects.openai_chat.roads import ROAD
from tests.dialects.openai_chat.test_encode import PLAIN, body_of, messages_of
from tests.dialects.openai_chat.transcripts import DONE, STOP, calls
from tests.wire import response_of

QUERY = CustomTool(
    "query", "Asks the stock list", {"type": "grammar", "grammar": {"syntax": "regex", "definition": "a+"}}
)
ASKED = ToolCall("call_7", "query", "all pears", kind="custom")


@pytest.mark.parametrize("row", [openai, openai_chat, azure])
def test_custom_tools(row: Any) -> None:
    body = body_of(row=row.PROVIDER, tools=[QUERY, CustomTool("note"), ToolDef("now")], tool_choice="query")
    assert [offered["type"] for offered in body["tools"]] == ["custom", "custom", "function"]
    assert body["tools"][0]["custom"] == {
        "name": "query",
        "description": "Asks the stock list",
        "format": {"type": "grammar", "grammar": {"syntax": "regex", "definition": "a+"}},
    }
    assert body["tools"][1] == {"type": "custom", "custom": {"name": "note"}}
    assert body["tool_choice"] == {"type": "custom", "custom": {"name": "query"}}


def test_a_grammar_as_responses_writes_it() -> None:
    flat = CustomTool("query", format={"type": "grammar", "syntax": "regex", "definition": "a+"})
    (offered,) = body_of(row=openai.PROVIDER, tools=[flat])["tools"]
    assert offered["custom"]["format"] == QUERY.format
    (offered,) = body_of(row=openai.PROVIDER, tools=[CustomTool("query", format={"type": "text"})])["tools"]
    assert offered["custom"]["format"] == {"type": "text"}


@pytest.mark.parametrize("row", [PLAIN, groq.PROVIDER, mistral.PROVIDER, openrouter.PROVIDER, vllm.PROVIDER])
def test_custom_tools_elsewhere(row: Any) -> None:
    with pytest.raises(UnsupportedFeatureError, match="query"):
        body_of(row=row, tools=[QUERY])


def test_a_custom_call_goes_back_as_it_came() -> None:
    piece = {"index": 0, "id": "call_7", "type": "custom", "custom": {"name": "query", "input": "all pears"}}
    answer = response_of(ROAD.read(calls(piece) + STOP + DONE))
    assert answer.tool_calls == (ASKED,)
    turns = messages_of(user("?"), answer.message, tool("call_7", "three"), row=openai.PROVIDER)
    assert turns[1:] == [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "call_7", "type": "custom", "custom": {"name": "query", "input": "all pears"}}],
        },
        {"role": "tool", "tool_call_id": "call_7", "content": "three"},
    ]


def test_a_custom_call_goes_back_as_a_function_where_there_are_no_others() -> None:
    turns = messages_of(user("?"), assistant(tool_calls=[ASKED]), tool("call_7", "three"))
    (call,) = turns[1]["tool_calls"]
    assert (call["type"], call["function"]) == ("function", {"name": "query", "arguments": '{"input":"all pears"}'})


def test_tools_that_the_host_runs() -> None:
    search = ServerTool("web_search", {"parameters": {"max_results": 3}})
    body = body_of(row=openrouter.PROVIDER, tools=[search, ToolDef("now")], tool_choice="web_search")
    assert body["tools"][0] == {"type": "openrouter:web_search", "parameters": {"max_results": 3}}
    assert body["tools"][1]["type"] == "function"
    assert body["tool_choice"] == {"type": "openrouter:web_search"}
    (offered,) = body_of(row=openrouter.PROVIDER, tools=[ServerTool("openrouter:datetime")])["tools"]
    assert offered == {"type": "openrouter:datetime"}
    body = body_of(row=groq.PROVIDER, tools=[ServerTool("web_search"), ServerTool("code_execution")])
    assert body["tools"] == [{"type": "browser_search"}, {"type": "code_interpreter"}]


@pytest.mark.parametrize("row", [PLAIN, openai.PROVIDER, mistral.PROVIDER, together.PROVIDER, vllm.PROVIDER])
def test_tools_of_hosts_that_list_none(row: Any) -> None:
    with pytest.raises(UnsupportedFeatureError, match="extra"):
        body_of(row=row, tools=[ServerTool("web_search")])
