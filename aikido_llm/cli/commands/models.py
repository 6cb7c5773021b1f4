"""`aikido-llm models`: what a provider lists."""

import asyncio
from collections.abc import Callable
from typing import Any

import click

import aikido_llm as llm

from ..access import listed
from ..access.options import Access, access_options
from ..terminal import speak
from ..terminal.table import show

_SORTS: dict[str, Callable[[llm.ModelInfo], tuple[Any, ...]]] = {
    "id": lambda model: (model.id.lower(),),
    "context": lambda model: (-(model.context_length or 0), model.id),
    "price": lambda model: (
        model.output_price is None,
        model.output_price or 0.0,
        model.input_price or 0.0,
        model.id,
    ),
}


_COLUMNS = ("model", "name", "context", "output", "$ in", "$ out")


_EPILOG = """\b
Examples:
  aikido-llm models -p openrouter claude
  aikido-llm models -p openrouter --sort price --json
  aikido-llm models -p ollama
"""


@click.command("models", epilog=_EPILOG)
@click.argument("words", nargs=-1)
@access_options
@click.option("--sort", type=click.Choice(list(_SORTS)), default="id", show_default=True, help="context: the longest "
              "first; price: of the output, the cheapest first.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def command(access: Access, words: tuple[str, ...], sort: str, as_json: bool) -> None:
    """List the models, only those with all WORDS in their id or name. Prices are US dollars per million tokens."""
    client = access.client(model_needed=False)
    models = asyncio.run(_list(client))
    listed.keep(client.provider, [model.id for model in models])
    found = chosen(models, words, sort)
    if as_json:
        for model in found:
            speak.line(llm.serialize.to_dict(model))
        return
    if not found:
        speak.err(f"no model of {client.provider} {'matches' if words else 'is listed'}")
        return
    show(_COLUMNS, map(_row, found), right=_COLUMNS[2:])


async def _list(client: llm.HTTPClient) -> list[llm.ModelInfo]:
    async with client:
        return await client.list_models()


def chosen(models: list[llm.ModelInfo], words: tuple[str, ...], sort: str) -> list[llm.ModelInfo]:
    """Those that have every word in their id or name, in that order."""

    def matches(model: llm.ModelInfo) -> bool:
        text = f"{model.id} {model.name}".lower()
        return all(word.lower() in text for word in words)

    return sorted(filter(matches, models), key=_SORTS[sort])


def _row(model: llm.ModelInfo) -> tuple[str, ...]:
    return (
        _one_line(model.id),
        _one_line(model.name) if model.name != model.id else "",
        _count(model.context_length),
        _count(model.max_output_tokens),
        _price(model.input_price),
        _price(model.output_price),
    )


def _one_line(name: str) -> str:
    return " ".join(name.split())


def _count(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _price(dollars: float | None) -> str:
    return "" if dollars is None else f"{dollars:.4g}"
