"""The ollama package."""

from ollama import AsyncClient

ASK = [{"role": "user", "content": "hi"}]


class Client:
    def __init__(self, dialect, provider, url):
        if dialect != "ollama_chat":
            raise ValueError("not its wire")
        self._client = AsyncClient(host=url)

    async def pieces(self):
        async for part in await self._client.chat(model="m", messages=ASK, stream=True):
            if part.message.content:
                yield part.message.content

    async def stream(self):
        return "".join([piece async for piece in self.pieces()])

    async def complete(self):
        return (await self._client.chat(model="m", messages=ASK)).message.content

    async def close(self):
        pass
