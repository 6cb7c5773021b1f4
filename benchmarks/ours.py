"""This library, as a user writes it, behind the few verbs that `worker` times."""

from collections.abc import AsyncIterator, Callable

import aikido_llm as llm

_ASK = llm.Request(messages=[llm.user("hi")])
_MANY = llm.Limits(connections=4096)


class Client:
    def __init__(self, dialect: str, provider: str, url: str) -> None:
        self._client = llm.open(provider, url, api_key="key", model="m", retry=None, limits=_MANY)

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

    async def close(self) -> None:
        await self._client.aclose()


def _whole(event: llm.EndEvent) -> llm.Response:
    if event.finish_reason is llm.FinishReason.error:
        raise RuntimeError("the answer failed")
    return event.response
