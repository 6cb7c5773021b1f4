"""`aikido-llm completion`: the script that teaches a shell our words, made by click."""

import click
from click.shell_completion import get_completion_class

from ..main import PROGRAM, cli

_EPILOG = """\b
Install it:
  bash:  aikido-llm completion bash > ~/.local/share/bash-completion/completions/aikido-llm
  zsh:   aikido-llm completion zsh > ~/.zfunc/_aikido-llm     (with ~/.zfunc in fpath)
  fish:  aikido-llm completion fish > ~/.config/fish/completions/aikido-llm.fish
"""


@click.command("completion", epilog=_EPILOG)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script for SHELL; commands, options and provider names complete."""
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(cli, {}, PROGRAM, "_AIKIDO_LLM_COMPLETE").source())
