"""The any-llm-sdk package."""

from any_llm import AnyLLM

ASK = [{"role": "user", "content": "hi"}]
PROVIDERS = {"openai_chat": "openai", "anthropic_messages": "anthropic", "gemini_generate": "gemini"}


class Client:
    def __init__(self, dialect, provider, url):
        if dialect not in PROVIDERS:
            raise ValueError("not its wire")
        base = url.removesuffix("/v1") if dialect == "anthropic_messages" else url.removesuffix("/v1beta")
        self._llm = AnyLLM.create(PROVIDERS[dialect], api_key="key", api_base=base)
        self._ask = {"model": "m", "messages": ASK}

    async def pieces(self):
        async for chunk in await self._llm.acompletion(**self._ask, stream=True):
            if chunk.choices and chunk.choices[0].delta.content:
                yield chunk.choices[0].delta.content

    async def stream(self):
        return "".join([piece async for piece in self.pieces()])

    async def arguments(self):
        pieces = []
        async for chunk in await self._llm.acompletion(**self._ask, stream=True):
            for call in (chunk.choices[0].delta.tool_calls or ()) if chunk.choices else ():
                pieces.append(call.function.arguments or "")
        return "".join(pieces)

    async def complete(self):
        return (await self._llm.acompletion(**self._ask)).choices[0].message.content

    async def close(self):
        pass
