"""The litellm package."""

import os

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # or it asks the network while it is imported

import litellm

ASK = [{"role": "user", "content": "hi"}]
MODELS = {"openai_chat": "openai/m", "anthropic_messages": "anthropic/m", "ollama_chat": "ollama_chat/m"}


class Client:
    def __init__(self, dialect, provider, url):
        if dialect not in MODELS:
            raise ValueError("not its wire")
        base = url.removesuffix("/v1") if dialect == "anthropic_messages" else url
        self._ask = {"model": MODELS[dialect], "messages": ASK, "api_base": base, "api_key": "key", "max_retries": 0}

    async def pieces(self):
        async for chunk in await litellm.acompletion(**self._ask, stream=True):
            if chunk.choices and chunk.choices[0].delta.content:
                yield chunk.choices[0].delta.content

    async def stream(self):
        return "".join([piece async for piece in self.pieces()])

    async def arguments(self):
        pieces = []
        async for chunk in await litellm.acompletion(**self._ask, stream=True):
            for call in chunk.choices[0].delta.tool_calls or ():
                pieces.append(call.function.arguments or "")
        return "".join(pieces)

    async def complete(self):
        return (await litellm.acompletion(**self._ask)).choices[0].message.content

    async def close(self):
        pass
