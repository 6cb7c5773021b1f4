"""Many prompts at once over one client, a few at a time; one that fails does not stop the others."""

import asyncio
import os

import aikido_llm as llm


async def main(client: llm.HTTPClient, prompts: list[str]) -> dict[str, llm.Response | llm.LLMError]:
    results: dict[str, llm.Response | llm.LLMError] = {}

    async def ask(prompt: str) -> None:
        try:
            results[prompt] = await llm.complete_with_retry(client, llm.Request(messages=[llm.user(prompt)]))
        except llm.LLMError as error:
            results[prompt] = error  # its .partial has what was paid for

    async with asyncio.TaskGroup() as group:
        for prompt in prompts:
            group.create_task(ask(prompt))
    return results


async def run() -> None:
    limits = llm.Limits(connections=8)  # the others wait their turn
    provider, dsn = os.environ.get("LLM_PROVIDER", "echo"), os.environ.get("LLM_DSN", "")
    async with llm.open(provider, dsn, limits=limits) as client:
        for prompt, result in (await main(client, [f"prompt {n}" for n in range(20)])).items():
            print(prompt, "->", result.text if isinstance(result, llm.Response) else result)


if __name__ == "__main__":
    asyncio.run(run())
