"""Ask the model to think, show it, and go on in the same conversation: its signatures go back with it."""

import asyncio
import os

import aikido_llm as llm


async def main(client: llm.HTTPClient) -> list[llm.Message]:
    thinking = llm.ThinkingConfig.by_budget(2000)
    messages = [llm.user("A bat and a ball cost 1.10; the bat costs 1 more. The ball?")]
    response = await client.chat(messages, thinking=thinking)
    print("thought:", response.thinking)
    print("answer: ", response.text)
    messages += [response.message, llm.user("Are you sure?")]
    print("then:   ", (await client.chat(messages, thinking=thinking)).text)
    return messages


async def run() -> None:
    async with llm.open(os.environ.get("LLM_PROVIDER", "anthropic"), os.environ.get("LLM_DSN", "")) as client:
        await main(client)


if __name__ == "__main__":
    asyncio.run(run())
