"""`aikido-llm count`: the tokens of a prompt, as its provider counts them."""

import asyncio

import click

import aikido_llm as llm

from ..access.options import Access, access_options
from ..asking import request as asking
from ..terminal import speak

_EPILOG = """\b
Examples:
  aikido-llm count -p anthropic -m claude-haiku-4-5 "how long is this?"
  aikido-llm count -p gemini -m gemini-2.5-flash --file report.pdf "sum it up"
  git diff | aikido-llm count -p openai-responses -m gpt-5.4-mini
"""


@click.command("count", epilog=_EPILOG)
@click.argument("prompt", nargs=-1)
@access_options
@click.option("-s", "--system", metavar="TEXT", help="Instructions to the model.")
@click.option("-a", "--attach", "attached", metavar="FILE|URL", multiple=True, help="Show it, by its type; - is stdin.")
@click.option("--image", "images", metavar="FILE|URL", multiple=True, help="Show a picture.")
@click.option("-f", "--file", "files", metavar="FILE", multiple=True, help="Attach a document; alone it is the prompt.")
@click.option("--tool-schema", "tools", metavar="FILE.json", multiple=True, help="Offer tools.")
def command(
    access: Access,
    prompt: tuple[str, ...],
    system: str | None,
    attached: tuple[str, ...],
    images: tuple[str, ...],
    files: tuple[str, ...],
    tools: tuple[str, ...],
) -> None:
    """Print how many tokens the model would read. Nothing is answered, and nothing is charged."""
    text, shown = asking.prompt_text(prompt), (*files, *images, *attached)
    piped = "" if any(map(asking.is_stdin, shown)) else asking.stdin_text(wanted=not (text or shown))
    typed = "\n\n".join(piece for piece in (text, piped) if piece.strip())
    request = llm.Request(asking.messages(system, typed, images, files, attached), tools=asking.tools(tools))
    chosen = access.details()
    speak.out(str(asyncio.run(_count(access.client(**chosen.own), chosen.ask(request)))))


async def _count(client: llm.HTTPClient, request: llm.Request) -> int:
    async with client:
        return await client.count_tokens(request)
