"""Answers of a type: the schema is sent, the answer is structured, what does not fit is an error that keeps the text.

T is an attrs class, a dataclass or a TypedDict, of plain values, lists, dicts, enums, Literals and further such ones.
"""

from collections.abc import Iterable
from types import TracebackType
from typing import Any, Generic, TypeVar, cast

from attrs import evolve

from ..client import Client
from ..codecs import json
from ..errors import ConfigError, InvalidAnswer, InvalidRequestError
from ..retry import collect
from ..types.events import EndEvent, ErrorEvent, Event, TextDelta
from ..types.request import Request, ResponseFormat
from ..types.response import FinishReason, Response
from .growing import GrowingObject

T = TypeVar("T")


async def complete_as(client: Client, request: Request, kind: type[T]) -> T:
    """Ask for an answer of this type, and return it.

    raises: InvalidAnswer when the text is not JSON or not a T (its `partial` is the whole Response); ConfigError when T
    has no JSON Schema; UnsupportedFeatureError when the wire takes no schema; what `client.complete` raises.
    """
    return _structured(await client.complete(asking_for(request, kind)), kind)


def stream_as(client: Client, request: Request, kind: type[T]) -> "TypedStream[T]":
    """The same as a stream: an async iterator of dicts that grow, whose `result` is the T at the end."""
    return TypedStream(client, request, kind)


class TypedStream(Generic[T]):
    """Dicts that grow as the answer comes: strings by their pieces, everything else when it is whole. Each is a dict of
    its own; the values in it that are whole are shared with those that follow, so leave them as they are.

    result: the T, once the iteration has ended. Leave it early by `async with` or `aclose()`.
    """

    def __init__(self, client: Client, request: Request, kind: type[T]) -> None:
        self._events = client.stream(asking_for(request, kind))
        self._kind = kind
        self._growing = GrowingObject()
        self._response: Response | None = None

    def __aiter__(self) -> "TypedStream[T]":
        return self

    async def __anext__(self) -> dict[str, Any]:
        async for event in self._events:
            value = self._take(event)
            if value is not None:
                return value
        if self._response is None:
            await collect(self._events)  # a stream without its end: raises StreamTruncated
        raise StopAsyncIteration

    @property
    def result(self) -> T:
        """Raises InvalidAnswer as `complete_as` does, and RuntimeError before the end."""
        if self._response is None:
            raise RuntimeError("the answer has not ended yet: iterate to the end first")
        return _structured(self._response, self._kind)

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


def asking_for(request: Request, kind: type[Any]) -> Request:
    """The request with a response format for this type. Raises ConfigError when it has no JSON Schema."""
    try:
        schema = json.schema_of(kind)
    except TypeError as error:
        raise ConfigError(f"{kind.__name__} cannot be asked for as JSON: {error}") from None
    root = _inlined(schema)
    if root.get("type") != "object":
        raise ConfigError(f"{kind.__name__} is no object: give an attrs class, a dataclass or a TypedDict")
    strict = _close(root)
    return evolve(request, response_format=ResponseFormat.json_schema(root, name=kind.__name__, strict=strict))


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


def _structured(response: Response, kind: type[T]) -> T:
    from ..serialize import from_dict

    if response.finish_reason is FinishReason.length:
        raise _invalid(response, f"the answer stopped at the token limit before the {kind.__name__} was whole")
    text = response.text.strip()
    if text.startswith("```"):  # models that nothing enforces like to fence it
        text = text.partition("\n")[2].rpartition("```")[0]
    try:
        answer: T = from_dict(json.loads(text), kind)
        return answer
    except InvalidRequestError as error:
        problem = error.message.replace("this is", "the answer is", 1)
    except ValueError:
        problem = f"the answer is no JSON where a {kind.__name__} was asked for"
    raise _invalid(response, problem)


def _invalid(response: Response, problem: str) -> InvalidAnswer:
    return InvalidAnswer(
        problem,
        provider=response.provider,
        model=response.model,
        request_id=response.request_id,
        partial=response,
        attempts=response.attempts,
    )
