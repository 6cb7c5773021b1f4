"""One conversation, started on one provider and continued on another."""

import asyncio
import os

import aikido_llm as llm


async def main(first: llm.HTTPClient, second: llm.HTTPClient) -> list[llm.Message]:
    messages = [llm.user("Give me a number.")]
    for client, question in ((first, "Double it."), (second, "And again.")):
        response = await client.chat(messages)
        print(f"{client.provider}: {response.text}")
        messages += [response.message, llm.user(question)]
    return messages


async def run() -> None:
    names = os.environ.get("LLM_PROVIDERS", "echo,echo").split(",")
    async with llm.open(names[0]) as first, llm.open(names[1]) as second:
        await main(first, second)


if __name__ == "__main__":
    asyncio.run(run())
