"""Parse, dispatch, exit codes: 0 done, 1 failed (one line says what to do), 2 wrong usage, 130 Ctrl-C (143 SIGTERM)."""

import difflib
import io
import os
import shlex
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

import aikido_llm as llm

from . import ending

PROGRAM = "aikido-llm"

# Command -> its line in `--help`. A command's module is imported when the command is asked for.
COMMANDS = {
    "chat": "Ask one question and stream the answer.",
    "repl": "Hold a conversation.",
    "image": "Have pictures drawn, and write them to files.",
    "map": "Run many prompts from a file; resumes where it stopped.",
    "batch": "Hosted batches: list them, wait, fetch their answers, cancel.",
    "embed": "Make vectors of many texts from a file; resumes where it stopped.",
    "count": "Count the tokens of a prompt without asking it.",
    "models": "List a provider's models.",
    "providers": "List the providers, what each can do, and whose key is set.",
    "config": "What is used when no flag says otherwise: provider, model, aliases, options.",
    "keys": "Keep keys in a file of yours, or in the system's keyring.",
    "templates": "Prompts of yours, kept under a name.",
    "logs": "What was asked and answered: search it, show it, prune it.",
    "doctor": "Say what is configured, what would be used, and whether it works.",
    "completion": "Print the completion script of a shell.",
    "demo": "Show the main job in ten seconds, without a key.",
}


class Commands(click.Group):
    """Commands that are imported when they are asked for, so that `--help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"aikido_llm.cli.commands.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Who asks without a command, as other tools have it, or mistypes one, is told what would do."""
        word = args[0]
        if word in COMMANDS or word.startswith("-"):
            return super().resolve_command(ctx, args)
        near = difflib.get_close_matches(word, COMMANDS, 1)
        meant = f"{PROGRAM} {near[0]}" if near else f"{PROGRAM} chat {shlex.join(args)[:60]}"
        raise click.UsageError(f"there is no command {word[:60]!r}: did you mean `{meant}`?", ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # nobody reads any more; the interpreter's own flush at exit must not complain about it
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)


_EPILOG = """\b
Examples:
  aikido-llm keys set openai
  aikido-llm chat -p openai -m gpt-5-mini "why is the sky blue?"
  aikido-llm chat --help
"""


@click.group(
    cls=Commands, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(llm.__version__, prog_name=PROGRAM)
def cli() -> None:
    """Stream from large language models. Answers go to stdout, everything else to stderr.

    Keys are taken from --api-key, --key-file, the DSN, the environment, a .env file of yours in this folder or project
    (keys alone), what `keys set` has kept, the file ~/.config/PROVIDER/api_key; else they are asked for on a terminal.
    """


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    _ready_streams()
    try:
        status: Any = cli.main(
            args=None if arguments is None else list(arguments),
            prog_name=PROGRAM,
            complete_var="_AIKIDO_LLM_COMPLETE",
            standalone_mode=False,
        )
    except click.ClickException as error:
        _show(error)
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        return ending.interrupted()
    except llm.LLMError as error:
        _say(error)
        return 1
    except OSError as error:  # a file that cannot be read or written
        _say(error)
        return 1
    return status if isinstance(status, int) else 0


def _say(error: llm.LLMError | OSError) -> None:
    from .terminal import speak
    from .terminal.explain import explain

    speak.err(f"{PROGRAM}: {explain(error)}")


def _show(error: click.ClickException) -> None:
    """As click does, behind the same filter as all else: an argument may be a name that somebody else gave."""
    from .terminal import speak

    shown = io.StringIO()
    error.show(shown)
    speak.err(shown.getvalue(), end="")


def _ready_streams() -> None:
    """A model's text may hold what the locale has no word for: it is written as an escape, so that nothing is lost."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # whoever started us has closed it
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
