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

from .. import ending
from ..access import completing
from ..access.details import Details, Said, detail_options, pairs
from ..access.options import Access, access_options, is_stand_in, of_environment, stand_in
from ..asking import functions, media, saved
from ..asking import request as asking
from ..asking.conversation import Conversation, place
from ..asking.media import Shown
from ..asking.typing_in import Keyboard, Pipe, Source
from ..log import consent
from ..terminal import speak
from ..terminal.ask import Asked, ask, ask_with_tools
from ..terminal.explain import explain
from ..terminal.render import safe, usage_line
from ..terminal.screen import Screen

HELP = {
    "/model": "NAME: ask another model; alone: which one is asked",
    "/provider": "NAME [MODEL]: ask another provider; the conversation goes on there",
    "/system": "TEXT: instructions from now on; alone: what they are; `/system -` drops them",
    "/save": "FILE: keep the conversation",
    "/load": "FILE: go on with one that was kept",
    "/attach": "FILE|URL: show it with the next question; alone: what waits; `/attach -` drops it",
    "/tools": "FILE.py: offer its functions; alone: which are offered; `/tools -` offers none",
    "/option": "NAME=VALUE: any option from now on; alone: which are set; `/option -` drops them",
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
  aikido-llm repl -a report.pdf --tools weather.py
"""


@click.command("repl", epilog=_EPILOG)
@access_options
@click.option("-s", "--system", metavar="TEXT", help="Instructions to the model.")
@click.option("-c", "--continue", "go_on", is_flag=True, help="Go on with the last conversation that was kept.")
@click.option("--conversation", "number", metavar="ID", type=click.IntRange(min=1), help="Go on from that call of "
              "`aikido-llm logs`.")  # fmt: skip
@click.option("-T", "--template", metavar="NAME", shell_complete=completing.templates, help="Instructions, model, "
              "options and tools of a template.")  # fmt: skip
@click.option("--var", "variables", metavar="NAME=VALUE", multiple=True, help="Fills {NAME} of the template.")
@click.option("-a", "--attach", "attached", metavar="FILE|URL", multiple=True, help="Show it with the first question, "
              "by its type.")  # fmt: skip
@click.option("--tools", "functions", metavar="FILE.py", multiple=True, help="Offer its functions; a call is run "
              "when you say so.")  # fmt: skip
@click.option("--yes", is_flag=True, help="Run the functions without asking.")
@detail_options("-o", "--option")
@click.option(
    "--load", metavar="FILE", type=click.Path(path_type=Path), help="Go on with a conversation that /save kept."
)
@click.option("--plain", is_flag=True, help="Print answers as they are.")
@click.option("--log/--no-log", "log", default=None, help="Keep these calls, or not.  [default: as config says, on a "
              "terminal]")  # fmt: skip
def command(access: Access, said: Said, system: str | None, load: Path | None, plain: bool, **options: Any) -> None:
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
        repl = Repl(access, conversation, runner, plain=plain, keep=keep, options=[*template.options.items(), *said],
                    offer=functions.Offer(options["yes"]))  # fmt: skip
        try:
            for path in (*options["functions"], *template.tools):
                repl.offer.add(path)
            for shown in options["attached"]:
                repl.attach(shown)
            if load is not None:
                repl.load(str(load))
            if isinstance(source, Keyboard):
                repl.say(f"{repl.about}; /help lists the commands, Ctrl-D leaves")
                if before is not None:
                    repl.say(f"{len(before.messages)} messages, up to call {before.id} of the log")
                if words := stand_in(access):
                    repl.say(words)
            repl.run(source)
        finally:
            repl.close()


def _instructions(template: saved.Saved, variables: tuple[str, ...]) -> str | None:
    try:
        return template.instructions(dict(pairs(variables, "--var")))
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--template") from None


class Repl:
    """The loop. Between answers no event loop runs, so that Ctrl-C means what it means where it is pressed."""

    def __init__(
        self, access: Access, conversation: Conversation, runner: asyncio.Runner, *, plain: bool = False,
        keep: bool = False, options: Said | None = None, offer: functions.Offer | None = None,
    ) -> None:  # fmt: skip
        self.conversation = conversation
        self.offer = offer or functions.Offer()
        self._access = access
        self._runner = runner
        self._plain = plain
        self._options = options or []
        self._store = consent.store() if keep else None
        self._client, self._details = self._open(access)
        self._known = {self._client.provider: access}  # flags speak of the provider that they were given for
        self._waiting: list[tuple[str, Shown]] = []  # what is shown with the next question
        self._pending: llm.Message | None = None  # the last question, while it has no answer that stays
        self._usage: llm.Usage | None = None

    @property
    def about(self) -> str:
        """Who is asked."""
        model = self._client.model
        return f"{self._client.provider}/{model}" if model else self._client.provider

    def run(self, source: Source) -> None:
        """Until /quit or the end of the input."""
        while True:
            ending.heed()  # whatever took the Ctrl-C that was meant for all of us
            try:
                text = source.read(safe(self.about)).strip()
            except EOFError:
                return
            except llm.LLMError as error:
                self.say(f"aikido-llm: {explain(error)}")
                continue
            except KeyboardInterrupt:  # Ctrl-C at the prompt drops the line
                continue
            ending.heed()
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
                self.ask(asking.turn(text, self._waiting))
        except (llm.LLMError, OSError) as error:
            self.say(f"aikido-llm: {explain(error)}")
        except click.UsageError as error:  # what at a shell would be a wrong flag
            self.say(f"aikido-llm: {error.message}")
        except click.Abort:  # nobody typed the key that was asked for
            self.say("aikido-llm: nothing changed")

    def ask(self, turn: llm.Message) -> None:
        """Ask, and show the answer; one that broke off is shown and does not stay in the conversation."""
        self._pending = turn
        self._waiting.clear()
        screen = Screen(plain=self._plain)
        request = self._details.ask(evolve(self.conversation.request(turn), model=self._client.model))
        try:
            answers = self._runner.run(self._answers(request, screen))
        except KeyboardInterrupt:
            if screen.text:
                self._keep(turn, llm.assistant(screen.text))
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
            self._keep(turn, *answers)

    async def _answers(self, request: llm.Request, screen: Screen) -> Sequence[llm.Message]:
        """All that follows the question."""
        if self.offer.functions:
            run = await ask_with_tools(self._client, request, self.offer.functions, self.offer.approval, screen)
            return run[len(request.messages) :]
        await ask(self._client, request, screen)
        return [screen.response.message] if screen.response is not None else []

    def _keep(self, turn: llm.Message, *answers: llm.Message) -> None:
        self.conversation.took(turn, *answers, tools=self.offer.tools)
        self._pending = None

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
            case "/attach":
                self._attach(rest)
            case "/tools":
                self._tools(rest)
            case "/option":
                self._option(rest)
            case "/clear":
                self.conversation.clear()
                self._pending = None
                self._waiting.clear()
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

    def attach(self, said: str) -> None:
        """Raises click.UsageError."""
        if asking.is_stdin(said):
            raise click.UsageError("stdin is the conversation: attach a file or an address")
        self._waiting.append(media.attachment(said))

    def _attach(self, said: str) -> None:
        if said == "-":
            self._waiting.clear()
        elif said:
            self.attach(str(place(said)) if "://" not in said else said)
        names = ", ".join(name for name, _ in self._waiting)
        self.say(f"with the next question: {names}" if names else "nothing waits to be shown")

    def _tools(self, said: str) -> None:
        if said == "-":
            self.offer.files.clear()
        elif said:
            self.offer.add(str(place(said)))
        names = ", ".join(function.__name__ for function in self.offer.functions)
        self.say(f"offered: {names}; a call is run when you say so" if names else "no functions are offered")

    def _option(self, said: str) -> None:
        if said:
            before = self._options
            self._options = [] if said == "-" else [*before, *pairs([said], "/option")]
            try:
                self._switch(self._access)
            except (llm.LLMError, click.UsageError):
                self._options = before
                raise
        self.say(
            " ".join(f"{name}={value}" for name, value in dict(self._options).items()) or "no options are set here"
        )

    def _retry(self) -> None:
        turn = self._pending or self.conversation.take_back()
        if turn is not None:
            self.ask(turn)
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
        """Raises ConfigError, click.UsageError."""
        found = access.details(self._options)
        return consent.kept_in(self._store, access.client(**found.own)), found
