"""`aikido-llm chat`: one question, one answer."""

import asyncio
import sys
from importlib import import_module
from typing import Any

import click

import aikido_llm as llm
from aikido_llm.providers import find

from ..access.options import Access, access_options, stand_in
from ..asking import request as asking
from ..terminal import speak
from ..terminal.screen import Screen

_EPILOG = """\b
Examples:
  aikido-llm chat -p openrouter -m openai/gpt-5-mini "why is the sky blue?"
  git diff | aikido-llm chat "write a commit message for this"
  aikido-llm chat --image photo.jpg "what is this?"
  aikido-llm chat "review this:" @main.py
"""


@click.command("chat", epilog=_EPILOG)
@click.argument("prompt", nargs=-1)
@access_options
@click.option("-s", "--system", metavar="TEXT", help="Instructions to the model.")
@click.option("-t", "--temperature", type=float, help="As the provider defines it.")
@click.option("--max-tokens", type=click.IntRange(min=1), help="Upper bound of the answer.")
@click.option("--thinking", metavar="HOW", help="low, medium, high, or a number of tokens.")
@click.option("--image", "images", metavar="FILE|URL", multiple=True, help="Show a picture; - is stdin. Repeatable.")
@click.option("--file", "files", metavar="FILE", multiple=True, help="Attach a document (-: stdin); alone it "
              "is the prompt. Repeatable.")  # fmt: skip
@click.option("--tool-schema", "tools", metavar="FILE.json", multiple=True, help="Offer tools: one or a list. "
              "Calls are printed, not run.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the events, one JSON object a line.")
@click.option("--no-stream", is_flag=True, help="Ask for the whole answer at once.")
@click.option("--usage", "show_usage", is_flag=True, help="Print the token counts behind the answer, on stderr.")
@click.option("--plain", is_flag=True, help="Print the text as it is, also on a terminal.")
def command(access: Access, prompt: tuple[str, ...], **options: Any) -> None:
    """Ask PROMPT and stream the answer to stdout; thinking and tool calls go to stderr.

    A word @FILE stands for that file's text. What is piped in is appended to the prompt.
    """
    text = asking.prompt_text(prompt)
    attached = "-" in (*options["files"], *options["images"])
    piped = "" if attached else asking.stdin_text(wanted=not text and not options["files"])
    request = llm.Request(
        messages=asking.messages(
            options["system"],
            "\n\n".join(piece for piece in (text, piped) if piece.strip()),
            options["images"],
            options["files"],
        ),
        temperature=options["temperature"],
        max_tokens=options["max_tokens"],
        thinking=asking.thinking(options["thinking"]),
        tools=asking.tools(options["tools"]),
    )
    screen = Screen(plain=options["plain"], as_json=options["as_json"], show_usage=options["show_usage"])
    client = access.client()
    if sys.stderr.isatty() and (said := stand_in(access)):
        speak.err(f"aikido-llm: {said}")
    asyncio.run(_chat(client, request, screen, stream=not options["no_stream"]))
    screen.raise_failure()


async def _chat(client: llm.HTTPClient, request: llm.Request, screen: Screen, *, stream: bool) -> None:
    async with client:
        await ask(client, request, screen, stream=stream)


async def ask(client: llm.HTTPClient, request: llm.Request, screen: Screen, *, stream: bool = True) -> None:
    """Show the answer to one request. Raises what failed before it began; a later failure is in `screen.failure`."""
    if find(client.provider).transport is None:
        import_module("aikido_llm.transport.aiohttp")  # takes a while, which is not the provider's
    with screen.answer(request.model or client.model or client.provider, streamed=stream):
        if stream:
            async with client.stream(request) as events:
                async for event in events:
                    screen.event(event)
            return
        try:
            screen.whole(await client.complete(request))
        except llm.LLMError as error:
            if error.partial is not None:
                screen.partial(error.partial)
            raise
