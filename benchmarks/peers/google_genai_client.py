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

    async def close(self):
        pass
