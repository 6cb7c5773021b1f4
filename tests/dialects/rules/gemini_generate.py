"""generateContent's own rules for a request body, checked independently of the encoder."""

import re
from typing import Any

from tests.dialects.rules.sent import check_base64, check_keys, received

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}")
_DATA = ("text", "inlineData", "fileData", "functionCall", "functionResponse", "executableCode", "codeExecutionResult",
         "toolCall", "toolResponse")  # fmt: skip


def check(body: dict[str, Any]) -> None:
    """Raises AssertionError for the rule that it breaks."""
    sent = received(body)
    check_keys(sent, "systemInstruction tools toolConfig generationConfig safetySettings cachedContent", "the body",
               "contents")  # fmt: skip
    for part in sent.get("systemInstruction", {"parts": []})["parts"]:
        check_keys(part, "", "a part of the system instruction", "text")
    _check_tools(sent)
    assert len(sent.get("generationConfig", {}).get("stopSequences", [])) <= 5
    _check_contents(sent["contents"])


def _check_tools(sent: dict[str, Any]) -> None:
    declared = [one["name"] for group in sent.get("tools", []) for one in group.get("functionDeclarations", [])]
    assert "tools" not in sent or declared, "tools: [] is refused"
    assert all(_NAME.fullmatch(name) for name in declared)
    calling = sent.get("toolConfig", {}).get("functionCallingConfig")
    if calling is not None:
        assert declared, "function calling config is set without function_declarations"
        assert calling["mode"] in ("AUTO", "ANY", "NONE", "VALIDATED")
        assert "allowedFunctionNames" not in calling or calling["mode"] in ("ANY", "VALIDATED")
        assert set(calling.get("allowedFunctionNames", [])) <= set(declared)


def _check_contents(contents: list[dict[str, Any]]) -> None:
    assert contents and contents[0]["role"] == "user", "the first content is the user's"
    calls: list[dict[str, Any]] = []
    before: dict[str, Any] = {"role": "", "parts": [{}]}
    for content in contents:
        check_keys(content, "", "a content", "role parts")
        assert content["role"] in ("user", "model")
        assert content["parts"], "a content without parts"
        for part in content["parts"]:
            _check_part(part, content["role"])
        results = [part["functionResponse"] for part in content["parts"] if "functionResponse" in part]
        if calls or results:
            _check_results(calls, results, len(content["parts"]))
        elif content["role"] == before["role"]:
            assert "functionResponse" in before["parts"][0], "two neighbours of one role that could be one"
        calls = [part["functionCall"] for part in content["parts"] if "functionCall" in part]
        before = content
    assert not calls, "calls at the end have no result"


def _check_results(calls: list[dict[str, Any]], results: list[dict[str, Any]], parts: int) -> None:
    assert len(results) == parts, "results stand alone in their content"
    assert [call["name"] for call in calls] == [result["name"] for result in results], "as many, in the same order"
    assert [call.get("id") for call in calls] == [result.get("id") for result in results], "ids are echoed, if any"


def _check_part(part: dict[str, Any], role: str) -> None:
    (kind,) = [key for key in part if key in _DATA]
    check_keys(part, "thought thoughtSignature", "a part", kind)
    assert part.get("thoughtSignature", "x"), "an empty signature"
    assert (kind == "functionCall") <= (role == "model")
    assert (kind == "functionResponse") <= (role == "user")
    match kind:
        case "functionCall":
            check_keys(part[kind], "id", "a call", "name args")
            assert isinstance(part[kind]["args"], dict) and _NAME.fullmatch(part[kind]["name"])
        case "functionResponse":
            check_keys(part[kind], "id parts", "a result", "name response")
            assert isinstance(part[kind]["response"], dict)
        case "inlineData":
            check_keys(part[kind], "", "inline data", "mimeType data")
            assert "/" in part[kind]["mimeType"]
            check_base64(part[kind]["data"])
        case "fileData":
            check_keys(part[kind], "mimeType", "file data", "fileUri")
        case _:
            pass
