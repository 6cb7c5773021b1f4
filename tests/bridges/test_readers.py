"""The protocols' own packages read what the bridges write: npm's `ai`, `@ag-ui/client` and `openai`."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .scenarios import ROWS, SCENARIOS

SCRIPT = Path(__file__).parent / "readers.mjs"
_ROOT = Path(__file__).parents[2]
Seen = dict[str, dict[str, Any]]


def node_modules(package: str) -> Path:
    """The folder that has the package; skips where there is none."""
    named = os.environ.get("AIKIDO_NODE_MODULES")
    folders = [Path(named)] if named else [_ROOT / ".venv-node" / "node_modules", _ROOT / "node_modules"]
    found = next((folder for folder in folders if (folder / package).is_dir()), None)
    if shutil.which("node") is None or found is None:
        pytest.skip(f"{package}: needs node and npm: make engines")
    return found


@pytest.fixture(scope="module")
def seen() -> Seen:
    """Protocol -> scenario -> what its package saw; one node for all of them."""
    folder = node_modules("ai").parent
    rows = [row for row in ROWS if row.name != "sse"]
    written = {row.name: {name: as_kept(text) for name, text in row.read().items()} for row in rows}
    script = ["node", "--input-type=module", "-e", SCRIPT.read_text("utf-8")]
    done = subprocess.run(script, cwd=folder, input=json.dumps(written), text=True, capture_output=True, timeout=100)
    assert done.returncode == 0, done.stderr
    found: Seen = json.loads(done.stdout)
    return found


def as_kept(text: str) -> str:
    """As a reader of Resumable gets it: with ids, and comments between the frames."""
    frames = text.removesuffix("\n\n").split("\n\n")
    return "".join(f": keep-alive\n\nid: {number}\n{frame}\n\n" for number, frame in enumerate(frames, 1))


@pytest.mark.parametrize("name", SCENARIOS)
def test_ai_reads_vercel_ui(seen: Seen, name: str) -> None:
    """Every part is one of its closed union, and the message is what was said."""
    got = seen["vercel_ui"][name]
    assert "failed" not in got, got
    parts = [{key: part[key] for key in _KEPT if key in part} for part in got["message"]["parts"]]
    assert [part for part in parts if part["type"] != "step-start"] == _MESSAGES[name]
    assert got["again"] == got["types"]
    assert got["finish"] == _FINISH.get(name, "stop")
    assert got["errors"] == (["The answer failed."] if name == "broken" else [])
    if name != "broken":
        usage = got["message"]["metadata"]["usage"]
        assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"] > 0


_KEPT = ("type", "text", "state", "input", "output", "errorText", "providerExecuted", "url", "mediaType", "title")
_FINISH = {"one_tool": "tool-calls", "two_tools": "tool-calls", "length": "length", "cut_call": "length",
           "content_filter": "content-filter", "broken": None}  # fmt: skip


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text, "state": "done"}


def _tool(state: str, given: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "tool-add", "state": state, "input": given, **more}


_PNG = {"type": "file", "url": "data:image/png;base64,iVBORw0KGgoAAAAAAAAAAA==", "mediaType": "image/png"}
_MP3 = {"type": "file", "url": "data:audio/mpeg;base64,SUQzYUlEM2I=", "mediaType": "audio/mpeg"}
_MESSAGES: dict[str, list[dict[str, Any]]] = {
    "text": [_text('Grüße 🐋, with\nlines and "quotes" \u2028.')],
    "thinking": [{"type": "reasoning", "text": "Two and two.", "state": "done"}, _text("So: 4.")],
    "one_tool": [_text("I add."), _tool("input-available", {"a": 1})],
    "two_tools": [_tool("input-available", {"a": 1}), _tool("input-available", {"a": 2})],
    "tool_results": [
        _text("I add."),
        _tool("output-available", {"a": 1}, output={"sum": 2}),
        _tool("output-error", {"a": 2}, errorText="The tool failed."),
        _text("2 in all."),
    ],
    "pictures": [_text("Here: "), _PNG, _text("there.")],
    "sources": [
        {
            "type": "tool-web_search",
            "state": "output-available",
            "input": {"query": "whales"},
            "output": {"hits": 2},
            "providerExecuted": True,
        },
        _text("Whales sing."),
        {"type": "source-url", "url": "https://host/a", "title": "A page"},
        {"type": "source-document", "mediaType": "text/plain", "title": "My notes"},
    ],
    "sound": [_text("Hello"), _MP3],
    "length": [_text("It began")],
    "cut_call": [_text("I add."), _tool("input-streaming", {})],
    "content_filter": [_text("It began")],
    "broken": [_text("It began")],
    "choices": [_text("Heads"), {"type": "data-choice"}],
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_ag_ui_client_reads_ag_ui(seen: Seen, name: str) -> None:
    """Every event fits its schema, the order is one that it takes, and the messages are what was said."""
    got = seen["ag_ui"][name]
    assert not {"failed", "thrown"} & set(got), got
    assert [_said(message) for message in got["messages"]] == _SPOKEN[name]
    code = {"cut_call": "length", "content_filter": "content_filter"}.get(name)
    if name in ("cut_call", "content_filter", "broken"):
        assert [error.get("code") for error in got["errors"]] == [code]
        assert got["finished"] is None
    else:
        assert got["errors"] == []
        assert got["finished"]["usage"][0]["model"] == "a-model"
        pending = {"one_tool": ["call_1"], "two_tools": ["call_1", "call_2"]}.get(name)
        assert got["finished"]["outcome"].get("pendingToolCallIds") == pending
        reason = "tool_calls" if pending else "length" if name == "length" else "stop"
        assert got["finished"]["metadata"] == {"finishReason": reason}
    custom = {"pictures": ["image"], "sources": ["citation"] * 3, "sound": ["audio"] * 2, "choices": ["choice"]}
    assert got["custom"] == custom.get(name, [])


def _said(message: dict[str, Any]) -> tuple[Any, ...]:
    calls = [call["function"]["arguments"] for call in message.get("toolCalls", ())]
    return (message["role"], message.get("content"), *calls)


_SPOKEN: dict[str, list[tuple[Any, ...]]] = {
    "text": [("assistant", 'Grüße 🐋, with\nlines and "quotes" \u2028.')],
    "thinking": [("reasoning", "Two and two."), ("assistant", "So: 4.")],
    "one_tool": [("assistant", "I add.", '{"a":1}')],
    "two_tools": [("assistant", None, '{"a":1}', '{"a":2}')],
    "tool_results": [
        ("assistant", "I add.", '{"a":1}', '{"a":2}'),
        ("tool", '{"sum":2}'),
        ("tool", "The tool failed."),
        ("assistant", "2 in all."),
    ],
    "pictures": [("assistant", "Here: "), ("assistant", "there.")],
    "sources": [("assistant", None, '{"query":"whales"}'), ("tool", '{"hits":2}'), ("assistant", "Whales sing.")],
    "sound": [("assistant", "Hello")],
    "length": [("assistant", "It began")],
    "cut_call": [("assistant", "I add.", '{"a')],
    "content_filter": [("assistant", "It began")],
    "broken": [("assistant", "It began")],
    "choices": [("assistant", "Heads")],
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_openai_reads_openai_sse(seen: Seen, name: str) -> None:
    got = seen["openai_sse"][name]
    assert "failed" not in got, got
    if name == "broken":
        assert got["error"]["message"] == "The answer failed."
        return
    choice = got["completion"]["choices"][0]
    message = choice["message"]
    said = [part["text"] for part in _MESSAGES[name] if part["type"] == "text"]
    assert message["content"] == ("" if name == "sound" else "".join(said))
    reasons = {"one_tool": "tool_calls", "two_tools": "tool_calls", "cut_call": "length", "length": "length"}
    assert choice["finish_reason"] == {**reasons, "content_filter": "content_filter"}.get(name, "stop")
    calls = [call["function"]["arguments"] for call in message.get("tool_calls", ())]
    answered = name in ("sources", "tool_results")  # whose calls the client shall not answer again
    assert calls == [arguments for _, _, *more in _SPOKEN[name] if not answered for arguments in more]
    assert got["completion"]["usage"]["total_tokens"] > 0
    if name == "sound":
        assert message["audio"] == {"data": "SUQzYUlEM2I=", "transcript": "Hello"}
    if name == "choices":
        assert got["completion"]["choices"][1]["message"]["content"] == "Tails"
