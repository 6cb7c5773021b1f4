"""What a row asks."""

from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm.bulk import Row
from aikido_llm.bulk.rows import is_final, read_row


def request(row: Any, key: str | None = None) -> llm.Request:
    read = read_row(row, 3, key)
    assert read.error is None
    assert read.request is not None
    return read.request


def test_what_a_row_may_be() -> None:
    asked = llm.Request("why?")
    assert request("why?") == request(asked) == request({"prompt": "why?"}) == asked
    assert request({"prompt": "why?", "max_tokens": 5}) == llm.Request("why?", max_tokens=5)
    assert request({"messages": "why?"}) == asked
    assert request({"messages": [{"role": "user", "content": "why?"}], "temperature": 0}).temperature == 0
    assert request({"messages": [llm.system("be brief"), "why?"]}).messages[0].role == "system"
    told = {"role": "assistant", "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}}]}
    assert request({"messages": ["why?", told]}).messages[1].tool_calls[0].name == "f"
    tools = [llm.ToolDef("f", "d", {})]
    assert request({"prompt": "why?", "tools": tools}).tools == tuple(tools)


def test_keys() -> None:
    assert read_row("a", 3, None).key == 3
    assert read_row({"id": "x", "prompt": "a"}, 3, "id") == Row("x", llm.Request("a"))
    assert read_row({"id": 0, "prompt": "a"}, 3, "id").key == 0


@pytest.mark.parametrize(
    ("row", "key", "problem"),
    [
        (3, None, "a row is text"),
        ({}, None, "needs either"),
        ({"prompt": "a", "messages": []}, None, "needs either"),
        ({"prompt": 3}, None, "a prompt is text"),
        ({"prompt": "a", "temprature": 1}, None, "no field temprature"),
        ({"prompt": "a", "temperature": "hot"}, None, "temperature"),
        ({"prompt": "a"}, "id", "row 3 has no 'id'"),
        ({"prompt": "a", "id": None}, "id", "row 3 has no 'id'"),
        ({"prompt": "a", "id": [1]}, "id", "must be text or a number"),
        ("a", "id", "row 3 has no 'id'"),
    ],
)
def test_what_asks_nothing_is_a_row_with_its_error(row: Any, key: str | None, problem: str) -> None:
    read = read_row(row, 3, key)
    assert read.request is None
    assert isinstance(read.error, llm.InvalidRequestError)
    assert problem in str(read.error)


def test_what_is_asked_again() -> None:
    final = [
        llm.InvalidRequestError(),
        llm.ContextLengthError(),
        llm.ContentFilteredError(),
        llm.UnsupportedFeatureError(),
    ]
    later = [llm.AuthError(), llm.RateLimitedError(), llm.ServerError(), llm.ModelNotFoundError(), llm.TooLargeError(),
             llm.BudgetExceededError(), llm.ConfigError(), llm.StreamTruncated(permanent=True)]  # fmt: skip
    assert [is_final(error) for error in (*final, *later)] == [True] * len(final) + [False] * len(later)
    assert not Row(1, None, error=final[0]).again
    assert Row(1, None, error=later[0]).again
    assert not Row(1, None, response=llm.Response()).again
