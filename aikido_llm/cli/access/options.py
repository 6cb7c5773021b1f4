"""The options that commands share: who is asked, which model, with which key."""

import os
from collections.abc import Callable, Collection
from functools import wraps
from pathlib import Path
from typing import Any

import click
from attrs import evolve, field, frozen

import aikido_llm as llm
from aikido_llm.connect import dsn as dsns
from aikido_llm.providers import find
from aikido_llm.providers.base import Provider
from aikido_llm.secret import Secret

from ..terminal import speak
from . import completing, env_file, keys, settings
from .details import Details, Said, details

Function = Callable[..., Any]


@frozen
class Flags:
    """What the flags said of who is asked."""

    provider: str | None = None
    model: str | None = None
    dsn: Secret | None = None


@frozen
class Access:
    """Who is asked and how: flags, environment, settings. dsn and key are kept where no error can show them."""

    provider: str
    model: str | None = None
    dsn: Secret = field(factory=lambda: Secret(""))
    key: Secret | None = None
    key_file: Path | None = None
    flags: Flags = field(factory=Flags)

    def preferring(self, provider: str | None, model: str | None) -> "Access":
        """What a template or a conversation says of who is asked: the flags beat it, environment and settings do not.
        Raises ConfigError, click.UsageError."""
        said = self.flags
        alias = settings.read().aliases.get(said.model or "")
        another = alias.provider if alias is not None and alias.provider else said.provider
        if another and provider and find(another).name != find(provider).name:
            return self
        chosen = of_environment(another or provider, said.model or model, said.dsn)
        return evolve(chosen, key=self.key, key_file=self.key_file, flags=said)

    def asking(self, model: str) -> "Access":
        """The same with another model, or who an alias means."""
        alias = settings.read().aliases.get(model, settings.Alias(model))
        if alias.provider and find(alias.provider).name != self.row.name:
            return of_environment(alias.provider, alias.model)
        return evolve(self, model=alias.model)

    @property
    def asked_model(self) -> str | None:
        """The model that is asked: the flags', the DSN's, the provider's own."""
        return self.model or next(iter(self.parameters.get("model", ())), None) or self.row.default_model or None

    @property
    def set_options(self) -> dict[str, str]:
        """What the settings say of the options of this model."""
        return dict(settings.read().options.get(self.asked_model or "", {}))

    def details(self, said: Said | None = None, *, apart: Collection[str] = ()) -> Details:
        """The options of this model: those that are set, but for those that stand apart, under what is said here.

        raises: ConfigError for one that is set and is not known, click.BadParameter for one that is said.
        """
        held = [(name, value) for name, value in self.set_options.items() if name not in apart]
        try:
            details(held, self.row)
        except ValueError as error:
            raise llm.ConfigError(f"option.{self.asked_model} in `aikido-llm config`: {error}") from None
        try:
            return details([*held, *(said or ())], self.row)
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint="--option") from None

    @property
    def row(self) -> Provider:
        """Raises ConfigError for a name nobody knows."""
        return find(self.provider)

    @property
    def parameters(self) -> dict[str, tuple[str, ...]]:
        """What the DSN says that decides an answer. Raises ConfigError."""
        said = dsns.parse(self.dsn, self.row.key_param).parameters
        return {name: values for name, values in said.items() if name not in ("timeout", "max_retries")}

    def found(self) -> keys.Found:
        """Where the key is from; nobody is asked. Raises ConfigError for a bad --key-file."""
        row = self.row
        if self.key:
            return keys.Found("--api-key", self.key)
        if self.key_file is not None:
            return keys.Found(str(self.key_file), keys.read_key_file(self.key_file))
        return keys.look(row, in_dsn=bool(dsns.parse(self.dsn, row.key_param).api_key))

    def client(self, *, model_needed: bool = True, **settings: Any) -> llm.HTTPClient:
        """A client for it; a key that is needed and nowhere else is asked for on a terminal.

        raises: ConfigError, which names all that is missing.
        """
        found = self.found()
        row = self.row
        for word in env_file.said():
            speak.err(f"aikido-llm: {word}")
        if found.taken:
            speak.err(f"aikido-llm: key from {found.source}")
        if found.problem and row.key_needed:
            raise llm.ConfigError(found.problem, provider=row.name)
        no_key = row.key_needed and row.auth is None and not found
        no_model = model_needed and not (self.model or row.default_model or "model" in self.parameters)
        key = keys.ask(row) if no_key and not no_model else found.key
        lacks = [what for what, missing in (("key", no_key and not key), ("model", no_model)) if missing]
        if lacks:
            raise llm.ConfigError(_lacking(row, lacks), provider=row.name)
        return llm.open(self.provider, self.dsn.reveal(), api_key=key, model=self.model, **settings)


def _lacking(row: Provider, lacks: list[str]) -> str:
    """`no key and no model: set KEY (https://...) or pass --key-file FILE, and name a model with -m NAME or ...`"""
    advice: list[str] = []
    if "key" in lacks:
        where = f" ({row.key_url})" if row.key_url else ""
        advice.append(f"set {row.key_env[0]}{where} or pass --key-file FILE" if row.key_env else "pass --key-file FILE")
    if "model" in lacks:
        advice.append("name a model with -m NAME, LLM_MODEL or, for good, `aikido-llm config set model NAME`")
    said = f"{' and '.join(f'no {what}' for what in lacks)}: {', and '.join(advice)}"
    return said if "key" in lacks else f"{said} (`aikido-llm models -p {row.name}` lists them)"


_FOR_GOOD = ", for good with `aikido-llm config set provider NAME`"


def is_stand_in(access: Access) -> bool:
    """Whether no model is asked."""
    return access.row.name == "echo"


def stand_in(access: Access) -> str:
    """What to say when no model is asked; "" when one is. It looks at every provider."""
    if not is_stand_in(access):
        return ""
    said = "echo answers, which is no model: it repeats the question"
    names = [row.name for row in map(find, llm.providers()) if row.key_needed and keys.look(row)]
    return said + "; choose with -p NAME" + (f" (keys are set for: {', '.join(names)})" if names else "") + _FOR_GOOD


_OPTIONS = (
    click.option(
        "-p",
        "--provider",
        metavar="NAME",
        shell_complete=completing.providers,
        help="Who is asked.  [env: LLM_PROVIDER; else: config; echo]",
    ),
    click.option(
        "-m",
        "--model",
        metavar="NAME",
        shell_complete=completing.models,
        help="Which model, or an alias.  [env: LLM_MODEL; else: config]",
    ),
    click.option("--dsn", metavar="DSN", help="BASE_URL?api_key=KEY&opt=value  [env: LLM_DSN]"),
    click.option("--api-key", metavar="KEY", help="The key, which others can see in `ps`: better `keys set`."),
    click.option("--key-file", metavar="PATH", type=click.Path(path_type=Path), help="A file that holds the key."),
)


def access_options(function: Function) -> Function:
    """Adds the shared options; the command gets them as one argument, `access`."""

    @wraps(function)
    def command(
        provider: str | None,
        model: str | None,
        dsn: str | None,
        api_key: str | None,
        key_file: Path | None,
        **rest: Any,
    ) -> Any:
        flags = Flags(provider, model, Secret(dsn) if dsn else None)
        access = of_environment(flags.provider, flags.model, flags.dsn)
        access = evolve(access, key=Secret(api_key) if api_key else None, key_file=key_file, flags=flags)
        return function(access=access, **rest)

    wrapped: Function = command
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def of_environment(provider: str | None, model: str | None = None, dsn: Secret | None = None) -> Access:
    """What LLM_PROVIDER, LLM_DSN and LLM_MODEL say under these flags, and the settings under them.

    When LLM_PROVIDER names another provider than the flag, the other two speak of that one and are left alone: a key
    in LLM_DSN must not go to a stranger.
    """
    held = settings.read()
    provider, model = _meant(held, provider, model)
    usual = os.environ.get("LLM_PROVIDER") or None
    name = provider or usual or held.provider or "echo"
    dsn = dsn or Secret("")
    if usual is None or find(name).name == find(usual).name:
        dsn = dsn or Secret(os.environ.get("LLM_DSN", ""))
        model = model or _unless_in(dsn, name, os.environ.get("LLM_MODEL"))
    return Access(name, model or _unless_in(dsn, name, held.models.get(find(name).name)), dsn)


def _meant(held: settings.Settings, provider: str | None, model: str | None) -> tuple[str | None, str | None]:
    """(provider, model) when the model is an alias. Raises click.UsageError for one of another provider."""
    alias = held.aliases.get(model or "")
    if alias is None:
        return provider, model
    if provider and alias.provider and find(provider).name != find(alias.provider).name:
        raise click.UsageError(f"{model} is {alias.model} of {alias.provider} (`aikido-llm config`): leave out -p")
    return provider or alias.provider or None, alias.model


def _unless_in(dsn: Secret, name: str, model: str | None) -> str | None:
    """The model, where the DSN names none."""
    return None if "model" in dsns.parse(dsn, find(name).key_param).parameters else model or None
