"""Parse, dispatch, exit codes: 0 done, 1 failed (one line says what to do), 2 wrong usage, 130 Ctrl-C."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

import aikido_llm as llm


class Commands(click.Group):
    """Commands that are imported when they are asked for, so that `--help` stays quick."""

    _MODULES = ("chat", "providers")

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._MODULES:
            return None
        command: click.Command = import_module(f"aikido_llm.cli.{cmd_name}").command
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(llm.__version__, prog_name="aikido-llm")
def cli() -> None:
    """Stream from large language models. Answers go to stdout, everything else to stderr.

    Keys are read from --api-key, the environment or a .env file in this folder.
    """


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    _load_env()
    try:
        status: Any = cli.main(args=None if arguments is None else list(arguments), standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo(err=True)
        return 130
    except BrokenPipeError:
        # nobody reads any more; the interpreter's own flush at exit must not complain about it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except llm.LLMError as error:
        click.echo(f"aikido-llm: {error}", err=True)
        return 1
    return status if isinstance(status, int) else 0


def _load_env() -> None:
    """Variables of a `.env` file in the working directory; what the environment already has wins."""
    if os.path.isfile(".env"):
        from dotenv import load_dotenv

        load_dotenv(".env", override=False)
