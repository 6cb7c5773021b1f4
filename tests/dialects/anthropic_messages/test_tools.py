"""What is offered to the model, and what a conversation brings back beside its messages."""

from typing import Any

import pytest
from attrs import evolve

import aikido_llm as llm
from aikido_llm.dialects.anthropic_messages import AnthropicMessages
from aikido_llm.dialects.base import WireRequest
from aikido_llm.errors import InvalidRequestError, UnsupportedFeatureError
from aikido_llm.providers import find
from aikido_llm.serialize import from_dict, to_dict
from aikido_llm.types.messages import tool as result_of
from aikido_llm.types.messages import user
from aikido_llm.types.request import Request, ThinkingConfig
from aikido_llm.types.server_tools import ServerTool
from aikido_llm.types.tools import CustomTool, ToolDef
from tests.dialects.anthropic_messages.test_server_tools import BY_CODE, CODE, whole

DIALECT = AnthropicMessages()
ADD = ToolDef("add", "Adds.", {"type": "object", "properties": {"a": {"type": "number"}}})


def wire(dialect: AnthropicMessages = DIALECT, **fields: Any) -> WireRequest:
    asked: dict[str, Any] = {"messages": [user("hi")], "model": "m", **fields}
    request = Request(**asked)
    return dialect.encode(request, stream=False, provider="anthropic")


def body(dialect: AnthropicMessages = DIALECT, **fields: Any) -> Any:
    return wire(dialect, **fields).body


@pytest.mark.parametrize(
    ("tool", "block"),
    [
        (ServerTool("web_search"), {"type": "web_search_20250305", "name": "web_search"}),
        (
            ServerTool("web_search_20260318", {"max_uses": 2}),
            {"type": "web_search_20260318", "name": "web_search", "max_uses": 2},
        ),
        (ServerTool("code_execution"), {"type": "code_execution_20250825", "name": "code_execution"}),
        (ServerTool("code_execution_20260521"), {"type": "code_execution_20260521", "name": "code_execution"}),
        (ServerTool("web_fetch"), {"type": "web_fetch_20250910", "name": "web_fetch"}),
        (ServerTool("tool_search"), {"type": "tool_search_tool_regex_20251119", "name": "tool_search_tool_regex"}),
        (ServerTool("text_editor_20250728"), {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool"}),
        (ServerTool("text_editor_20250124"), {"type": "text_editor_20250124", "name": "str_replace_editor"}),
        (ServerTool("browser_toolset_20260801"), {"type": "browser_toolset_20260801"}),
        (ServerTool("of_tomorrow", {"name": "x"}), {"type": "of_tomorrow", "name": "x"}),
    ],
)
def test_tools_of_the_service_stand_beside_functions(tool: ServerTool, block: dict[str, Any]) -> None:
    sent = body(tools=[ADD, tool])["tools"]
    assert [item["name"] for item in sent[:1]] == ["add"]
    assert sent[1] == block


def test_an_mcp_server_is_described_and_named_and_its_beta_is_sent() -> None:
    options = {"name": "files", "url": "https://mcp.example", "authorization_token": "t", "default_config": {"x": 1}}
    sent = wire(tools=[ServerTool("mcp", options)], extra={"betas": ["other-2026-01-01"]})
    assert sent.body is not None
    assert sent.body["mcp_servers"] == [
        {"type": "url", "name": "files", "url": "https://mcp.example", "authorization_token": "t"}
    ]
    assert sent.body["tools"] == [{"type": "mcp_toolset", "mcp_server_name": "files", "default_config": {"x": 1}}]
    assert sent.headers == {"anthropic-beta": "mcp-client-2025-11-20,other-2026-01-01"}
    assert options["url"] == "https://mcp.example"
    with pytest.raises(InvalidRequestError, match="needs a name"):
        wire(tools=[ServerTool("mcp", {"url": "https://mcp.example"})])


def test_no_beta_is_sent_unasked() -> None:
    assert wire(tools=[ADD, ServerTool("web_search")]).headers == {}


def test_free_text_tools_are_refused_with_a_way_out() -> None:
    with pytest.raises(UnsupportedFeatureError, match="ToolDef"):
        wire(tools=[CustomTool("note")])


def test_a_forced_server_tool_is_called_by_its_name_on_the_wire() -> None:
    sent = body(tools=[ServerTool("web_search_20260318")], tool_choice="web_search_20260318")
    assert sent["tool_choice"] == {"type": "tool", "name": "web_search"}


# ---------------------------------------------------------------- efforts, sampling and the version


@pytest.mark.parametrize(
    ("effort", "sent"), [("minimal", "low"), ("low", "low"), ("high", "high"), ("xhigh", "xhigh"), ("max", "max")]
)
def test_efforts_in_the_words_of_the_wire(effort: Any, sent: str) -> None:
    assert body(thinking=ThinkingConfig.by_effort(effort))["output_config"] == {"effort": sent}


def test_no_effort_turns_thinking_off() -> None:
    sent = body(thinking=ThinkingConfig.by_effort("none"))
    assert sent["thinking"] == {"type": "disabled"}
    assert "output_config" not in sent


NEWER = evolve(DIALECT, version="2026-10-21")


def test_under_the_newer_version_sampling_is_refused_and_its_defaults_are_left_out() -> None:
    samples: list[dict[str, Any]] = [{"temperature": 0.0}, {"top_p": 0.9}, {"top_k": 40}]
    for fields in samples:
        assert next(iter(fields)) in body(**fields)
        with pytest.raises(UnsupportedFeatureError, match=f"no {next(iter(fields))}.*version=2023-06-01"):
            body(NEWER, **fields)
    sent = body(NEWER, temperature=1, top_p=1.0, stop=["END"])
    assert not {"temperature", "top_p"} & set(sent)
    assert sent["stop_sequences"] == ["END"]


def test_the_header_of_a_request_counts_before_the_option() -> None:
    older = {"Anthropic-Version": "2023-06-01"}
    assert body(NEWER, temperature=0.0, extra_headers=older)["temperature"] == 0.0
    with pytest.raises(UnsupportedFeatureError):
        body(temperature=0.0, extra_headers={"anthropic-version": "2026-10-21"})


def test_the_option_of_the_row_sets_header_and_rule() -> None:
    row = find("anthropic").with_options({"version": "2026-10-21"}).provider
    assert row.headers["anthropic-version"] == "2026-10-21"
    with pytest.raises(UnsupportedFeatureError):
        row.dialect.encode(Request("hi", model="m", temperature=0.5), stream=True, provider="anthropic")


def test_a_budget_excludes_top_k() -> None:
    with pytest.raises(UnsupportedFeatureError, match="top_k"):
        body(thinking=ThinkingConfig.by_budget(2048), top_k=4)


# ---------------------------------------------------------------- the container of a conversation

CONTAINER = {"id": "container_9", "expires_at": "2030-01-01T00:00:00Z"}


def waiting() -> list[llm.Message]:
    response = whole(CODE, BY_CODE, reason="tool_use", container=CONTAINER)
    return [user("go"), response.message, result_of(response.tool_calls[0], "7")]


def test_the_container_goes_back_by_itself_and_the_caller_with_the_call() -> None:
    sent = body(messages=waiting())
    assert sent["container"] == "container_9"
    assert sent["messages"][1]["content"] == [CODE, BY_CODE]


def test_the_latest_container_counts_and_no_other_service_sees_it() -> None:
    later = whole({"type": "text", "text": "x"}, container={"id": "container_10"}).message
    assert body(messages=[*waiting(), later, user("on")])["container"] == "container_10"
    assert "container" not in body(messages=[user("go"), whole({"type": "text", "text": "x"}).message, user("on")])
    foreign = DIALECT.encode(Request(waiting(), model="m"), stream=False, provider="vertex").body
    assert foreign is not None
    assert "container" not in foreign


def test_extra_adds_to_the_container_names_another_or_leaves_it_out() -> None:
    skills = [{"type": "anthropic", "skill_id": "pptx", "version": "latest"}]
    both = body(messages=waiting(), extra={"container": {"skills": skills}})["container"]
    assert both == {"id": "container_9", "skills": skills}
    assert body(messages=waiting(), extra={"container": "mine"})["container"] == "mine"
    assert "container" not in body(messages=waiting(), extra={"container": llm.OMIT})


def test_the_container_survives_storage_and_an_edit() -> None:
    turns = [from_dict(to_dict(message), llm.Message) for message in waiting()]
    assert body(messages=turns)["container"] == "container_9"
    edited = evolve(turns[1], content="Let me see.")
    assert body(messages=[turns[0], edited, turns[2]])["container"] == "container_9"
