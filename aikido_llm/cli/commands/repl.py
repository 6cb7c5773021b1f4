"""`aikido-llm repl`: a conversation in the terminal."""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
from attrs import evolve

import aikido_llm as llm
from aikido_llm.providers import find

from ..access import completing
from ..access.options import Access, access_options, is_stand_in, of_environment, stand_in
from ..asking import saved
from ..asking.conversation import Conversation, place
from ..asking.details import Details, details, pair
from ..asking.typing_in import Keyboard, Pipe, Source
from ..log import consent
from ..terminal import speak
from ..terminal.ask import Asked, ask
from ..terminal.explain import explain
from ..terminal.render import safe, usage_line
from ..terminal.screen import Screen

HELP = {
    "/model": "NAME: ask another model; alone: which one is asked",
    "/provider": "NAME [MODEL]: ask another provider; the conversation goes on there",
    "/system": "TEXT: instructions from now on; alone: what they are; `/system -` drops them",
    "/save": "FILE: keep the conversation",
    "/load": "FILE: go on with one that was kept",
    "/clear": "forget the conversation",
    "/retry": "ask the last question again",
    "/usage": "tokens and money of the last answer and of all of them",
    "/help": "this",
    "/quit": "leave (or Ctrl-D)",
}


_EPILOG = """\b
Examples:
  aikido-llm repl -p anthropic -m claude-haiku-4-5 -s "be brief"
  aikido-llm repl -c                           # with the conversation that was kept last
  aikido-llm repl --load kept.json
"""


@click.command("repl", epilog=_EPILOG)
@access_options
@click.option("-s", "--system", metavar="TEXT", help="Instructions to the model.")
@click.option("-c", "--continue", "go_on", is_flag=True, help="Go on with the last conversation that was kept.")
@click.option("--conversation", "number", metavar="ID", type=click.IntRange(min=1), help="Go on behind that call of "
              "`aikido-llm logs`.")  # fmt: skip
@click.option("-T", "--template", metavar="NAME", shell_complete=completing.templates, help="Instructions, model and "
              "options of a template (`aikido-llm templates`).")  # fmt: skip
@click.option("--var", "variables", metavar="NAME=VALUE", multiple=True, help="Fills {NAME} of the template.")
@click.option("-o", "--option", "options", metavar="NAME=VALUE", multiple=True, help="Any option: seed=1, top_p=0.9, "
              "extra.NAME=...")  # fmt: skip
@click.option(
    "--load", metavar="FILE", type=click.Path(path_type=Path), help="Go on with a conversation that /save kept."
)
@click.option("--plain", is_flag=True, help="Print answers as they are.")
@click.option("--log/--no-log", "log", default=None, help="Keep these calls, or not.  [default: as config says, on a "
              "terminal]")  # fmt: skip
def command(access: Access, system: str | None, load: Path | None, plain: bool, **options: Any) -> None:
    """Hold a conversation. Ctrl-C stops an answer, Ctrl-D leaves; /help lists the commands.

    Enter sends. Pasted lines stay together; a backslash at the end of a line, Alt-Enter or a block in three quotes
    goes on in a new line.
    """
    before = asyncio.run(consent.before(options["number"])) if options["go_on"] or options["number"] else None
    conversation = Conversation.of(before.messages, before.tools) if before else Conversation()
    template = saved.load(options["template"]) if options["template"] else saved.Saved()
    conversation.system = system or _instructions(template, options["variables"]) or conversation.system
    if template.provider or template.model:
        access = access.preferring(template.provider, template.model)
    elif before is not None:
        access = access.preferring(before.provider or None, before.model)
    if before is not None and before.dropped:
        speak.err(before.notes)
    keep = consent.wanted(options["log"], may_ask=not is_stand_in(access))
    source: Source = Keyboard([*HELP]) if sys.stdin.isatty() and sys.stdout.isatty() else Pipe()
    with asyncio.Runner() as runner:
        repl = Repl(access, conversation, runner, plain=plain, keep=keep,
                    options=[*template.options.items(), *_pairs(options["options"], "-o")])  # fmt: skip
        try:
            if load is not None:
                repl.load(str(load))
            if isinstance(source, Keyboard):
                repl.say(f"{repl.about}; /help lists the commands, Ctrl-D leaves")
                if before is not None:
                    repl.say(f"{len(before.messages)} messages, up to call {before.id} of the log")
                if said := stand_in(access):
                    repl.say(said)
            repl.run(source)
        finally:
            repl.close()


def _pairs(options: tuple[str, ...], hint: str) -> list[tuple[str, str]]:
    try:
        return [pair(text) for text in options]
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=hint) from None


def _instructions(template: saved.Saved, variables: tuple[str, ...]) -> str | None:
    try:
        return template.instructions(dict(_pairs(variables, "--var")))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--template") from None


class Repl:
    """The loop. Between answers no event loop runs, so that Ctrl-C means what it means where it is pressed."""

    def __init__(
        self, access: Access, conversation: Conversation, runner: asyncio.Runner, *, plain: bool = False,
        keep: bool = False, options: Sequence[tuple[str, str]] = (),
    ) -> None:  # fmt: skip
        self.conversation = conversation
        self._access = access
        self._runner = runner
        self._plain = plain
        self._options = options
        self._store = consent.store() if keep else None
        self._client, self._details = self._open(access)
        self._known = {self._client.provider: access}  # flags speak of the provider that they were given for
        self._pending = ""  # the last question, while it has no answer that stays
        self._usage: llm.Usage | None = None

    @property
    def about(self) -> str:
        """Who is asked."""
        model = self._client.model
        return f"{self._client.provider}/{model}" if model else self._client.provider

    def run(self, source: Source) -> None:
        """Until /quit or the end of the input."""
        while True:
            try:
                text = source.read(safe(self.about)).strip()
            except EOFError:
                return
            except llm.LLMError as error:
                self.say(f"aikido-llm: {explain(error)}")
                continue
            except KeyboardInterrupt:  # Ctrl-C at the prompt drops the line
                continue
            if text == "/quit":
                return
            if text:
                self._one(text)

    def close(self) -> None:
        self._runner.run(self._client.aclose())
        if self._store is not None:
            self._runner.run(self._store.aclose())

    def say(self, line: str) -> None:
        """Everything but answers goes to stderr."""
        speak.err(line)

    # ---------------------------------------------------------------- one turn

    def _one(self, text: str) -> None:
        try:
            if text.startswith("/"):
                self._command(text)
            else:
                self.ask(text)
        except (llm.LLMError, OSError) as error:
            self.say(f"aikido-llm: {explain(error)}")
        except click.Abort:  # nobody typed the key that was asked for
            self.say("aikido-llm: nothing changed")

    def ask(self, text: str) -> None:
        """Ask, and show the answer; one that broke off is shown and does not stay in the conversation."""
        self._pending = text
        screen = Screen(plain=self._plain)
        try:
            request = evolve(self.conversation.request(text), model=self._client.model)
            self._runner.run(ask(self._client, self._details.ask(request), screen))
        except KeyboardInterrupt:
            if screen.text:
                self._keep(text, llm.assistant(screen.text))
                self.say("stopped; what you saw stays in the conversation, /retry asks again")
            else:
                self.say("stopped; /retry asks again")
            return
        response = screen.response
        if response is not None:
            self._usage = response.usage
            self.conversation.count(response.usage)
        if screen.failure is not None:
            self.say(f"aikido-llm: {explain(screen.failure)} (/retry)")
        elif response is not None:
            self._keep(text, response.message)

    def _keep(self, text: str, answer: llm.Message) -> None:
        self.conversation.took(text, answer)
        self._pending = ""

    # ---------------------------------------------------------------- commands

    def _command(self, line: str) -> None:
        name, _, rest = line.partition(" ")
        rest = rest.strip()
        match name:
            case "/model":
                if rest:
                    self._switch(self._access.asking(rest))
                self.say(self.about)
            case "/provider":
                if rest:
                    provider, _, model = rest.partition(" ")
                    access = self._known.get(find(provider).name) or of_environment(provider)
                    self._switch(evolve(access, model=model.strip() or access.model))
                self.say(self.about)
            case "/system":
                self.conversation.system = ("" if rest == "-" else rest) if rest else self.conversation.system
                self.say(self.conversation.system or "no instructions")
            case "/save" | "/load" if not rest:
                self.say(f"{name} needs a file")
            case "/save":
                moved = self.conversation.save(place(rest), self._client.provider, self._client.model)
                self.say(f"kept in {rest}" + (f"; the conversation that was there is {moved}" if moved else ""))
            case "/load":
                self.load(rest)
            case "/clear":
                self.conversation.clear()
                self._pending = ""
                self.say("forgotten")
            case "/retry":
                self._retry()
            case "/usage":
                self.say(usage_line(self._usage) if self._usage is not None else "nothing was asked yet")
                self.say(f"all: {self.conversation.totals()}")
            case "/help":
                self.say("\n".join(f"{command:10} {about}" for command, about in HELP.items()))
            case _:
                self.say(f"there is no command {name}; /help lists them")

    def load(self, name: str) -> None:
        """Raises OSError, InvalidRequestError."""
        provider, model = self.conversation.load(place(name))
        was = f", which was held with {provider}{f'/{model}' if model else ''}" if provider else ""
        self.say(f"{len(self.conversation.messages)} messages of {name}{was}")

    def _retry(self) -> None:
        text = self._pending or self.conversation.take_back()
        if text:
            self.ask(text)
        else:
            self.say("nothing was asked yet")

    def _switch(self, access: Access) -> None:
        """Raises ConfigError, and then nothing has changed."""
        client, details = self._open(access)
        old, self._client, self._access, self._details = self._client, client, access, details
        self._known[client.provider] = access
        with suppress(llm.LLMError):
            self._runner.run(old.aclose())

    def _open(self, access: Access) -> tuple[Asked, Details]:
        """Raises ConfigError."""
        try:
            found = details([*access.set_options, *self._options], access.row)
        except ValueError as error:
            raise llm.ConfigError(str(error), provider=access.row.name) from None
        return consent.kept_in(self._store, access.client(**found.own)), found
