"""The ollama SDK."""

import importlib
from typing import Any

from . import report

TOLD = report.told()
ollama: Any = importlib.import_module("ollama")
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
    return ollama.Client(host=TOLD["url"], headers={"Authorization": f"Bearer {key or TOLD['key']}"})


class Chat:
    def ask(self, model: str, key: str | None = None) -> dict[str, Any]:
        answer = client(key).chat(model=model, messages=[ASKED])
        return {"text": answer.message.content, "usage": [answer.prompt_eval_count, answer.eval_count]}

    def stream(self, model: str) -> dict[str, Any]:
        text, last = "", None
        for last in client().chat(model=model, messages=[ASKED], stream=True):
            text += last.message.content or ""
        return {"text": text, "usage": last and [last.prompt_eval_count, last.eval_count]}

    def call(self, model: str, *, stream: bool) -> dict[str, Any]:
        messages: list[Any] = [ASKED]
        calls, text = self._turn(model, messages, stream)
        messages.append({"role": "assistant", "content": text, "tool_calls": calls})
        messages += [{"role": "tool", "tool_name": call.function.name, "content": report.RESULT} for call in calls]
        _, then = self._turn(model, messages, stream)
        return {"calls": [[call.function.name, dict(call.function.arguments)] for call in calls], "then": then}

    def _turn(self, model: str, messages: list[Any], stream: bool) -> tuple[list[Any], str]:
        held = client()
        answers = held.chat(model=model, messages=messages, tools=TOOLS, stream=stream)
        calls: list[Any] = []
        text = ""
        for answer in answers if stream else [answers]:
            calls += answer.message.tool_calls or []
            text += answer.message.content or ""
        return calls, text

    def models(self) -> list[str]:
        return [model.model for model in client().list().models]


report.run(Chat())
