"""`aikido-llm keys`: keep a provider's key where this command finds it, and nobody else sees it."""

import sys

import click

import aikido_llm as llm
from aikido_llm.providers import find
from aikido_llm.providers.base import Provider
from aikido_llm.secret import Secret

from ..access import completing, keyring, keys, places, settings
from ..asking import media
from ..terminal import speak
from ..terminal.table import show

_EPILOG = """\b
Examples:
  aikido-llm keys set openai                   # asks for it, not shown
  pass show anthropic | aikido-llm keys set anthropic
  aikido-llm keys list
"""


@click.group("keys", epilog=_EPILOG, invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Keep the keys of providers: in the system's keyring where the Python package `keyring` is installed, else in a
    file that only you may read. They are never printed. Alone, it lists who has one.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_keys)


@command.command("set")
@click.argument("name", shell_complete=completing.providers)
@click.option("--file", "in_file", is_flag=True, help="Keep it in a file, also where there is a keyring.")
def set_key(name: str, in_file: bool) -> None:
    """Keep the key of provider NAME: typed where it is not shown, or piped in."""
    row = find(name)
    key = _typed(row)
    if keyring.installed() and not in_file:
        keyring.write(row.name, key)
        settings.change(keyring=tuple(sorted({*settings.read().keyring, row.name})))
        keys.own_file(row).unlink(missing_ok=True)
        where = keyring.NAME
    else:
        places.write(keys.own_file(row), key.reveal() + "\n")
        _forget(row)
        where = str(keys.own_file(row))
    speak.err(f"aikido-llm: the key of {row.name} is in {where}")
    for variable in row.key_env:
        found = keys.look(row).source
        if found == variable or found.startswith(f"{variable} of "):
            speak.err(f"aikido-llm: {found} is set, and goes before it")


@command.command("remove")
@click.argument("name", shell_complete=completing.providers)
def remove(name: str) -> None:
    """Forget the key of provider NAME that `set` kept."""
    row = find(name)
    if row.name in settings.read().keyring:
        keyring.remove(row.name)
        _forget(row)
    elif keys.own_file(row).exists():
        keys.own_file(row).unlink()
    else:
        raise llm.ConfigError(f"no key of {row.name} is kept")
    speak.err(f"aikido-llm: the key of {row.name} is forgotten")


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def list_keys(as_json: bool = False) -> None:
    """List the providers that have a key, and where it is from; never the key."""
    rows: dict[str, Provider] = {}
    for row in map(find, llm.providers()):
        rows.setdefault(row.key_env[0] if row.key_env else row.name, row)  # several may have one key
    found = [(row.name, keys.look(row)) for row in rows.values()]
    there = [(name, key.problem or key.source) for name, key in found if key or key.problem]
    if as_json:
        for name, source in there:
            speak.line({"provider": name, "source": source})
    elif there:
        show(("provider", "key from"), there)
    else:
        speak.err("aikido-llm: no key is set: `aikido-llm keys set NAME`")


@command.command("path")
def path() -> None:
    """Print the folder of the keys that are kept in files."""
    speak.out(str(places.config() / "keys"))


def _typed(row: Provider) -> Secret:
    """Raises UsageError for what can be no key."""
    if sys.stdin is not None and sys.stdin.isatty():
        key = keys.ask(row) or Secret("")
    else:
        try:
            key = Secret(media.text_of(media.read("-")).strip())
        except ValueError as error:
            raise click.UsageError(f"what is piped in {error}") from None
    if not key or not key.reveal().isprintable() or " " in key.reveal():
        raise click.UsageError("a key is one word, on one line")
    return key


def _forget(row: Provider) -> None:
    held = settings.read()
    if row.name in held.keyring:
        settings.change(keyring=tuple(name for name in held.keyring if name != row.name))
