"""The cohere SDK, its v2 client."""

import importlib
import json
from typing import Any

from . import report

TOLD = report.told()
cohere: Any = importlib.import_module("cohere")
ASKED = {"role": "user", "content": report.QUESTION}
ONCE = {"max_retries": 0}
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
    return cohere.ClientV2(api_key=key or TOLD["key"], base_url=TOLD["url"])


class Chat:
    def ask(self, model: str, key: str | None = None) -> dict[str, Any]:
        answer = client(key).chat(model=model, messages=[ASKED], request_options=ONCE)
        text = "".join(part.text for part in answer.message.content)
        return {"text": text, "usage": _usage(answer.usage)}

    def stream(self, model: str) -> dict[str, Any]:
        text, usage = "", None
        for event in client().chat_stream(model=model, messages=[ASKED], request_options=ONCE):
            if event.type == "content-delta":
                text += event.delta.message.content.text
            elif event.type == "message-end":
                if event.delta.finish_reason == "ERROR":
                    raise RuntimeError(event.delta.error)
                usage = _usage(event.delta.usage)
        return {"text": text, "usage": usage}

    def call(self, model: str, *, stream: bool) -> dict[str, Any]:
        messages: list[Any] = [ASKED]
        calls = self._streamed(model, messages)[0] if stream else self._whole(model, messages)[0]
        messages.append({"role": "assistant", "tool_calls": calls})
        messages += [{"role": "tool", "tool_call_id": call["id"], "content": report.RESULT} for call in calls]
        then = self._streamed(model, messages)[1] if stream else self._whole(model, messages)[1]
        said = [[call["function"]["name"], json.loads(call["function"]["arguments"])] for call in calls]
        return {"calls": said, "then": then}

    def _whole(self, model: str, messages: list[Any]) -> tuple[list[Any], str]:
        message: Any = client().chat(model=model, messages=messages, tools=TOOLS, request_options=ONCE).message
        content: list[Any] = message.content or []
        called: list[Any] = message.tool_calls or []
        calls = [call.model_dump() for call in called]
        return calls, "".join(part.text for part in content)

    def _streamed(self, model: str, messages: list[Any]) -> tuple[list[Any], str]:
        calls: dict[int, Any] = {}
        text = ""
        for event in client().chat_stream(model=model, messages=messages, tools=TOOLS, request_options=ONCE):
            if event.type == "tool-call-start":
                calls[event.index] = event.delta.message.tool_calls.model_dump()
            elif event.type == "tool-call-delta":
                calls[event.index]["function"]["arguments"] += event.delta.message.tool_calls.function.arguments
            elif event.type == "content-delta":
                text += event.delta.message.content.text
        return list(calls.values()), text

    def models(self) -> list[str]:
        names: list[str] = []
        token = None
        while True:
            page = client().models.list(page_token=token, request_options=ONCE)
            names += [model.name for model in page.models]
            token = page.next_page_token
            if not token:
                return names


def _usage(usage: Any) -> list[int]:
    return [int(usage.tokens.input_tokens), int(usage.tokens.output_tokens)]


report.run(Chat())
