"""Everything a caller can ask for."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from operator import attrgetter
from typing import Any, Literal

from attrs import field, fields, frozen

from .messages import Message, ToolDef


@frozen
class ThinkingConfig:
    """How much the model may think: an effort or a budget, exactly one. Make it with `by_effort` or `by_budget`."""

    effort: Literal["low", "medium", "high"] | None = None
    budget_tokens: int | None = None

    def __attrs_post_init__(self) -> None:
        if (self.effort is None) == (self.budget_tokens is None):
            raise ValueError("ThinkingConfig takes an effort or a budget, exactly one of them")
        if self.effort not in (None, "low", "medium", "high"):
            raise ValueError(f"effort {self.effort!r} is none of low, medium, high")
        if self.budget_tokens is not None and self.budget_tokens < 0:
            raise ValueError("budget_tokens is a number of tokens, 0 or more")

    @classmethod
    def by_effort(cls, effort: Literal["low", "medium", "high"]) -> "ThinkingConfig":
        return cls(effort=effort)

    @classmethod
    def by_budget(cls, tokens: int) -> "ThinkingConfig":
        """tokens: the most the model may spend on thinking; 0 turns it off where a provider allows that."""
        return cls(budget_tokens=tokens)


@frozen
class ImageConfig:
    """For models that draw: aspect_ratio "16:9", image_size "1K", "2K", "4K"; "" leaves it to the model."""

    aspect_ratio: str = ""
    image_size: str = ""


@frozen
class ResponseFormat:
    """The answer's text shall be JSON. Make it with `json()` or `json_schema(...)`."""

    schema: Mapping[str, Any] | None = None
    name: str = "answer"
    strict: bool = True

    @classmethod
    def json(cls) -> "ResponseFormat":
        """Any JSON object; say in the prompt what it shall hold."""
        return cls()

    @classmethod
    def json_schema(cls, schema: Mapping[str, Any], name: str = "answer", strict: bool = True) -> "ResponseFormat":
        """JSON that follows a JSON Schema; strict asks the provider to enforce it."""
        return cls(schema, name, strict)


def _messages(value: Iterable[Message]) -> tuple[Message, ...]:
    given: Any = value  # a checker knows what it is; a caller without one may be wrong
    items: list[Any] = [given] if isinstance(given, str | Message) else list(given)
    if items == [given] or not all(isinstance(item, Message) for item in items):
        raise ValueError("messages takes a list of Message: [user('...')]")
    return tuple(items)


def _tools(value: Iterable[ToolDef] | None) -> tuple[ToolDef, ...]:
    return tuple(value or ())


def _strings(value: str | Iterable[str] | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())


def _mapping(value: Mapping[str, Any] | None) -> dict[str, Any]:
    return dict(value or {})


@frozen
class Request:
    """One question to a model. What is None or empty is not sent; `temperature=0` is.

    messages:    the conversation, oldest first.
    max_tokens:  upper bound of the answer, in tokens. temperature, top_p: as the provider defines them.
    stop:        strings that end the answer. seed: best effort.
    tool_choice: "auto", "none", "required", or the name of one of `tools`.
    modalities:  what the answer may hold: "text", "image", "audio"; empty leaves it to the model.
    metadata:    the caller's own labels; a hint, left out where a wire has no place for it.
    extra:       fields of the provider's own request body, merged last and winning.
    extra_headers: HTTP headers of this request.
    """

    messages: tuple[Message, ...] = field(converter=_messages)
    model: str | None = None
    tools: tuple[ToolDef, ...] = field(default=(), converter=_tools)
    tool_choice: str | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = field(default=(), converter=_strings)
    seed: int | None = None
    thinking: ThinkingConfig | None = None
    response_format: ResponseFormat | None = None
    modalities: tuple[str, ...] = field(default=(), converter=_strings)
    image_config: ImageConfig | None = None
    parallel_tool_calls: bool | None = None
    metadata: dict[str, Any] = field(default=None, converter=_mapping)
    extra: dict[str, Any] = field(default=None, converter=_mapping)
    extra_headers: dict[str, str] = field(default=None, converter=_mapping, repr=lambda headers: f"<{len(headers)}>")


def _filled(request: Request, values: Mapping[str, Any]) -> Request:
    """The same with other values, which are in their fields' own forms: `evolve` would convert all fields again, which
    takes three times as long, for each request of a client that was opened with a model."""
    made = object.__new__(Request)
    for put, value in zip(_PUT, _values(request), strict=True):
        put(made, value)
    for name, value in values.items():
        object.__setattr__(made, name, value)
    return made


_NAMES = tuple(attribute.name for attribute in fields(Request))
_PUT = tuple(getattr(Request, name).__set__ for name in _NAMES)
_values = attrgetter(*_NAMES)


@frozen
class Options:
    """Defaults for every request of a client. A field that the Request sets wins; `extra` merges key by key."""

    model: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = field(default=(), converter=_strings)
    tools: tuple[ToolDef, ...] = field(default=(), converter=_tools)
    tool_choice: str | None = None
    response_format: ResponseFormat | None = None
    thinking: ThinkingConfig | None = None
    extra: dict[str, Any] = field(default=None, converter=_mapping)

    def apply(self, request: Request) -> Request:
        """The request with every unset field filled from these defaults."""
        changes = {
            name: default
            for name, default in self._set_fields.items()
            if name != "extra" and getattr(request, name) in (None, ())
        }
        if self.extra:
            changes["extra"] = {**self.extra, **request.extra}
        return _filled(request, changes) if changes else request

    def over(self, defaults: "Options") -> "Options":
        """These options, with what they leave open taken from `defaults`; `extra` merges key by key."""
        changes: dict[str, Any] = {**defaults._set_fields, **self._set_fields}
        changes["extra"] = {**defaults.extra, **self.extra}
        return Options(**changes)

    @cached_property
    def _set_fields(self) -> dict[str, Any]:
        values = {a.name: getattr(self, a.name) for a in fields(Options)}
        return {name: value for name, value in values.items() if value not in (None, (), {})}
