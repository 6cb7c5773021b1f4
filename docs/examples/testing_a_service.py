"""Test your own code against a real server on this machine that speaks the provider's wire, faults included."""

import asyncio

import aikido_llm as llm
from aikido_llm.testing import Answer, Fault, WireServer


async def summarize(client: llm.HTTPClient, text: str) -> str:
    """The code under test: an answer that broke off is marked as such."""
    try:
        return (await llm.collect(client.chat_stream(f"Summarize: {text}"))).text
    except llm.StreamTruncated as error:
        return (error.partial.text if error.partial else "") + " [...]"


async def main() -> list[str]:
    async with WireServer() as server:
        server.answer(Answer("short and good"), Answer("short and cut", fault=Fault.close(after_events=5)))
        async with llm.open("anthropic", server.dsn("anthropic")) as client:
            return [await summarize(client, "x"), await summarize(client, "y")]


if __name__ == "__main__":
    print(*asyncio.run(main()), sep="\n")
