"""`aikido-llm config`: what is used when no flag says otherwise."""

import click

import aikido_llm as llm
from aikido_llm.providers import find

from ..access import completing, places, settings
from ..access.details import details, pair
from ..access.settings import Alias, Settings
from ..terminal import speak
from ..terminal.table import show

_EPILOG = """\b
Names: provider, model (of that provider), model.PROVIDER, log (on, off),
alias.NAME ([PROVIDER] MODEL), option.MODEL (name=value ...).
\b
Examples:
  aikido-llm config set provider openrouter
  aikido-llm config set alias.fast openai gpt-5-mini
  aikido-llm config set option.gpt-5-mini temperature=0.2 max_tokens=500
"""


@click.group("config", epilog=_EPILOG, invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Show what is set, or set what is used when no flag and no environment variable says otherwise."""
    if ctx.invoked_subcommand is None:
        lines = list(_lines(settings.read()).items())
        if lines:
            show(("", ""), lines)
        speak.err(f"aikido-llm: {'this is' if lines else 'nothing is set'} in {settings.path()}")


@command.command("set")
@click.argument("name", shell_complete=completing.setting_names)
@click.argument("values", nargs=-1, required=True)
def set_value(name: str, values: tuple[str, ...]) -> None:
    """Set NAME to VALUES (see `aikido-llm config --help`)."""
    held = settings.read()
    kind, _, rest = name.partition(".")
    match kind, rest:
        case "provider", "":
            settings.change(provider=find(_one(name, values)).name)
        case "model", _:
            settings.change(models={**held.models, _provider(held, rest): _one(name, values)})
        case "log", "":
            settings.change(log=_switch(_one(name, values)))
            _say_of_log()
        case "alias", _ if rest and not rest.startswith("-"):
            settings.change(aliases={**held.aliases, rest: _alias(name, values)})
        case "option", _ if rest:
            settings.change(options={**held.options, held.meant(rest): _options(name, values)})
        case _:
            raise click.UsageError(f"{name} is no setting: see `aikido-llm config --help`")


@command.command("get")
@click.argument("name", shell_complete=completing.setting_names)
def get_value(name: str) -> None:
    """Print what NAME is set to; exit status 1 when it is not set."""
    held = settings.read()
    kind, _, rest = name.partition(".")
    if name == "model":
        name = f"model.{_provider(held, '')}"
    elif kind == "option":
        name = f"option.{held.meant(rest)}"
    lines = _lines(held)
    if name not in lines:
        raise llm.ConfigError(f"{name} is not set")
    speak.out(lines[name])


@command.command("unset")
@click.argument("name", shell_complete=completing.setting_names)
def unset(name: str) -> None:
    """Forget what NAME is set to."""
    held = settings.read()
    kind, _, rest = name.partition(".")
    match kind:
        case "provider" if not rest:
            settings.change(provider="")
        case "log" if not rest:
            settings.change(log=None)
        case "model":
            provider = _provider(held, rest)
            settings.change(models={key: value for key, value in held.models.items() if key != provider})
        case "alias" if rest in held.aliases:
            settings.change(aliases={key: value for key, value in held.aliases.items() if key != rest})
        case "option" if held.meant(rest) in held.options:
            settings.change(options={key: value for key, value in held.options.items() if key != held.meant(rest)})
        case _:
            raise llm.ConfigError(f"{name} is not set")


@command.command("path")
def path() -> None:
    """Print where the settings lie."""
    speak.out(str(settings.path()))


def _lines(held: Settings) -> dict[str, str]:
    """Name -> value, as `set` takes them."""
    return {
        **({"provider": held.provider} if held.provider else {}),
        **{f"model.{provider}": model for provider, model in held.models.items()},
        **({} if held.log is None else {"log": "on" if held.log else "off"}),
        **{f"alias.{name}": str(alias) for name, alias in held.aliases.items()},
        **{f"option.{model}": " ".join(f"{name}={value}" for name, value in pairs.items())
           for model, pairs in held.options.items()},
    }  # fmt: skip


def _one(name: str, values: tuple[str, ...]) -> str:
    if len(values) != 1 or not values[0].strip():
        raise click.UsageError(f"{name} takes one value")
    return values[0]


def _provider(held: Settings, name: str) -> str:
    if not (name or held.provider):
        raise click.UsageError("whose model? `config set provider NAME` first, or `config set model.PROVIDER MODEL`")
    return find(name or held.provider).name


def _switch(text: str) -> bool:
    if text.lower() not in ("on", "off"):
        raise click.UsageError("log is on or off")
    return text.lower() == "on"


def _alias(name: str, values: tuple[str, ...]) -> Alias:
    match values:
        case (provider, model):
            return Alias(model, find(provider).name)
        case (model,):
            return Alias(model)
        case _:
            raise click.UsageError(f"{name} takes a model, or a provider and its model")


def _options(name: str, values: tuple[str, ...]) -> dict[str, str]:
    try:
        pairs = [pair(text) for text in values]
        details(pairs)
    except ValueError as error:
        raise click.UsageError(f"{name}: {error}") from None
    return dict(pairs)


def _say_of_log() -> None:
    if settings.read().log:
        speak.err(f"aikido-llm: what is asked on a terminal is kept in {places.log()}")
    else:
        there = f"; what was kept is in {places.log()}" if places.log().exists() else ""
        speak.err(f"aikido-llm: nothing more is kept{there}")
