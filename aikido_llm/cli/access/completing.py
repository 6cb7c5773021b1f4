"""What a shell is told when a word is completed: names that lie here. Nobody is asked, and no key is read."""

import os
from collections.abc import Iterable

import click
from click.shell_completion import CompletionItem

import aikido_llm as llm

from . import listed, places, settings


def providers(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Provider names."""
    return _of(llm.providers(), incomplete)


def models(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Aliases, then the models that `models` has last listed of the provider that is asked."""
    held = settings.read()
    provider = ctx.params.get("provider") or os.environ.get("LLM_PROVIDER") or held.provider
    return _of([*held.aliases, *(listed.read(provider) if provider else ())], incomplete)


def templates(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of templates."""
    return _of(sorted(path.stem for path in places.templates().glob("*.toml")), incomplete)


def setting_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names that `config set` takes."""
    held = settings.read()
    several = [f"alias.{name}" for name in held.aliases] + [f"option.{name}" for name in held.options]
    return _of(["provider", "model", "log", *(f"model.{name}" for name in llm.providers()), *several], incomplete)


def _of(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]
