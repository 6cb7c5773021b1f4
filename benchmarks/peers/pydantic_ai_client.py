"""The pydantic-ai package."""

from pydantic_ai import Agent


def model_of(dialect, url):
    if dialect == "openai_chat":
        from pydantic_ai.models.openai import OpenAIChatModel
        from pydantic_ai.providers.openai import OpenAIProvider

        return OpenAIChatModel("m", provider=OpenAIProvider(base_url=url, api_key="key"))
    if dialect == "anthropic_messages":
        from anthropic import AsyncAnthropic
        from pydantic_ai.models.anthropic import AnthropicModel
        from pydantic_ai.providers.anthropic import AnthropicProvider

        client = AsyncAnthropic(base_url=url.removesuffix("/v1"), api_key="key")
        return AnthropicModel("m", provider=AnthropicProvider(anthropic_client=client))
    if dialect == "gemini_generate":
        from pydantic_ai.models.google import GoogleModel
        from pydantic_ai.providers.google import GoogleProvider

        return GoogleModel("m", provider=GoogleProvider(api_key="key", base_url=url.removesuffix("/v1beta")))
    raise ValueError("not its wire")


class Client:
    def __init__(self, dialect, provider, url):
        self._agent = Agent(model_of(dialect, url))

    async def pieces(self):
        async with self._agent.run_stream("hi") as result:
            async for text in result.stream_text(delta=True, debounce_by=None):
                yield text

    async def stream(self):
        return "".join([piece async for piece in self.pieces()])

    async def arguments(self):
        raise ValueError("not its wire: calls are run, not streamed")

    async def complete(self):
        return (await self._agent.run("hi")).output

    async def close(self):
        pass
