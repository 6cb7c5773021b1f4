"""The parameters of a DSN -> Options, clocks, retries, and what only one provider understands. Pure."""

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from ..errors import ConfigError
from ..providers.base import Provider
from ..types.request import EFFORTS, Options, ResponseFormat, ThinkingConfig


@frozen
class Parameters:
    """A DSN's parameters, sorted by what they set. own: the provider's own options. timeout: seconds.

    late_system: where system messages go that come late, "" for where the row says.
    """

    options: Options
    own: Mapping[str, str]
    timeout: float | None = None
    max_retries: int | None = None
    late_system: str = ""


_NUMBERS = {"temperature": float, "top_p": float, "max_tokens": int}
_BOUNDS = {"timeout": float, "max_retries": int}
_TEXTS = ("model", "tool_choice")
_GENERAL = (*_TEXTS, *_NUMBERS, "stop", "thinking", "response_format", *_BOUNDS, "late_system")


def read_parameters(row: Provider, parameters: Mapping[str, tuple[str, ...]]) -> Parameters:
    """parameters: as the DSN gives them, all of each name. Raises ConfigError for what nobody knows, naming what is
    known, and for values of the wrong form."""
    values: dict[str, Any] = {}
    own: dict[str, str] = {}
    bounds: dict[str, Any] = {}
    for name, given in parameters.items():
        if len(given) > 1 and name != "stop":
            raise ConfigError(f"the DSN gives {name} twice")
        text = given[-1] if given else ""
        if (option := row.option(name)) is not None:
            own[option.name] = text
        elif name in _TEXTS:
            values[name] = text
        elif name in _NUMBERS:
            values[name] = _number(name, text, _NUMBERS[name])
        elif name == "stop":
            values[name] = given
        elif name == "thinking":
            values[name] = _thinking(text)
        elif name == "response_format":
            values[name] = _format(text)
        elif name in _BOUNDS:
            bounds[name] = _number(name, text, _BOUNDS[name])
        elif name == "late_system":
            bounds[name] = text
        else:
            known = ", ".join((row.key_param, *_GENERAL, *(option.name for option in row.options)))
            raise ConfigError(f"the DSN parameter {name!r} is not known to {row.name}; known are: {known}")
    return Parameters(Options(**values), own, **bounds)


def _number(name: str, text: str, kind: type[int] | type[float]) -> Any:
    try:
        number = kind(text)
    except ValueError:
        number = None
    if number is None or number < 0 or number != number:
        raise ConfigError(f"{name} takes {'a whole number' if kind is int else 'a number'}, 0 or more")
    return number


def _thinking(text: str) -> ThinkingConfig:
    if text.isdecimal():
        return ThinkingConfig.by_budget(int(text))
    for effort in EFFORTS:
        if effort == text:
            return ThinkingConfig.by_effort(effort)
    raise ConfigError(f"thinking takes {', '.join(EFFORTS)} or a number of tokens")


def _format(text: str) -> ResponseFormat:
    if text == "json":
        return ResponseFormat.json()
    raise ConfigError("response_format takes json in a DSN; pass a schema as a keyword")
