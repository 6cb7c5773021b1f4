"""The google-genai package."""

from google import genai


class Client:
    def __init__(self, dialect, provider, url):
        if dialect != "gemini_generate":
            raise ValueError("not its wire")
        base, _, version = url.rpartition("/")
        self._client = genai.Client(api_key="key", http_options={"base_url": base, "api_version": version})

    async def pieces(self):
        async for chunk in await self._client.aio.models.generate_content_stream(model="m", contents="hi"):
            if chunk.text:
                yield chunk.text

    async def stream(self):
        return "".join([piece async for piece in self.pieces()])

    async def complete(self):
        return (await self._client.aio.models.generate_content(model="m", contents="hi")).text

    async def image(self, stream):
        if stream:
            chunks = [c async for c in await self._client.aio.models.generate_content_stream(model="m", contents="hi")]
        else:
            chunks = [await self._client.aio.models.generate_content(model="m", contents="hi")]
        parts = [part for chunk in chunks for part in chunk.candidates[0].content.parts or ()]
        return next(part.inline_data.data for part in parts if part.inline_data)

    async def close(self):
        pass
