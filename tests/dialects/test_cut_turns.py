"""A turn that the token limit cut goes back without what it was cut off from: a thought at its end, a tool of the
provider without its result. The services refuse a conversation with either.

source: Anthropic API ("The final block in an assistant message cannot be `thinking`"; forgecode#2107, hermes-agent
#16921); OpenAI API reference, Responses, input items, read 2026-11.
"""

import json
from typing import Any, TypeAlias

import pytest
from attrs import evolve

from aikido_llm.providers import find
from aikido_llm.types.messages import tool, user
from aikido_llm.types.request import Request
from tests.wire import Road, response_of

Json: TypeAlias = dict[str, Any]

THOUGHT: Json = {"type": "thinking", "thinking": "hm", "signature": "c2ln"}
HIDDEN: Json = {"type": "redacted_thinking", "data": "ZGF0YQ=="}
TEXT: Json = {"type": "text", "text": "Let me look."}
SEARCH: Json = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "q"}}
FOUND: Json = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []}
CALL: Json = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}


def sent_back(row: str, body: Json) -> Json:
    """What a second request says of the turn."""
    dialect = find(row).dialect
    answer = Road(dialect, stream=False, content_type="application/json").read(json.dumps(body).encode())
    turn = evolve(response_of(answer), provider=row).message
    request = Request((user("hi"), turn), model="m")
    encoded = dialect.encode(request, stream=False, provider=row).body
    assert encoded is not None
    return encoded


def of_anthropic(*content: Json, stop: str = "max_tokens") -> list[Json]:
    body = {"id": "m", "model": "m", "type": "message", "role": "assistant", "content": content, "stop_reason": stop}
    turns = [turn for turn in sent_back("anthropic", body)["messages"] if turn["role"] == "assistant"]
    return turns[0]["content"] if turns else []


@pytest.mark.parametrize(
    ("content", "kept"),
    [((THOUGHT,), ()), ((HIDDEN,), ()), ((THOUGHT, TEXT, THOUGHT), (THOUGHT, TEXT)), ((TEXT, SEARCH), (TEXT,)),
     ((THOUGHT, SEARCH), ()), ((THOUGHT, SEARCH, FOUND, TEXT), (THOUGHT, SEARCH, FOUND, TEXT))],
    ids=range(6),
)  # fmt: skip
def test_what_a_turn_of_the_messages_wire_was_cut_off_from(content: Any, kept: Any) -> None:
    assert of_anthropic(*content) == list(kept)


def test_a_tool_of_the_provider_may_wait_for_a_call_to_the_client() -> None:

    body: Json = {"id": "m", "model": "m", "content": [SEARCH, CALL], "stop_reason": "tool_use"}
    dialect = find("anthropic").dialect
    answer = Road(dialect, stream=False, content_type="application/json").read(json.dumps(body).encode())
    turn = evolve(response_of(answer), provider="anthropic").message
    request = Request((user("hi"), turn, tool("toolu_1", "7")), model="m")
    encoded = dialect.encode(request, stream=False, provider="anthropic").body
    assert encoded is not None
    assert [block["type"] for block in encoded["messages"][1]["content"]] == ["server_tool_use", "tool_use"]


def test_a_thought_at_the_end_of_a_converse_turn() -> None:
    thought = {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "c2ln"}}}
    for content, kept in (([thought], []), ([thought, {"text": "x"}, thought], [thought, {"text": "x"}])):
        body = {"output": {"message": {"role": "assistant", "content": content}}, "stopReason": "max_tokens"}
        turns = sent_back("bedrock-converse", body)["messages"]
        assert [block for turn in turns if turn["role"] == "assistant" for block in turn["content"]] == kept


def test_a_tool_of_the_responses_wire_that_was_still_running() -> None:
    reasoning: Json = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "E"}
    search: Json = {"type": "web_search_call", "id": "ws_1", "status": "in_progress"}
    message: Json = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "x"}]}
    done: Json = {**search, "status": "completed", "action": {"type": "search", "query": "q"}}
    why = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    for output, kept in (
        ([reasoning, search], []), ([message, reasoning, search], ["message"]),
        ([reasoning, done, message], ["reasoning", "web_search_call", "message"]),
    ):  # fmt: skip
        items = sent_back("openai-responses", {"id": "r", "output": output, **why})["input"]
        assert [item["type"] for item in items[1:]] == kept
