"""Everything a caller can ask for."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from operator import attrgetter
from typing import Any, Literal, TypeAlias, cast, get_args

from attrs import field, fields, frozen

from ..codecs.text import kind_name
from ..errors import InvalidRequestError
from .chat_dicts import read_fields
from .checks import at_least, each, listed, mapping, no_header, of, one_of, strings, wrong
from .extra import NO_LISTS, Lists, layered
from .messages import Message, user
from .tools import Tool
from .unchecked import Unchecked

Effort: TypeAlias = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
"""How much to think, from not at all to as much as there is. A level that a wire has not becomes the nearest it has."""

EFFORTS: tuple[Effort, ...] = get_args(Effort)


@frozen
class ThinkingConfig:
    """How much the model may think: an effort or a budget, exactly one. Make it with `by_effort` or `by_budget`."""

    effort: Effort | None = field(default=None, validator=one_of(*EFFORTS, None))
    budget_tokens: int | None = field(default=None, validator=at_least(0))

    def __attrs_post_init__(self) -> None:
        if (self.effort is None) == (self.budget_tokens is None):
            raise InvalidRequestError("ThinkingConfig takes an effort or a budget, exactly one of them")

    @classmethod
    def by_effort(cls, effort: Effort) -> "ThinkingConfig":
        """ "none" is never on; a level that a wire has not becomes the nearest that it has."""
        return cls(effort=effort)

    @classmethod
    def by_budget(cls, tokens: int) -> "ThinkingConfig":
        """tokens: the most the model may spend on thinking; 0 turns it off where a provider allows that."""
        return cls(budget_tokens=tokens)


@frozen
class ImageConfig:
    """For models that draw: aspect_ratio "16:9", image_size "1K", "2K", "4K"; "" leaves it to the model."""

    aspect_ratio: str = field(default="", validator=of(str))
    image_size: str = field(default="", validator=of(str))


@frozen
class ResponseFormat:
    """The answer's text shall be JSON. Make it with `json()` or `json_schema(...)`."""

    schema: Mapping[str, Any] | None = field(default=None, validator=of(Mapping, type(None)))
    name: str = field(default="answer", validator=of(str))
    strict: bool = field(default=True, validator=of(bool))

    @classmethod
    def json(cls) -> "ResponseFormat":
        """Any JSON object; say in the prompt what it shall hold."""
        return cls()

    @classmethod
    def json_schema(cls, schema: Mapping[str, Any], name: str = "answer", strict: bool = True) -> "ResponseFormat":
        """JSON that follows a JSON Schema; strict asks the provider to enforce it."""
        return cls(schema, name, strict)


Said: TypeAlias = str | Message | Mapping[str, Any]
"""What stands for a message: text (of the user), a Message, or a chat dict."""


def _messages(value: Said | Iterable[Said]) -> tuple[Message, ...]:
    if isinstance(value, str | Message | Mapping):
        return (_message(cast("Said", value)),)
    return tuple(_message(item) for item in listed(value, "Request.messages"))


def _message(value: Said) -> Message:
    if isinstance(value, Message):
        return value
    if isinstance(value, str):
        return user(value)
    if isinstance(cast("object", value), Mapping):
        return Message(**read_fields(value))
    raise InvalidRequestError(
        f"Request.messages takes text, Messages and chat dicts, not {kind_name(cast('object', value))}"
    )


def _tools(value: Iterable[Tool] | None) -> tuple[Tool, ...]:
    return listed(value, "tools")


def _stop(value: str | Iterable[str] | None) -> tuple[str, ...]:
    return strings(value, "stop")


def _modalities(value: str | Iterable[str] | None) -> tuple[str, ...]:
    return strings(value, "modalities")


def _metadata(value: Mapping[str, Any] | None) -> dict[str, Any]:
    return mapping(value, "metadata")


def _extra(value: Mapping[str, Any] | None) -> dict[str, Any]:
    return mapping(value, "extra")


def _extra_headers(value: Mapping[str, str] | None) -> dict[str, str]:
    return mapping(value, "extra_headers")


def _texts(owner: Any, attribute: Any, value: dict[str, Any]) -> None:
    for item in value.values():
        if not isinstance(item, str):
            raise wrong(owner, attribute.name, "a mapping of text", item)
    wrong_one = no_header(value)
    if wrong_one:
        raise InvalidRequestError(f"Request.{attribute.name} {wrong_one}")


def _logprobs(owner: Any, attribute: Any, value: object) -> None:
    if not isinstance(value, bool | int) or value < 0:
        raise wrong(owner, attribute.name, "False, True, or how many alternatives", value)


@frozen
class Request:
    """One question to a model. What is None or empty is not sent; `temperature=0` is.

    messages:    the conversation, oldest first.
    max_tokens:  upper bound of the answer, in tokens. temperature, top_p: as the provider defines them.
    stop:        strings that end the answer. seed: best effort.
    tool_choice: "auto", "none", "required", or the name of one of `tools`.
    modalities:  what the answer may hold: "text", "image", "audio"; empty leaves it to the model.
    metadata:    the caller's own labels; a hint, left out where a wire has no place for it.
    extra:       fields of the provider's own request body, merged in at every depth and winning; `OMIT` as a value
                 takes out a field that would be sent.
    extra_headers: HTTP headers of this request.
    top_k:       how many of the likeliest tokens are looked at. n: answers to give (`Response.choices`).
    logprobs:    False, True, or how many alternatives for each token (`Response.logprobs`).
    background:  the provider goes on when the connection is gone (`LLMError.resume`); it then stores the answer.
    previous_response_id, conversation: what the provider stored, to go on from.
    raises:      InvalidRequestError for a field of another shape.
    """

    messages: tuple[Message, ...] = field(converter=_messages)
    model: str | None = field(default=None, validator=of(str, type(None)))
    tools: tuple[Tool, ...] = field(default=(), converter=_tools, validator=each(*get_args(Tool)))
    tool_choice: str | None = field(default=None, validator=of(str, type(None)))
    max_tokens: int | None = field(default=None, validator=at_least(0))
    temperature: float | None = field(default=None, validator=of(float, type(None)))
    top_p: float | None = field(default=None, validator=of(float, type(None)))
    stop: tuple[str, ...] = field(default=(), converter=_stop)
    seed: int | None = field(default=None, validator=of(int, type(None)))
    thinking: ThinkingConfig | None = field(default=None, validator=of(ThinkingConfig, type(None)))
    response_format: ResponseFormat | None = field(default=None, validator=of(ResponseFormat, type(None)))
    modalities: tuple[str, ...] = field(default=(), converter=_modalities)
    image_config: ImageConfig | None = field(default=None, validator=of(ImageConfig, type(None)))
    parallel_tool_calls: bool | None = field(default=None, validator=of(bool, type(None)))
    metadata: dict[str, Any] = field(default=None, converter=_metadata)
    extra: dict[str, Any] = field(default=None, converter=_extra)
    extra_headers: dict[str, str] = field(
        default=None,
        converter=_extra_headers,
        validator=_texts,
        repr=lambda headers: f"<{len(headers)}>",
    )
    top_k: int | None = field(default=None, validator=at_least(1), kw_only=True)
    n: int | None = field(default=None, validator=at_least(1), kw_only=True)
    logprobs: bool | int = field(default=False, validator=_logprobs, kw_only=True)
    background: bool = field(default=False, validator=of(bool), kw_only=True)
    previous_response_id: str | None = field(default=None, validator=of(str, type(None)), kw_only=True)
    conversation: str | None = field(default=None, validator=of(str, type(None)), kw_only=True)


_REQUESTS = Unchecked(Request)
_OTHERS = attrgetter(*(attribute.name for attribute in fields(Request) if attribute.name != "messages"))


def with_messages(request: Request, messages: tuple[Message, ...]) -> Request:
    """The same with other messages."""
    return _REQUESTS.like(request, {"messages": messages})


def others_of(request: Request) -> tuple[Any, ...]:
    """The values of all its fields but the messages, by which two requests are told apart."""
    others: tuple[Any, ...] = _OTHERS(request)
    return others


@frozen
class Options:
    """Defaults for every request of a client. A field that the Request sets wins; `extra` merges at every depth."""

    model: str | None = field(default=None, validator=of(str, type(None)))
    temperature: float | None = field(default=None, validator=of(float, type(None)))
    top_p: float | None = field(default=None, validator=of(float, type(None)))
    max_tokens: int | None = field(default=None, validator=at_least(0))
    stop: tuple[str, ...] = field(default=(), converter=_stop)
    tools: tuple[Tool, ...] = field(default=(), converter=_tools, validator=each(*get_args(Tool)))
    tool_choice: str | None = field(default=None, validator=of(str, type(None)))
    response_format: ResponseFormat | None = field(default=None, validator=of(ResponseFormat, type(None)))
    thinking: ThinkingConfig | None = field(default=None, validator=of(ThinkingConfig, type(None)))
    extra: dict[str, Any] = field(default=None, converter=_extra)

    def apply(self, request: Request, lists: Lists = NO_LISTS) -> Request:
        """The request with every unset field filled from these defaults. lists: where lists of `extra` join."""
        changes = {
            name: default
            for name, default in self._set_fields.items()
            if name != "extra" and getattr(request, name) in (None, ())
        }
        if self.extra:
            changes["extra"] = layered(self.extra, request.extra, lists)
        return _REQUESTS.like(request, changes) if changes else request

    def over(self, defaults: "Options", lists: Lists = NO_LISTS) -> "Options":
        """These options, with what they leave open taken from `defaults`; `extra` merges as in `apply`."""
        changes: dict[str, Any] = {**defaults._set_fields, **self._set_fields}
        changes["extra"] = layered(defaults.extra, self.extra, lists)
        return Options(**changes)

    @cached_property
    def _set_fields(self) -> dict[str, Any]:
        values = {a.name: getattr(self, a.name) for a in fields(Options)}
        return {name: value for name, value in values.items() if value not in (None, (), {})}


def checked(request: object) -> Request:
    """What a client was asked, when it is a Request. Raises InvalidRequestError for anything else."""
    if not isinstance(request, Request):
        kind = type(request).__name__
        raise InvalidRequestError(f"a client is asked by a Request, not a {kind}: Request(messages), or chat(messages)")
    return request
