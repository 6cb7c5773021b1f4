"""The openai SDK, on chat completions and on Responses."""

import importlib
import json
from typing import Any

from . import report

TOLD = report.told()
openai: Any = importlib.import_module("openai")

CHAT_TOOLS = [
    {
        "type": "function",
        "function": {
            "name": report.TOOL_NAME,
            "description": report.TOOL_ABOUT,
            "parameters": report.TOOL_PARAMETERS,
        },
    }
]
TOOLS = [
    {
        "type": "function",
        "name": report.TOOL_NAME,
        "description": report.TOOL_ABOUT,
        "parameters": report.TOOL_PARAMETERS,
        "strict": False,
    }
]


def client(key: str | None = None) -> Any:
    return openai.OpenAI(base_url=TOLD["url"], api_key=key or TOLD["key"], max_retries=0)


def models() -> list[str]:
    return [model.id for model in client().models.list()]


class Chat:
    def ask(self, model: str, key: str | None = None) -> dict[str, Any]:
        messages = [{"role": "user", "content": report.QUESTION}]
        answer = client(key).chat.completions.create(model=model, messages=messages)
        usage = answer.usage
        return {"text": answer.choices[0].message.content, "usage": [usage.prompt_tokens, usage.completion_tokens]}

    def stream(self, model: str) -> dict[str, Any]:
        messages = [{"role": "user", "content": report.QUESTION}]
        text, usage = "", None
        for chunk in client().chat.completions.create(
            model=model, messages=messages, stream=True, stream_options={"include_usage": True}
        ):
            text += "".join(choice.delta.content or "" for choice in chunk.choices)
            usage = chunk.usage or usage
        return {"text": text, "usage": usage and [usage.prompt_tokens, usage.completion_tokens]}

    def call(self, model: str, *, stream: bool) -> dict[str, Any]:
        messages: list[Any] = [{"role": "user", "content": report.QUESTION}]
        first = self._turn(model, messages, stream)
        calls = first.tool_calls
        messages.append(first)
        messages += [{"role": "tool", "tool_call_id": call.id, "content": report.RESULT} for call in calls]
        then = self._turn(model, messages, stream)
        return {
            "calls": [[call.function.name, json.loads(call.function.arguments)] for call in calls],
            "then": then.content,
        }

    def _turn(self, model: str, messages: list[Any], stream: bool) -> Any:
        if not stream:
            return client().chat.completions.create(model=model, messages=messages, tools=CHAT_TOOLS).choices[0].message
        with client().chat.completions.stream(model=model, messages=messages, tools=CHAT_TOOLS) as events:
            return events.get_final_completion().choices[0].message

    models = staticmethod(models)


class Responses:
    def ask(self, model: str, key: str | None = None) -> dict[str, Any]:
        answer = client(key).responses.create(model=model, input=report.QUESTION)
        return {"text": answer.output_text, "usage": [answer.usage.input_tokens, answer.usage.output_tokens]}

    def stream(self, model: str) -> dict[str, Any]:
        with client().responses.stream(model=model, input=report.QUESTION) as events:
            text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
            answer = events.get_final_response()
        assert text == answer.output_text
        return {"text": text, "usage": [answer.usage.input_tokens, answer.usage.output_tokens]}

    def call(self, model: str, *, stream: bool) -> dict[str, Any]:
        items: list[Any] = [{"role": "user", "content": report.QUESTION}]
        first = self._turn(model, items, stream)
        calls = [item for item in first.output if item.type == "function_call"]
        items += first.output
        items += [{"type": "function_call_output", "call_id": c.call_id, "output": report.RESULT} for c in calls]
        then = self._turn(model, items, stream)
        return {"calls": [[call.name, json.loads(call.arguments)] for call in calls], "then": then.output_text}

    def _turn(self, model: str, items: list[Any], stream: bool) -> Any:
        if not stream:
            return client().responses.create(model=model, input=items, tools=TOOLS)
        with client().responses.stream(model=model, input=items, tools=TOOLS) as events:
            return events.get_final_response()

    models = staticmethod(models)


report.run(Responses() if TOLD["wire"] == "openai_responses" else Chat())
