"""Answers of a type: the schema is sent, the answer is structured, what does not fit is an error that keeps the text.

T is an attrs class, a dataclass, a TypedDict, a msgspec struct or a pydantic model, of plain values, lists, dicts,
enums, Literals and further such ones; or a list, a union or a scalar, which stands under the key `value` on the wire.
"""

from collections.abc import Iterable
from types import TracebackType
from typing import Any, Generic, TypeVar, cast, get_args, overload

from attrs import evolve

from ..client import Client, checked_client
from ..codecs import json, schema
from ..errors import ConfigError, InvalidAnswer, InvalidRequestError
from ..retry import collect
from ..types.events import EndEvent, ErrorEvent, Event, TextDelta
from ..types.request import Request, ResponseFormat, checked
from ..types.response import FinishReason, Response
from .growing import GrowingObject

T = TypeVar("T")


@overload
async def complete_as(client: Client, request: Request, kind: type[T]) -> T: ...
@overload
async def complete_as(client: Client, request: Request, kind: Any) -> Any: ...
async def complete_as(client: Client, request: Request, kind: Any) -> Any:
    """Ask for an answer of this type, and return it.

    raises: InvalidAnswer when the text is not JSON, not a T, or cut off (its `partial` is the Response); ConfigError
    when T has no JSON Schema; UnsupportedFeatureError when the wire takes no schema; what `client.complete` raises.
    """
    asked = asking_for(request, kind)
    return _structured(await checked_client(client, "complete_as", "complete").complete(asked), kind)


@overload
def stream_as(client: Client, request: Request, kind: type[T]) -> "TypedStream[T]": ...
@overload
def stream_as(client: Client, request: Request, kind: Any) -> "TypedStream[Any]": ...
def stream_as(client: Client, request: Request, kind: Any) -> "TypedStream[Any]":
    """The same as a stream: an async iterator of partial values that grow, whose `result` is the T at the end. They are
    dicts; of a list, a union or a scalar, what stands under `value` so far."""
    return TypedStream(client, request, kind)


class TypedStream(Generic[T]):
    """Values that grow as the answer comes: strings by their pieces, everything else when it is whole. Each is a value
    of its own; what is whole in it is shared with those that follow, so leave that as it is.

    result: the T, once the iteration has ended. Leave it early by `async with` or `aclose()`.
    """

    def __init__(self, client: Client, request: Request, kind: type[T]) -> None:
        self._events = checked_client(client, "stream_as", "stream").stream(asking_for(request, kind))
        self._kind = kind
        self._wrapped = is_wrapped(kind)
        self._growing = GrowingObject()
        self._response: Response | None = None

    def __aiter__(self) -> "TypedStream[T]":
        return self

    async def __anext__(self) -> Any:
        async for event in self._events:
            value = self._take(event)
            if value is None:
                continue
            if not self._wrapped:
                return value
            if _VALUE in value:
                return value[_VALUE]
        if self._response is None:
            await collect(self._events)  # a stream without its end: raises StreamTruncated
        raise StopAsyncIteration

    @property
    def result(self) -> T:
        """Raises InvalidAnswer as `complete_as` does, and RuntimeError before the end."""
        if self._response is None:
            raise RuntimeError("the answer has not ended yet: iterate to the end first")
        return cast("T", _structured(self._response, self._kind))

    async def aclose(self) -> None:
        """Close the stream."""
        close = getattr(self._events, "aclose", None)
        if close is not None:
            await close()

    async def __aenter__(self) -> "TypedStream[T]":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def _take(self, event: Event) -> dict[str, Any] | None:
        """The object, if the event made it grow."""
        if isinstance(event, ErrorEvent):
            raise event.error
        if isinstance(event, EndEvent):
            self._response = event.response
            return self._growing.partial(last=True)
        if not isinstance(event, TextDelta):
            return None
        self._growing.feed(event.text)
        return self._growing.partial()


_VALUE = "value"  # where what is no object stands


def is_wrapped(kind: Any) -> bool:
    """Whether it stands under a key: providers want an object at the top, and no choice of objects."""
    return schema_of(kind).get("type") != "object"


def asking_for(request: Request, kind: Any) -> Request:
    """The request with a response format for this type. Raises ConfigError when it has no JSON Schema, and
    InvalidRequestError for what is no Request."""
    asked = checked(request)
    root = schema_of(kind)
    if root.get("type") != "object":
        definitions = root.pop("$defs", None)
        root = {"type": "object", "properties": {_VALUE: root}, "required": [_VALUE]}
        root |= {"$defs": definitions} if definitions else {}
    strict = _close(root)
    return evolve(asked, response_format=ResponseFormat.json_schema(root, name=_name(kind), strict=strict))


def schema_of(kind: Any) -> dict[str, Any]:
    """The schema of a type, with an object's own at the top. Raises ConfigError when it has none."""
    try:
        return _inlined(schema.schema_of(kind))
    except (TypeError, NameError) as error:
        raise ConfigError(f"{_name(kind)} cannot be asked for as JSON: {error}") from None


def _name(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) and not get_args(kind) else "answer"


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """The root in place of its reference: providers want an object at the top."""
    definitions = dict(schema.get("$defs", {}))
    name = str(schema.get("$ref", "")).removeprefix("#/$defs/")
    if name not in definitions:
        return schema
    root = dict(definitions[name])
    if f'"#/$defs/{name}"' not in json.text([root, *(v for n, v in definitions.items() if n != name)]):
        del definitions[name]  # else the type holds itself, and its definition stays
    return {**root, "$defs": definitions} if definitions else root


def _close(schema: object) -> bool:
    """Close every object, in place, and require what may be null. Returns whether all fields are required now: only
    then can providers enforce the schema strictly."""
    if isinstance(schema, list):
        return _close_all(cast("list[object]", schema))
    if not isinstance(schema, dict):
        return True
    node = cast("dict[str, Any]", schema)
    node.pop("default", None)
    strict = _close_all(list(node.values()))
    properties = node.get("properties")
    if isinstance(properties, dict):
        fields = cast("dict[str, Any]", properties)
        node["additionalProperties"] = False
        required = set(node.get("required", ()))
        node["required"] = [name for name, field in fields.items() if name in required or _may_be_null(field)]
        strict = strict and len(node["required"]) == len(fields)
    elif node.get("type") == "object":
        strict = False  # a mapping: its keys are open
    return strict


def _close_all(schemas: Iterable[object]) -> bool:
    closed = [_close(schema) for schema in schemas]  # all of them, also behind the first that is not strict
    return all(closed)


def _may_be_null(field: Any) -> bool:
    return any(option == {"type": "null"} for option in field.get("anyOf", ()))


def _structured(response: Response, kind: Any) -> Any:
    from .reading import read_as  # cattrs costs tens of milliseconds

    name = _name(kind)
    if response.finish_reason is FinishReason.length:
        raise _invalid(response, f"the answer stopped at the token limit before the {name} was whole")
    if not response.complete:
        raise _invalid(response, f"the provider has not said that the {name} is whole")
    text = response.text.strip()
    if text.startswith("```"):  # models that nothing enforces like to fence it
        text = text.partition("\n")[2].rpartition("```")[0]
    try:
        value = json.loads(text)
        return read_as(_unwrapped(value) if is_wrapped(kind) else value, kind)
    except InvalidRequestError as error:
        problem = f"the answer is no valid {name}: {error.message}"
    except ValueError:
        problem = f"the answer is no JSON where a {name} was asked for"
    raise _invalid(response, problem)


def _unwrapped(value: Any) -> Any:
    if not isinstance(value, dict) or _VALUE not in value:
        raise InvalidRequestError(f"no object with the key {_VALUE}")
    return cast("dict[str, Any]", value)[_VALUE]


def _invalid(response: Response, problem: str) -> InvalidAnswer:
    return InvalidAnswer(
        problem,
        provider=response.provider,
        model=response.model,
        request_id=response.request_id,
        partial=response,
        attempts=response.attempts,
    )
