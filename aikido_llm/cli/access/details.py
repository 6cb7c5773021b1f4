"""`-o name=value`, of a flag, a template or the settings: fields of a Request, the provider's own, `extra`."""

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, TypeAlias, cast, get_args

import click
from attrs import evolve, field, fields, frozen

import aikido_llm as llm
from aikido_llm.codecs import json
from aikido_llm.providers.base import Provider
from aikido_llm.secret import sounds_secret
from aikido_llm.types.request import EFFORTS, Effort

_SAID_ELSEWHERE = (
    *("messages", "model", "tools", "response_format", "image_config", "extra", "extra_headers", "metadata"),
)
_TEXTS = ("stop", "tool_choice", "modalities", "previous_response_id", "conversation")
_FIELDS = tuple(a.name for a in fields(llm.Request) if a.name not in _SAID_ELSEWHERE)
_EXTRA = "extra."
_FLAGS = ("temperature", "max_tokens", "thinking")  # those that have a flag of their own
Function: TypeAlias = Callable[..., Any]
Said: TypeAlias = list[tuple[str, str]]


@frozen
class Details:
    """fields: of a Request. own: keywords of `open`."""

    fields: Mapping[str, Any] = field(factory=dict[str, Any])
    own: Mapping[str, Any] = field(factory=dict[str, Any], repr=False)

    @property
    def decides(self) -> list[str]:
        """What of it decides an answer, in an order of its own."""
        said = {**self.fields, **self.own}
        return sorted(f"{name}={value!r}" for name, value in said.items() if name != "timeout")

    def ask(self, request: llm.Request) -> llm.Request:
        """The request with these; what it says itself stays. Raises InvalidRequestError."""
        usual = llm.Request("")
        return evolve(request, **{name: value for name, value in self.fields.items()
                                  if getattr(request, name) == getattr(usual, name)})  # fmt: skip


def pair(text: str) -> tuple[str, str]:
    """`name=value`. Raises ValueError."""
    name, mark, value = text.partition("=")
    if not (name.strip() and mark):
        raise ValueError(f"{text!r} is not name=value")
    return name.strip(), value


def details(pairs: Iterable[tuple[str, str]], row: Provider | None = None) -> Details:
    """The later of two wins. row: who is asked; None: whoever (then any name may be one of its own).

    `extra.NAME=VALUE` (`extra.a.b=1` for what is deeper) goes into the request as the provider calls it. A value is
    JSON where it can be, else text. raises: ValueError that says what is known.
    """
    found: dict[str, Any] = {}
    own: dict[str, Any] = {}
    for name, text in pairs:
        option = None if row is None else row.option(name)
        if sounds_secret(name):
            raise ValueError(f"{name}: keys are no options (`aikido-llm keys set`)")
        if option is not None:
            own[option.name] = text
        elif name == "timeout":
            own[name] = _json(text)
        elif name in _FIELDS:
            found[name] = _thinking(text) if name == "thinking" else _value(name, text)
        elif name.startswith(_EXTRA) and all(path := name.removeprefix(_EXTRA).split(".")):
            _put(found.setdefault("extra", {}), path, _json(text))
        elif row is not None:
            known = ", ".join((*_FIELDS, "timeout", *(option.name for option in row.options)))
            raise ValueError(f"{name!r} is not known to {row.name}; known are: {known}; extra.NAME sends any other")
    try:
        llm.Request("", **found)
    except llm.InvalidRequestError as error:
        raise ValueError(error.message) from None
    return Details(found, own)


def _put(into: dict[str, Any], path: list[str], value: Any) -> None:
    *above, last = path
    for name in above:
        inner: Any = into.setdefault(name, {})
        if type(inner) is not dict:
            raise ValueError(f"{_EXTRA}{'.'.join(path)}: {name} has a value already")
        into = cast("dict[str, Any]", inner)
    into[last] = value


def _value(name: str, text: str) -> Any:
    return text if name in _TEXTS and not text.startswith("[") else _json(text)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _thinking(text: str) -> llm.ThinkingConfig:
    if text.isdecimal():
        return llm.ThinkingConfig.by_budget(int(text))
    if text not in EFFORTS:
        raise ValueError(f"thinking takes {', '.join(get_args(Effort))} or a number of tokens")
    return llm.ThinkingConfig.by_effort(text)


# ---------------------------------------------------------------- flags


def pairs(texts: Iterable[str], hint: str) -> Said:
    """`name=value`, each. Raises click.BadParameter."""
    try:
        return [pair(text) for text in texts]
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=hint) from None


def _checked(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    try:
        return value if value is None or _thinking(value) else None
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def detail_options(*names: str) -> Callable[[Function], Function]:
    """Adds the flags that say how the model answers; the command gets them as one argument, `said`.

    names: of the option that takes any.
    """
    options = (
        click.option(*names, "options", metavar="NAME=VALUE", multiple=True,
                     help="Any option: seed=1, top_p=0.9, extra.NAME=..."),
        click.option("-t", "--temperature", type=float, help="As the provider defines it."),
        click.option("--max-tokens", type=click.IntRange(min=1), help="Upper bound of the answer."),
        click.option("--thinking", metavar="HOW", callback=_checked, help="low, medium, high, or a number of tokens."),
    )  # fmt: skip

    def around(function: Function) -> Function:
        @wraps(function)
        def command(options: tuple[str, ...], **rest: Any) -> Any:
            flags = {name: rest.pop(name) for name in _FLAGS}
            said = [
                *pairs(options, names[0]),
                *((name, str(value)) for name, value in flags.items() if value is not None),
            ]
            return function(said=said, **rest)

        wrapped: Function = command
        for option in reversed(options):
            wrapped = option(wrapped)
        return wrapped

    return around
