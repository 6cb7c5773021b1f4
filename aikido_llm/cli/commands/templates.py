"""`aikido-llm templates`: prompts that are kept under a name."""

import click

import aikido_llm as llm

from ..access import completing, places
from ..asking import saved
from ..terminal import speak
from ..terminal.table import show

_EPILOG = """\b
Examples:
  aikido-llm chat -s "You translate into {language}." --var language=French --save translate
  aikido-llm templates edit translate          # in $EDITOR: TOML
  git log -1 | aikido-llm chat -T translate --var language=Danish
"""
_SHOWN = 70  # characters of a prompt in the list


@click.group("templates", epilog=_EPILOG, invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Keep prompts under a name: text with {input} and {variables}, instructions, model, schema, tools, options."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_templates)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def list_templates(as_json: bool = False) -> None:
    """List the templates."""
    found = [(name, *_about(name)) for name in saved.names()]
    if as_json:
        for name, about, problem in found:
            speak.line({"name": name, "prompt": about, "problem": problem or None})
    elif found:
        show(("template", "prompt"), [(name, problem or _short(about)) for name, about, problem in found])
    else:
        speak.err(f"aikido-llm: there are no templates in {places.templates()}")


@command.command("show")
@click.argument("name", shell_complete=completing.templates)
def show_template(name: str) -> None:
    """Print the template NAME."""
    saved.load(name)
    speak.out(saved.path(name).read_text("utf-8"), end="")


@command.command("edit")
@click.argument("name", shell_complete=completing.templates)
def edit(name: str) -> None:
    """Open the template NAME in your editor ($VISUAL, $EDITOR); it is made when it is not there."""
    path = saved.path(name)
    if not path.exists():
        places.write(path, saved.SKELETON)
    click.edit(filename=str(path))
    saved.load(name)
    speak.err(f"aikido-llm: kept as {path}")


@command.command("remove")
@click.argument("name", shell_complete=completing.templates)
def remove(name: str) -> None:
    """Delete the template NAME."""
    path = saved.path(name)
    if not path.exists():
        raise llm.ConfigError(f"there is no template {name}")
    path.unlink()


@command.command("path")
def path() -> None:
    """Print the folder of the templates."""
    speak.out(str(places.templates()))


def _about(name: str) -> tuple[str, str]:
    """(its prompt or instructions, what is wrong with it)."""
    try:
        found = saved.load(name)
    except (llm.ConfigError, OSError) as error:
        return "", str(error)
    text = found.prompt or found.system
    return text.text if text else "", ""


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}..."
