"""The anthropic package."""

from anthropic import AsyncAnthropic

ASK = {"model": "m", "max_tokens": 4096, "messages": [{"role": "user", "content": "hi"}]}


class Client:
    def __init__(self, dialect, provider, url):
        if dialect != "anthropic_messages":
            raise ValueError("not its wire")
        self._client = AsyncAnthropic(api_key="key", base_url=url.removesuffix("/v1"), max_retries=0)

    async def pieces(self):
        async for event in await self._client.messages.create(**ASK, stream=True):
            if event.type == "content_block_delta" and event.delta.type == "text_delta":
                yield event.delta.text

    async def stream(self):
        return "".join([piece async for piece in self.pieces()])

    async def complete(self):
        done = await self._client.messages.create(**ASK)
        return "".join(block.text for block in done.content)

    async def close(self):
        await self._client.close()
