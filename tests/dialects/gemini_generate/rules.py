"""The wire's own rules for a request body, checked independently of the encoder."""

import json
import re
from typing import Any

from aikido_llm import _json

_TOP = {
    "contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "safetySettings", "cachedContent",
    "serviceTier",
}  # fmt: skip
_PARTS = {
    "text", "inlineData", "fileData", "functionCall", "functionResponse", "executableCode", "codeExecutionResult",
    "toolCall", "toolResponse",
}  # fmt: skip
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}")


def check(body: dict[str, Any]) -> None:
    """body: as the encoder made it, before it became bytes. Raises AssertionError for the rule that it breaks."""
    sent: dict[str, Any] = json.loads(_json.dumps(body))
    assert set(sent) <= _TOP, f"unknown keys: {set(sent) - _TOP}"
    for part in sent.get("systemInstruction", {}).get("parts", []):
        assert part["text"]
        assert set(part) == {"text"}
    _check_tools(sent)
    _check_contents(sent["contents"])


def _check_tools(sent: dict[str, Any]) -> None:
    declared = [d for tool in sent.get("tools", [{"functionDeclarations": [1]}]) for d in tool["functionDeclarations"]]
    assert declared, "an empty list of tools"
    assert "toolConfig" not in sent or "tools" in sent
    for declaration in declared if "tools" in sent else []:
        assert _NAME.fullmatch(declaration["name"])
        assert not {"parameters", "parametersJsonSchema"} <= set(declaration)


def _check_contents(contents: list[dict[str, Any]]) -> None:
    assert contents
    assert contents[0]["role"] == "user", "the first content is the user's"
    waiting: list[dict[str, Any]] = []
    for n, content in enumerate(contents):
        assert content["role"] in ("user", "model")
        assert content["parts"], "a content without parts"
        for part in content["parts"]:
            assert len(_PARTS & set(part)) == 1, f"a part is one thing: {sorted(part)}"
        answers = [part["functionResponse"] for part in content["parts"] if "functionResponse" in part]
        if waiting or answers:
            _check_answers(content, waiting, answers)
        waiting = [part["functionCall"] for part in content["parts"] if "functionCall" in part]
        if waiting:
            assert content["role"] == "model"
            assert n, "a call follows a user turn"
            assert all(isinstance(call["args"], dict) for call in waiting if "args" in call)


def _check_answers(content: dict[str, Any], calls: list[dict[str, Any]], answers: list[dict[str, Any]]) -> None:
    assert content["role"] == "user"
    assert len(answers) == len(calls), "as many results as calls, right behind them"
    assert len(answers) == len(content["parts"]), "nothing stands beside results"
    for call, answer in zip(calls, answers, strict=True):
        assert answer["name"] == call["name"]
        assert answer.get("id") == call.get("id")
        assert isinstance(answer["response"], dict)
