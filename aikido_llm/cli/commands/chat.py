"""`aikido-llm chat`: one question, one answer, or the next one of a conversation."""

import asyncio
import sys
from contextlib import AsyncExitStack
from typing import Any

import click

import aikido_llm as llm

from ..access import completing
from ..access.details import detail_options
from ..access.options import Access, access_options, is_stand_in, stand_in
from ..asking import functions, saved, schema
from ..asking.question import Question, kept, question
from ..log import consent
from ..terminal import fences, speak
from ..terminal.ask import ask, ask_with_tools
from ..terminal.screen import Screen

_EPILOG = """\b
Examples:
  git diff | aikido-llm chat -p openrouter -m openai/gpt-5-mini "write a commit message for this"
  aikido-llm chat -a photo.jpg "what is this?"; aikido-llm chat -c "and where?"
  aikido-llm chat "review this:" @main.py --schema "verdict, lines int[]: where it is wrong"
"""


@click.command("chat", epilog=_EPILOG)
@click.argument("prompt", nargs=-1)
@access_options
@click.option("-c", "--continue", "go_on", is_flag=True, help="Go on with the last conversation that was kept.")
@click.option("--conversation", "number", metavar="ID", type=click.IntRange(min=1), help="Go on from that call of "
              "`aikido-llm logs`.")  # fmt: skip
@click.option("-s", "--system", metavar="TEXT", help="Instructions to the model.")
@click.option("-T", "--template", metavar="NAME", shell_complete=completing.templates, help="A prompt of yours "
              "(`aikido-llm templates`).")  # fmt: skip
@click.option("--var", "variables", metavar="NAME=VALUE", multiple=True, help="Fills {NAME} of the template.")
@click.option("--save", metavar="NAME", help="Keep prompt and options as a template; nothing is asked.")
@click.option("-a", "--attach", "attached", metavar="FILE|URL", multiple=True, help="Show it, by its type; - is stdin.")
@click.option("--image", "images", metavar="FILE|URL", multiple=True, help="Show a picture.")
@click.option("-f", "--file", "files", metavar="FILE", multiple=True, help="Attach a document; alone it is the prompt.")
@click.option("--schema", metavar="FILE|FIELDS", help="JSON: by a JSON Schema, or 'name, age int'.")
@click.option("--schema-multi", is_flag=True, help="The answer is a list of such.")
@click.option("--tools", "functions", metavar="FILE.py", multiple=True, help="Offer its functions; a call is run "
              "when you say so.")  # fmt: skip
@click.option("--yes", is_flag=True, help="Run the functions without asking.")
@click.option("--tool-schema", "tools", metavar="FILE.json", multiple=True, help="Offer tools whose calls are printed.")
@detail_options("-o", "--option")
@click.option("-x", "--extract", is_flag=True, help="Print the first code block of the answer, and nothing else.")
@click.option("--json", "as_json", is_flag=True, help="Print the events, one JSON object a line.")
@click.option("--no-stream", is_flag=True, help="Ask for the whole answer at once.")
@click.option("--usage", "show_usage", is_flag=True, help="Print the token counts after the answer, on stderr.")
@click.option("--plain", is_flag=True, help="Print the text as it is, also on a terminal.")
@click.option("--log/--no-log", "log", default=None, help="Keep this call, or not.  [default: as config says, on a "
              "terminal]")  # fmt: skip
def command(access: Access, prompt: tuple[str, ...], **options: Any) -> None:
    """Ask PROMPT and stream the answer to stdout; thinking and tool calls go to stderr.

    A word @FILE stands for that file's text. What is piped in is appended to the prompt.
    """
    if options["save"]:
        speak.err(f"aikido-llm: kept as {saved.write(options['save'], kept(prompt, options, access))}")
        return
    template = saved.load(options["template"]) if options["template"] else saved.Saved()
    before = asyncio.run(consent.before(options["number"])) if options["go_on"] or options["number"] else None
    asked = question(access, prompt, options, template, before)
    if before is not None and before.dropped:
        speak.err(before.notes)
    screen = Screen(plain=options["plain"], as_json=options["as_json"], show_usage=options["show_usage"],
                    silent=options["extract"])  # fmt: skip
    client = asked.access.client(**asked.own)
    if sys.stderr.isatty() and (said := stand_in(asked.access)):
        speak.err(f"aikido-llm: {said}")
    keep = consent.wanted(options["log"], may_ask=not is_stand_in(asked.access))
    asyncio.run(_chat(client, asked, screen, options, keep=keep))
    _end(screen, asked, options)


async def _chat(
    client: llm.HTTPClient, asked: Question, screen: Screen, options: dict[str, Any], *, keep: bool
) -> None:
    async with AsyncExitStack() as stack:
        used = await consent.around(stack, client, keep=keep)
        if asked.tools:
            offer = functions.Offer(options["yes"])
            for path in asked.tools:
                offer.add(path)
            await ask_with_tools(used, asked.request, offer.functions, offer.approval, screen)
        else:
            await ask(used, asked.request, screen, stream=not options["no_stream"])


def _end(screen: Screen, asked: Question, options: dict[str, Any]) -> None:
    """Raises what ended the answer, and InvalidAnswer for one that is not what was asked for."""
    screen.raise_failure()
    response = screen.response
    if response is None or options["as_json"]:
        return
    if options["extract"]:
        code = fences.first(response.text)
        if code is None:
            speak.err(response.text)
            raise llm.InvalidAnswer("there is no code block in the answer, which stands above", partial=response)
        speak.out(code, end="" if code.endswith("\n") else "\n")
    if asked.request.response_format is not None and response.text:
        schema.check(response.text, response.provider, response)
