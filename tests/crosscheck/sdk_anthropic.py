"""The anthropic SDK."""

import importlib
from typing import Any

from . import report

TOLD = report.told()
anthropic: Any = importlib.import_module("anthropic")
ASKED = {"role": "user", "content": report.QUESTION}
TOOLS = [{"name": report.TOOL_NAME, "description": report.TOOL_ABOUT, "input_schema": report.TOOL_PARAMETERS}]


def client(key: str | None = None) -> Any:
    return anthropic.Anthropic(base_url=TOLD["url"], api_key=key or TOLD["key"], max_retries=0)


class Messages:
    def ask(self, model: str, key: str | None = None) -> dict[str, Any]:
        return _answer(client(key).messages.create(model=model, max_tokens=100, messages=[ASKED]))

    def stream(self, model: str) -> dict[str, Any]:
        with client().messages.stream(model=model, max_tokens=100, messages=[ASKED]) as stream:
            text = "".join(stream.text_stream)
            answer = _answer(stream.get_final_message())
        assert text == answer["text"]
        return answer

    def call(self, model: str, *, stream: bool) -> dict[str, Any]:
        messages: list[Any] = [ASKED]
        first = self._turn(model, messages, stream)
        calls = [block for block in first.content if block.type == "tool_use"]
        results = [{"type": "tool_result", "tool_use_id": call.id, "content": report.RESULT} for call in calls]
        messages += [{"role": "assistant", "content": first.content}, {"role": "user", "content": results}]
        then = self._turn(model, messages, stream)
        return {"calls": [[call.name, call.input] for call in calls], "then": _answer(then)["text"]}

    def _turn(self, model: str, messages: list[Any], stream: bool) -> Any:
        if not stream:
            return client().messages.create(model=model, max_tokens=100, messages=messages, tools=TOOLS)
        with client().messages.stream(model=model, max_tokens=100, messages=messages, tools=TOOLS) as events:
            return events.get_final_message()

    def models(self) -> list[str]:
        return [model.id for model in client().models.list()]


def _answer(message: Any) -> dict[str, Any]:
    text = "".join(block.text for block in message.content if block.type == "text")
    return {"text": text, "usage": [message.usage.input_tokens, message.usage.output_tokens]}


report.run(Messages())
