"""This library, as a user writes it, behind the few verbs that `worker` times."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import aikido_llm as llm
from aikido_llm import middleware

_ASK = llm.Request(messages=[llm.user("hi")])
_MANY = llm.Limits(connections=4096)


class Client:
    def __init__(self, dialect: str, provider: str, url: str) -> None:
        self._client = self.around(llm.open(provider, url, api_key="key", model="m", retry=None, limits=_MANY))

    @staticmethod
    def around(client: llm.HTTPClient) -> Any:
        return client

    async def stream(self) -> str:
        """Every event is handed to this loop; the text comes folded with the last one."""
        async for event in self._client.stream(_ASK):
            if type(event) is llm.EndEvent:
                return _whole(event).text
        raise RuntimeError("no end")

    async def arguments(self) -> str:
        async for event in self._client.stream(_ASK):
            if type(event) is llm.EndEvent:
                return _whole(event).tool_calls[0].arguments
        raise RuntimeError("no end")

    async def pieces(self) -> AsyncIterator[str]:
        async for event in self._client.stream(_ASK):
            if type(event) is llm.TextDelta:
                yield event.text

    async def each(self, take: Callable[[str], None]) -> None:
        """The loop as a user has it, without the generator of `pieces` around it."""
        async for event in self._client.stream(_ASK):
            if type(event) is llm.TextDelta:
                take(event.text)

    async def complete(self) -> str:
        return (await self._client.complete(_ASK)).text

    async def document(self, stream: bool) -> str:
        answer = await (llm.collect(self._client.stream(_ASK)) if stream else self._client.complete(_ASK))
        return answer.text or answer.tool_calls[0].arguments

    async def image(self, stream: bool) -> bytes:
        answer = await (llm.collect(self._client.stream(_ASK)) if stream else self._client.complete(_ASK))
        return answer.images[0].data or b""

    async def send_image(self, data: bytes) -> str:
        message = llm.user("what is this?", images=[llm.ImagePart(data=data, content_type="image/png")])
        return (await self._client.complete(llm.Request(messages=[message]))).text

    async def embed(self, texts: list[str]) -> Any:
        return (await self._client.embed(texts)).vectors

    async def close(self) -> None:
        await self._client.aclose()


class Around(Client):
    """The same with all that a service puts around it."""

    @staticmethod
    def around(client: llm.HTTPClient) -> Any:
        limiter = middleware.Limiter(requests_per_minute=1e9, tokens_per_minute=1e12, concurrent=4096)
        budget = middleware.Budget(tokens=10**15)
        inner = middleware.budgeted(middleware.limited(client, limiter), budget)
        return middleware.observed(middleware.fallback(inner, llm.open("echo", model="m")))


def _whole(event: llm.EndEvent) -> llm.Response:
    if event.finish_reason is llm.FinishReason.error:
        raise RuntimeError("the answer failed")
    return event.response
