"""Ollama /api/chat: one JSON object a line; a body that was not streamed is the same with one line."""

from __future__ import annotations

import json

from .base import Draft, get, number, objects, string, usage
from .errors import error_in_body

FINISH = {"stop": "stop", "load": "stop", "unload": "stop", "length": "length"}


def read(body: bytes) -> Draft:
    draft = Draft()
    for line in body.decode("utf-8").splitlines():
        if not line.strip():
            continue
        part = json.loads(line)
        if part.get("error"):
            draft.error = error_in_body(part["error"])
            return draft
        draft.model = draft.model or string(part, "model")
        draft.text += string(part, "message", "content")
        draft.thinking += string(part, "message", "thinking")
        for call in objects(part, "message", "tool_calls"):
            arguments = json.dumps(get(call, "function", "arguments") or {})
            draft.tool_calls.append((string(call, "function", "name"), arguments))
        if part.get("done"):
            draft.raw_finish = string(part, "done_reason") or None
            draft.usage = usage(number(part, "prompt_eval_count"), number(part, "eval_count"))
            draft.finish = _finish(draft)
    return draft


def _finish(draft: Draft) -> str | None:
    if draft.raw_finish is None:  # old servers: done without a reason is an end if anything came
        return "stop" if draft.text or draft.tool_calls else None
    return FINISH.get(draft.raw_finish, "other")
