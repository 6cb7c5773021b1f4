"""A provider of your own: a compatible server is a row of data."""

import asyncio

import aikido_llm as llm
from aikido_llm.dialects.openai_chat import OpenAIChat
from aikido_llm.providers.base import DsnOption, Provider

ACME = Provider(
    name="acme",
    base_url="https://llm.acme.example/v1",
    dialect=OpenAIChat(max_tokens_field="max_tokens"),
    key_env=("ACME_API_KEY",),
    options=(DsnOption("tier", header="X-Acme-Tier", about="queue to wait in"),),
)


async def main(base_url: str, key: str) -> str:
    if "acme" not in llm.providers():
        llm.register("acme", ACME)
    async with llm.open("acme", f"{base_url}?tier=fast&model=acme-1", api_key=key) as client:
        return (await client.chat("hello")).text


if __name__ == "__main__":
    print(asyncio.run(main("https://llm.acme.example/v1", "...")))
