"""One question, one answer."""

import asyncio
import os

import aikido_llm as llm


async def main(client: llm.HTTPClient) -> str:
    response = await client.chat("Why is the sky blue? One sentence.", temperature=0)
    return f"{response.text}  [{response.usage.total_tokens} tokens, {response.finish_reason}]"


async def run() -> None:
    async with llm.open(os.environ.get("LLM_PROVIDER", "echo"), os.environ.get("LLM_DSN", "")) as client:
        print(await main(client))


if __name__ == "__main__":
    asyncio.run(run())
