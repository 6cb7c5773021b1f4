"""Our own client, asked as the SDKs are."""

import asyncio
from typing import Any

import aikido_llm as llm

from . import report

TOLD = report.told()
TOOL = llm.ToolDef(report.TOOL_NAME, report.TOOL_ABOUT, report.TOOL_PARAMETERS)


class Ours:
    def _open(self, key: str | None = None) -> llm.HTTPClient:
        return llm.open(TOLD["name"], TOLD["url"], api_key=key or TOLD["key"], retry=None)

    def ask(self, model: str, key: str | None = None) -> dict[str, Any]:
        async def ask() -> llm.Response:
            async with self._open(key) as client:
                return await client.chat(report.QUESTION, model=model, max_tokens=100)

        return _answer(asyncio.run(ask()))

    def stream(self, model: str) -> dict[str, Any]:
        async def ask() -> llm.Response:
            async with self._open() as client:
                return await llm.collect(client.chat_stream(report.QUESTION, model=model, max_tokens=100))

        return _answer(asyncio.run(ask()))

    def call(self, model: str, *, stream: bool) -> dict[str, Any]:
        return asyncio.run(self._call(model, stream))

    async def _call(self, model: str, stream: bool) -> dict[str, Any]:
        async with self._open() as client:

            async def ask(*messages: llm.Message) -> llm.Response:
                request = llm.Request(messages, model=model, tools=[TOOL], max_tokens=100)
                return await (llm.collect(client, request) if stream else client.complete(request))

            asked = llm.user(report.QUESTION)
            first = await ask(asked)
            results = [llm.tool(call.id, report.RESULT) for call in first.tool_calls]
            then = await ask(asked, first.message, *results)
        return {"calls": [[call.name, call.parsed()] for call in first.tool_calls], "then": then.text}

    def models(self) -> list[str]:
        async def ask() -> list[str]:
            async with self._open() as client:
                return [model.id for model in await client.list_models()]

        return asyncio.run(ask())


def _answer(response: llm.Response) -> dict[str, Any]:
    usage = response.usage
    return {"text": response.text, "usage": [usage.input_tokens, usage.output_tokens]}


report.run(Ours())
