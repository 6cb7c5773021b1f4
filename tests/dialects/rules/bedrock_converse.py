"""Converse's own rules for a request body, checked independently of the encoder."""

import json
import re
from typing import Any

from tests.dialects.rules.sent import check_base64, check_keys, check_no_nulls, received

_TOP = (
    "system inferenceConfig toolConfig additionalModelRequestFields outputConfig requestMetadata guardrailConfig "
    "additionalModelResponseFieldPaths serviceTier performanceConfig"
)
_KEYS = {  # kind -> (needed, allowed)
    "image": ("format source", ""),
    "document": ("name format source", ""),
    "video": ("format source", ""),
    "audio": ("format source", ""),
    "toolUse": ("toolUseId name input", "type"),
    "toolResult": ("toolUseId content", "status type"),
    "cachePoint": ("type", "ttl"),
    "citationsContent": ("content citations", ""),
}
_USER = {"text", "image", "document", "video", "audio", "toolResult", "cachePoint"}
_ASSISTANT = {"text", "toolUse", "toolResult", "reasoningContent", "citationsContent", "cachePoint"}
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_FILE_NAME = re.compile(r"[a-zA-Z0-9()\[\]-]+( [a-zA-Z0-9()\[\]-]+)*")


def check(body: dict[str, Any]) -> None:
    """Raises AssertionError for the rule that it breaks."""
    sent = received(body)
    check_keys(sent, _TOP, "the body", "messages")
    sampling = sent.get("inferenceConfig", {})
    check_keys(sampling, "maxTokens temperature topP stopSequences", "inferenceConfig")
    check_no_nulls(sampling)
    assert 0 <= sampling.get("temperature", 0) <= 1
    for block in sent.get("system", []):
        (kind,) = block
        assert kind in ("text", "cachePoint") and (kind != "text" or block["text"].strip())
    config = sent.get("toolConfig", {"tools": [{}]})
    assert config["tools"], "tools are needed, and one at least"
    for tool in config["tools"]:
        if "toolSpec" in tool:
            check_keys(tool["toolSpec"], "description strict", "a tool", "name inputSchema")
            assert _ID.fullmatch(tool["toolSpec"]["name"])
            assert tool["toolSpec"]["inputSchema"]["json"]["type"] == "object"
    assert json.dumps(sent).count('"cachePoint"') <= 4
    _check_turns(sent)


def _check_turns(sent: dict[str, Any]) -> None:
    role, waiting, files = "assistant", list[str](), list[str]()
    called = False
    for turn in sent["messages"]:
        check_keys(turn, "", "a turn", "role content")
        assert {role, turn["role"]} == {"user", "assistant"}, "turns alternate, the user begins"
        role = turn["role"]
        assert turn["content"], "an empty turn"
        results: list[str] = []
        for at, block in enumerate(turn["content"]):
            (kind,) = block
            assert kind in (_USER if role == "user" else _ASSISTANT), f"{kind} of the {role}"
            _check_block(kind, block[kind], files)
            if role == "user" and kind == "toolResult":
                assert all("toolResult" in one or "cachePoint" in one for one in turn["content"][:at])
                results.append(block[kind]["toolUseId"])
        if role == "user":
            assert sorted(results) == sorted(waiting), "each call is answered once, in the very next turn"
            kinds = {kind for block in turn["content"] for kind in block}
            assert "document" not in kinds or "text" in kinds, "a document stands beside text"
        calls = [block["toolUse"] for block in turn["content"] if "toolUse" in block]
        waiting = [call["toolUseId"] for call in calls if "type" not in call]
        called = called or bool(waiting)
    assert not waiting, "calls at the end have no result"
    assert len(set(files)) == len(files), "two documents of one name"
    assert not called or "toolConfig" in sent


def _check_block(kind: str, value: Any, files: list[str]) -> None:
    if kind in _KEYS:
        needed, allowed = _KEYS[kind]
        check_keys(value, allowed, kind, needed)
    match kind:
        case "text":
            assert value.strip(), "blank text"
        case "reasoningContent":
            (inner,) = value
            assert value[inner] and inner in ("reasoningText", "redactedContent")
            assert inner != "reasoningText" or value[inner]["signature"]
        case "toolUse":
            assert _ID.fullmatch(value["toolUseId"]) and _ID.fullmatch(value["name"])
            assert isinstance(value["input"], dict)
        case "toolResult":
            assert value["content"], "an empty result"
            for block in value["content"]:
                (inner,) = block
                assert inner in ("text", "json", "image", "document", "video")
                _check_block(inner, block[inner], files)
        case "image" | "document" | "video" | "audio":
            (source,) = value["source"]
            if source == "bytes":
                check_base64(value["source"]["bytes"])
            else:
                assert value["source"]["s3Location"]["uri"].startswith("s3://")
            if kind == "document":
                assert _FILE_NAME.fullmatch(value["name"]) and len(value["name"]) <= 200
                files.append(value["name"])
        case _:
            pass
