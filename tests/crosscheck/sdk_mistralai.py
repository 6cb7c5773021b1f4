"""The mistralai SDK."""

import importlib
import json
from typing import Any

from . import report

TOLD = report.told()
try:
    Mistral: Any = importlib.import_module("mistralai").Mistral
except AttributeError:  # from version 2 on
    Mistral = importlib.import_module("mistralai.client").Mistral
ASKED = {"role": "user", "content": report.QUESTION}
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": report.TOOL_NAME,
            "description": report.TOOL_ABOUT,
            "parameters": report.TOOL_PARAMETERS,
        },
    }
]


def client(key: str | None = None) -> Any:
    return Mistral(api_key=key or TOLD["key"], server_url=TOLD["url"].removesuffix("/v1"))


class Chat:
    def ask(self, model: str, key: str | None = None) -> dict[str, Any]:
        answer = client(key).chat.complete(model=model, messages=[ASKED])
        usage = answer.usage
        return {"text": answer.choices[0].message.content, "usage": [usage.prompt_tokens, usage.completion_tokens]}

    def stream(self, model: str) -> dict[str, Any]:
        text, usage = "", None
        held = client()
        for event in held.chat.stream(model=model, messages=[ASKED]):
            text += "".join(choice.delta.content or "" for choice in event.data.choices)
            usage = event.data.usage or usage
        return {"text": text, "usage": usage and [usage.prompt_tokens, usage.completion_tokens]}

    def call(self, model: str, *, stream: bool) -> dict[str, Any]:
        messages: list[Any] = [ASKED]
        calls, _ = self._turn(model, messages, stream)
        messages.append({"role": "assistant", "content": "", "tool_calls": calls})
        messages += [
            {"role": "tool", "tool_call_id": c.id, "name": c.function.name, "content": report.RESULT} for c in calls
        ]
        _, then = self._turn(model, messages, stream)
        return {"calls": [[c.function.name, _arguments(c.function.arguments)] for c in calls], "then": then}

    def _turn(self, model: str, messages: list[Any], stream: bool) -> tuple[list[Any], str]:
        held = client()
        if not stream:
            message = held.chat.complete(model=model, messages=messages, tools=TOOLS).choices[0].message
            return list(message.tool_calls or []), message.content or ""
        calls: list[Any] = []
        text = ""
        for event in held.chat.stream(model=model, messages=messages, tools=TOOLS):
            for choice in event.data.choices:
                text += choice.delta.content or ""
                calls += choice.delta.tool_calls or []
        return calls, text

    def models(self) -> list[str]:
        return [model.id for model in client().models.list().data]


def _arguments(arguments: Any) -> Any:
    return json.loads(arguments) if isinstance(arguments, str) else arguments


report.run(Chat())
