"""`aikido-llm chat`: one question, one answer."""

import asyncio
import sys
from typing import Any

import click

import aikido_llm as llm

from .render import Renderer


@click.command("chat", epilog="Example: aikido-llm chat -p openrouter -m openai/gpt-5-mini 'why is the sky blue?'")
@click.argument("prompt", nargs=-1)
@click.option("-p", "--provider", envvar="LLM_PROVIDER", default="echo", show_default=True, help="who is asked")
@click.option("-m", "--model", envvar="LLM_MODEL", help="which model; the provider's default, where it has one")
@click.option("--dsn", envvar="LLM_DSN", default="", help="BASE_URL?api_key=KEY&opt=value")
@click.option("--api-key", help="the key; better: the provider's environment variable")
@click.option("-s", "--system", help="instructions to the model")
@click.option("-t", "--temperature", type=float, help="as the provider defines it")
@click.option("--max-tokens", type=int, help="upper bound of the answer")
@click.option("--thinking", help="low, medium, high, or a number of tokens")
@click.option("--json", "as_json", is_flag=True, help="print the events, one JSON object a line")
@click.option("--no-stream", is_flag=True, help="ask for the whole answer at once")
@click.option("--usage", "show_usage", is_flag=True, help="print the token counts behind the answer, on stderr")
def command(prompt: tuple[str, ...], **options: Any) -> None:
    """Ask PROMPT (or what comes on stdin) and stream the answer to stdout; thinking goes to stderr."""
    text = " ".join(prompt)
    if not sys.stdin.isatty() and not prompt:
        text = sys.stdin.read()
    if not text.strip():
        raise click.UsageError("there is no prompt: give it as an argument or on stdin")
    asyncio.run(_chat(text, options))


async def _chat(text: str, options: dict[str, Any]) -> None:
    messages = [llm.system(options["system"])] if options["system"] else []
    request = llm.Request(
        messages=[*messages, llm.user(text)],
        temperature=options["temperature"],
        max_tokens=options["max_tokens"],
        thinking=_thinking(options["thinking"]),
    )
    client = llm.open(options["provider"], options["dsn"], api_key=options["api_key"], model=options["model"])
    renderer = Renderer(as_json=options["as_json"], show_usage=options["show_usage"])
    async with client:
        if options["no_stream"]:
            renderer.response(await client.complete(request))
            return
        async with client.stream(request) as events:
            async for event in events:
                renderer.event(event)
    renderer.raise_failure()


def _thinking(text: str | None) -> llm.ThinkingConfig | None:
    match text:
        case None:
            return None
        case "low" | "medium" | "high":
            return llm.ThinkingConfig.by_effort(text)
        case _ if text.isdecimal():
            return llm.ThinkingConfig.by_budget(int(text))
        case _:
            raise click.BadParameter("takes low, medium, high or a number of tokens", param_hint="--thinking")
