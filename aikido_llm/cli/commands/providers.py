"""`aikido-llm providers`: who there is, what each can do, and whose key is set."""

import sys

import click
from rich.console import Console
from rich.text import Text

import aikido_llm as llm
from aikido_llm.auth.base import Signing
from aikido_llm.providers import find
from aikido_llm.providers.base import Provider

from ..access import completing, keys
from ..terminal import speak
from ..terminal.render import safe
from ..terminal.table import show

_IN_OUT = ("images", "audio")
_NEEDED = 120  # columns of the whole table


_EPILOG = """\b
Examples:
  aikido-llm providers
  aikido-llm providers anthropic
  aikido-llm providers --json
"""


@click.command("providers", epilog=_EPILOG)
@click.argument("name", required=False, shell_complete=completing.providers)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def command(name: str | None, as_json: bool) -> None:
    """List the providers: what each supports and where its key comes from. With NAME: everything about that one."""
    names = (name,) if name else llm.providers()
    rows = [(name, find(name)) for name in names]
    if as_json:
        for name, row in rows:
            speak.line(facts(name, row))
    elif len(rows) == 1:
        _one(*rows[0])
    else:
        _all(rows)


def _all(rows: list[tuple[str, Provider]]) -> None:
    """On a narrow terminal the two that one looks for, a line each; a block each would be three hundred lines."""
    if sys.stdout.isatty() and Console().width < _NEEDED:
        show(("provider", "key"), ((_names(name, row), _key(row)) for name, row in rows))
        speak.err("aikido-llm: `aikido-llm providers NAME` says what one can do")
        return
    show(
        ("provider", "key", "images", "audio", "lacks", "wire"),
        (
            (_names(name, row), _key(row), *(_ways(row, what) for what in _IN_OUT), ", ".join(_lacks(row)),
             row.at_home.dialect.name)
            for name, row in rows
        ),
    )  # fmt: skip


def _one(name: str, row: Provider) -> None:
    lines: list[tuple[str, str | Text]] = [
        ("provider", _names(name, row)),
        ("base URL", row.base_url or "yours: pass it in the DSN"),
        ("wire", _wire(row)),
        ("key", _key(row)),
        ("get a key", row.key_url),
        ("supports", ", ".join(feature for feature, there in row.at_home.dialect.features.items() if there)),
        ("lacks", ", ".join(feature for feature, there in row.at_home.dialect.features.items() if not there)),
        ("default model", row.default_model),
        *((f"option {option.name}", option.about) for option in row.options),
    ]
    show(("", ""), [line for line in lines if line[1]])


def _names(name: str, row: Provider) -> str:
    return f"{name} ({', '.join(row.aliases)})" if row.aliases else name


def _wire(row: Provider) -> str:
    """At its own hosts, and elsewhere when that is another one."""
    home, elsewhere = row.at_home.dialect.name, row.dialect.name
    return home if home == elsewhere else f"{home}; {elsewhere} at any other base URL"


def _ways(row: Provider, what: str) -> str:
    return ", ".join(way for way in ("in", "out") if row.at_home.dialect.features.get(f"{what} {way}"))


def _lacks(row: Provider) -> list[str]:
    shown = {f"{what} {way}" for what in _IN_OUT for way in ("in", "out")}
    return [feature for feature, there in row.at_home.dialect.features.items() if not there and feature not in shown]


def _key(row: Provider) -> Text:
    found = keys.look(row)
    if found.problem:
        return Text(safe(found.problem), style="red")
    if found:
        return Text(found.source + (" is set" if found.key is None else ""), style="green")
    if isinstance(row.auth, Signing):
        return Text(f"{row.auth.cloud} credentials" + (f", or set {row.key_env[0]}" if row.key_env else ""))
    if not row.key_needed:
        return Text("not needed")
    return Text(f"set {row.key_env[0]}" if row.key_env else "pass api_key")


def facts(name: str, row: Provider) -> dict[str, object]:
    """One provider as JSON has it; no key, only whether there is one."""
    found = keys.look(row)
    return {
        "name": name,
        "aliases": list(row.aliases),
        "dialect": row.at_home.dialect.name,
        "wires": {name: wire.dialect.name for name, wire in row.wires.items()},
        "base_url": row.base_url,
        "key_env": list(row.key_env),
        "key_needed": row.key_needed,
        "key_set": bool(found),
        "key_source": found.source or None,
        "options": [option.name for option in row.options],
        "features": dict(row.at_home.dialect.features),
    }
