"""An answer as it comes, and what to do with each event."""

import asyncio
import os
import sys

import aikido_llm as llm


async def main(client: llm.HTTPClient) -> llm.Response:
    request = llm.Request(messages=[llm.system("Answer in one line."), llm.user("Name three whales.")])
    async with client.stream(request) as events:
        async for event in events:
            match event:
                case llm.TextDelta(text=text):
                    print(text, end="", flush=True)
                case llm.ThinkingDelta(text=text):
                    print(text, end="", flush=True, file=sys.stderr)
                case llm.ErrorEvent(error=error):
                    print(f"\nbroke off: {error}", file=sys.stderr)
                case llm.EndEvent(response=response):
                    print()
                    return response
                case _:
                    pass
    raise AssertionError("every stream ends in an EndEvent")


async def run() -> None:
    async with llm.open(os.environ.get("LLM_PROVIDER", "echo"), os.environ.get("LLM_DSN", "")) as client:
        await main(client)


if __name__ == "__main__":
    asyncio.run(run())
