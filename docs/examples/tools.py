"""Functions that the model may call; the loop runs them until the model stops."""

import asyncio
import os

import aikido_llm as llm

PRICES = {"tea": 3, "cake": 5}


def price(item: str) -> int:
    """The price of an item on the menu, in crowns."""
    return PRICES[item]


async def main(client: llm.HTTPClient) -> llm.ToolRun:
    request = llm.Request(messages=[llm.user("What do tea and cake cost together?")])
    run = await llm.run_tools(client, request, {"price": price}, max_turns=5)
    print(run.response.text, f"[{run.turns} turns]")
    return run


async def run() -> None:
    async with llm.open(os.environ["LLM_PROVIDER"], os.environ.get("LLM_DSN", "")) as client:
        await main(client)


if __name__ == "__main__":
    asyncio.run(run())
