"""`aikido-llm providers`: who there is, and whose key is set."""

import json
import os

import click
from rich.console import Console
from rich.table import Table

import aikido_llm as llm
from aikido_llm.providers import find
from aikido_llm.providers.base import Provider


@click.command("providers")
@click.option("--json", "as_json", is_flag=True, help="print one JSON object a line")
def command(as_json: bool) -> None:
    """List the providers: name, wire, base URL, and where the key comes from."""
    rows = [(name, find(name)) for name in llm.providers()]
    if as_json:
        for name, row in rows:
            click.echo(json.dumps(_facts(name, row)))
        return
    table = Table(box=None, header_style="bold")
    for column in ("provider", "also", "wire", "base URL", "key"):
        table.add_column(column, overflow="fold")
    for name, row in rows:
        table.add_row(name, ", ".join(row.aliases), row.dialect.name, row.base_url or "(yours)", _key(row))
    Console().print(table)


def _key(row: Provider) -> str:
    found = _set_variable(row)
    if found:
        return f"[green]{found} is set[/green]"
    if not row.key_needed:
        return "not needed"
    return f"set {row.key_env[0]}" if row.key_env else "pass api_key"


def _set_variable(row: Provider) -> str | None:
    return next((variable for variable in row.key_env if os.environ.get(variable)), None)


def _facts(name: str, row: Provider) -> dict[str, object]:
    return {
        "name": name,
        "aliases": list(row.aliases),
        "dialect": row.dialect.name,
        "base_url": row.base_url,
        "key_env": list(row.key_env),
        "key_needed": row.key_needed,
        "key_set": _set_variable(row) is not None,
        "options": [option.name for option in row.options],
    }
