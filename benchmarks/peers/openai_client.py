"""The openai package."""

import base64

from openai import AsyncOpenAI

ASK = [{"role": "user", "content": "hi"}]


class Client:
    def __init__(self, dialect, provider, url):
        if dialect not in ("openai_chat", "openai_responses"):
            raise ValueError("not its wire")
        self._responses = dialect == "openai_responses"
        self._client = AsyncOpenAI(api_key="key", base_url=url, max_retries=0)

    async def pieces(self):
        if self._responses:
            async for event in await self._client.responses.create(model="m", input="hi", stream=True):
                if event.type == "response.output_text.delta":
                    yield event.delta
            return
        async for chunk in await self._client.chat.completions.create(model="m", messages=ASK, stream=True):
            if chunk.choices and chunk.choices[0].delta.content:
                yield chunk.choices[0].delta.content

    async def stream(self):
        return "".join([piece async for piece in self.pieces()])

    async def arguments(self):
        pieces = []
        async for chunk in await self._client.chat.completions.create(model="m", messages=ASK, stream=True):
            if chunk.choices:
                for call in chunk.choices[0].delta.tool_calls or ():
                    pieces.append(call.function.arguments or "")
        return "".join(pieces)

    async def complete(self):
        done = await self._client.chat.completions.create(model="m", messages=ASK)
        return done.choices[0].message.content

    async def image(self, stream):
        """A picture as OpenRouter and others send it: a data URI in a field that the package passes on as it is."""
        if stream:
            chunks = await self._client.chat.completions.create(model="m", messages=ASK, stream=True)
            found = [chunk.choices[0].delta async for chunk in chunks if chunk.choices]
        else:
            found = [(await self._client.chat.completions.create(model="m", messages=ASK)).choices[0].message]
        urls = [image["image_url"]["url"] for part in found for image in (part.model_extra or {}).get("images") or ()]
        return base64.b64decode(urls[0].partition(",")[2])

    async def embed(self, texts):
        done = await self._client.embeddings.create(model="m", input=texts)
        return [entry.embedding for entry in done.data]

    async def close(self):
        await self._client.close()
