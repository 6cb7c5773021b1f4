"""The langchain-openai package."""

from langchain_openai import ChatOpenAI


class Client:
    def __init__(self, dialect, provider, url):
        if dialect != "openai_chat":
            raise ValueError("not its wire")
        self._model = ChatOpenAI(model="m", base_url=url, api_key="key", max_retries=0)

    async def pieces(self):
        async for chunk in self._model.astream("hi"):
            if chunk.content:
                yield chunk.content

    async def stream(self):
        return "".join([piece async for piece in self.pieces()])

    async def arguments(self):
        pieces = []
        async for chunk in self._model.astream("hi"):
            for call in chunk.tool_call_chunks:
                pieces.append(call["args"] or "")
        return "".join(pieces)

    async def complete(self):
        return (await self._model.ainvoke("hi")).content

    async def close(self):
        pass
