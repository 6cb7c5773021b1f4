"""Tools from functions, and the loop that runs them: ask, run what the model calls, answer, until it stops."""

import inspect
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, ClassVar, Protocol, TypeAlias, cast

import anyio
import anyio.to_thread
from attrs import evolve, field, frozen

from .client import Client, checked_client
from .errors import ConfigError, InvalidRequestError, InvalidToolArguments, LLMError
from .types.events import EndEvent, ErrorEvent, RunEvent, ToolResultEvent
from .types.functions import Function, is_given, name_of, parameters
from .types.messages import Message, tool
from .types.parts import Part
from .types.request import Request, checked
from .types.response import FinishReason, Response
from .types.tools import Tool, ToolCall, ToolDef
from .types.usage import Usage, added

Functions: TypeAlias = Mapping[str, Any] | Iterable[Function]
"""The functions that the model may call: by name, or a list of them, each called by its own name."""

Approve: TypeAlias = Callable[[ToolCall], Any]
"""Sync or async; asked before each call is run. True: run it. False: refuse it. Text: refuse it with these words."""

ToldOfTool: TypeAlias = Callable[[Message, Exception | None], None]


class WatchesTools(Protocol):
    """A client that wants to see each tool run: what stands around it is entered before, told of the result and of the
    exception that it was made of, and left behind it. None: it does not."""

    def watch_tool(self, call: ToolCall, tool: Tool | None, /) -> AbstractContextManager[ToldOfTool] | None: ...


_ANSWERED = ("function", "custom")
_REFUSED = "this call was not approved"


@frozen
class ToolRun:
    """What a loop of tool calls came to, or has come to so far.

    response: the last answer. messages: the whole conversation, that answer included, ready to go on.
    usage:    of all turns together. turns: answers asked for.
    pending:  calls of the last answer that no function answers (of another kind than function and custom): the run
              ended for them. Answer each by `tool(call, ...)` and go on from `messages`.

    A function with a parameter of this type gets the run so far in it; the model is not told of that parameter.
    """

    given_to_tools: ClassVar[bool] = True

    response: Response
    messages: tuple[Message, ...]
    usage: Usage = field(factory=Usage)
    turns: int = 1
    pending: tuple[ToolCall, ...] = field(default=(), kw_only=True)


async def run_tools(
    client: Client, request: Request, functions: Functions, max_turns: int = 10, *, approve: Approve | None = None
) -> ToolRun:
    """Ask; run the tools that the model calls, those of one turn together; answer with their results; until it stops.

    functions: name -> function, or a list of functions. Tools of the request that are named keep their definition (a
               CustomTool's function gets the text that the model wrote); the others are made from the functions. The
               arguments are read as the types that the function is annotated with.
               A call of a tool that is not here, arguments that do not fit and an exception become results with
               is_error, which the model sees.
    approve:   asked before each call is run (see `Approve`); without it every function runs.
    raises:    what `client.complete` raises, with `partial`; ConfigError for functions that cannot be offered;
               InvalidRequestError when the model still calls tools after max_turns answers (its `partial` is the last
               Response).
    """
    checked_client(client, "run_tools", "complete")
    loop = _Loop(client, request, functions, max_turns, approve)
    while True:
        run = loop.took(await client.complete(loop.request))
        if run is not None:
            return run
        loop.answered(await loop.results())


def stream_tools(
    client: Client, request: Request, functions: Functions, max_turns: int = 10, *, approve: Approve | None = None
) -> "ToolStream":
    """`run_tools` as a stream: the events of each answer, a ToolResultEvent for each tool that was run between two.

    raises: from `__anext__`, what `run_tools` raises, but that a failure inside an answer is its ErrorEvent and
            EndEvent, behind which the iteration ends.
    """
    checked_client(client, "stream_tools", "stream")
    return ToolStream(client, _Loop(client, request, functions, max_turns, approve))


class ToolStream:
    """An async iterator of RunEvents and async context manager. result: the ToolRun, once the iteration has ended."""

    def __init__(self, client: Client, loop: "_Loop") -> None:
        self._client = client
        self._loop = loop
        self._events: AsyncIterator[Any] | None = None
        self._waiting: list[ToolResultEvent] = []
        self._failure: LLMError | None = None
        self._run: ToolRun | None = None
        self._over = False

    def __aiter__(self) -> "ToolStream":
        return self

    async def __anext__(self) -> RunEvent:
        if self._waiting:
            return self._waiting.pop(0)
        if self._over:
            raise StopAsyncIteration
        if self._events is None and self._loop.calls:
            self._waiting = await self._loop.results()
            self._loop.answered(self._waiting)
            if self._waiting:
                return self._waiting.pop(0)
        if self._events is None:
            self._events = self._client.stream(self._loop.request)
        event = await anext(self._events)
        if isinstance(event, ErrorEvent):
            self._failure = event.error
        elif isinstance(event, EndEvent):
            await self._end(event)
        return cast("RunEvent", event)

    @property
    def result(self) -> ToolRun:
        """The whole run. Raises the error that an answer ended in, and RuntimeError before the end."""
        if self._failure is not None:
            raise self._failure
        if self._run is None:
            raise RuntimeError("the run has not ended yet: iterate to the end first")
        return self._run

    async def aclose(self) -> None:
        """Close the stream of the answer under way; nothing follows."""
        self._over = True
        self._waiting.clear()
        close = getattr(self._events, "aclose", None)
        if close is not None:
            await close()

    async def __aenter__(self) -> "ToolStream":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _end(self, event: EndEvent) -> None:
        close = getattr(self._events, "aclose", None)
        if close is not None:
            await close()
        self._events = None
        if self._failure is not None:
            self._over = True
            return
        self._run = self._loop.took(event.response)
        self._over = self._run is not None


class _Loop:
    """What is between two answers. request: what to ask next. calls: what is to be run before that."""

    def __init__(
        self, client: Client, request: Request, functions: Functions, max_turns: int, approve: Approve | None
    ) -> None:
        self._watch: Callable[..., Any] | None = getattr(client, "watch_tool", None)  # see WatchesTools
        self._functions = _named(functions)
        self._max_turns = max_turns
        self._approve = approve
        offered = {tool.name for tool in checked(request).tools}
        made = [
            evolve(ToolDef.from_function(function), name=name)
            for name, function in self._functions.items()
            if name not in offered
        ]
        self.request = evolve(request, tools=(*request.tools, *made))
        self.calls: tuple[ToolCall, ...] = ()
        self._messages = self.request.messages  # the whole conversation, whatever of it is sent
        self._usages: list[Usage] = []
        self._so_far: ToolRun | None = None

    def took(self, response: Response) -> ToolRun | None:
        """Take an answer. Returns the run when it is over, None when there are tools to run or more is to be asked."""
        self._usages.append(response.usage)
        self._messages = (*self._messages, response.message)
        others = tuple(call for call in response.tool_calls if call.kind not in _ANSWERED)
        run = ToolRun(response, self._messages, added(self._usages), len(self._usages), pending=others)
        paused = response.finish_reason is FinishReason.paused
        if others or not (response.tool_calls or paused):
            return run
        if len(self._usages) >= self._max_turns:
            raise InvalidRequestError(
                f"the model still calls tools after {self._max_turns} turns; raise max_turns if it needs more",
                provider=response.provider,
                model=response.model,
                partial=response,
            )
        self.calls = response.tool_calls
        self._so_far = run
        self.request = evolve(self.request, messages=self._messages)
        return None

    async def results(self) -> list[ToolResultEvent]:
        """The results in the order of the calls; the functions run at the same time. Raises the first LLMError of one
        of them, for which the others are cancelled."""
        results: dict[int, Message] = {}
        failures: list[LLMError] = []

        async def execute(index: int, call: ToolCall) -> None:
            try:
                results[index] = await self._watched(call)
            except LLMError as error:
                failures.append(error)
                group.cancel_scope.cancel()

        async with anyio.create_task_group() as group:
            for index, call in enumerate(self.calls):
                group.start_soon(execute, index, call)
        for failure in failures:
            raise failure
        for index, call in enumerate(self.calls):
            if index not in results:  # nobody cancelled the run: something that the function awaits was
                results[index] = tool(call, "the tool was cancelled", is_error=True)
        return [ToolResultEvent(call, results[index]) for index, call in enumerate(self.calls)]

    def answered(self, results: Sequence[ToolResultEvent]) -> None:
        """Put the results into what is asked next. A conversation that the provider keeps has the rest already."""
        self.calls = ()
        messages = tuple(result.message for result in results)
        self._messages = (*self._messages, *messages)
        self.request = evolve(self.request, messages=messages if self.request.conversation else self._messages)

    async def _watched(self, call: ToolCall) -> Message:
        """The result, seen by the client if it wants to."""
        offered = next((tool for tool in self.request.tools if tool.name == call.name), None)
        watch = None if self._watch is None else self._watch(call, offered)
        if watch is None:
            message, _ = await self._result(call)
            return message
        with watch as told:
            message, error = await self._result(call)
            told(message, error)
            return message

    async def _result(self, call: ToolCall) -> tuple[Message, Exception | None]:
        """The result, and the exception that it tells of."""
        function = self._functions.get(call.name)
        if function is None:
            return tool(call, f"there is no tool {call.name!r}", is_error=True), None
        try:
            refused = await self._refusal(call)
            if refused:
                return tool(call, refused, is_error=True), None
            return tool(call, _said(await _called(function, self._arguments(function, call)))), None
        except InvalidToolArguments as error:
            return tool(call, error.message, is_error=True), error
        except LLMError:
            raise  # a client of ours inside a tool failed: that is the caller's to know
        except Exception as error:
            return tool(call, _told(error), is_error=True), error

    async def _refusal(self, call: ToolCall) -> str:
        """Why the call is not run, "" when it may be."""
        if self._approve is None:
            return ""
        said = self._approve(call)
        if inspect.isawaitable(said):
            said = await said
        return said if isinstance(said, str) else "" if said else _REFUSED

    def _arguments(self, function: Function, call: ToolCall) -> dict[str, Any]:
        """By keyword. Raises InvalidToolArguments that names what does not fit."""
        known = parameters(function)
        given = {parameter.name: self._so_far for parameter, hint in known if is_given(hint)}
        if call.kind == "custom":
            name = next((parameter.name for parameter, hint in known if not is_given(hint)), "")
            return {**given, **({name: call.arguments} if name else {})}
        from .structured.reading import read_arguments  # cattrs costs tens of milliseconds: loaded when a tool is run

        hints = {parameter.name: hint for parameter, hint in known if not is_given(hint)}
        said = call.parsed()
        unknown = sorted(set(said) - set(hints))
        if unknown:
            raise InvalidToolArguments(f"the tool {call.name!r} has no argument {', '.join(unknown)[:200]}")
        try:
            return {**given, **read_arguments(said, hints)}
        except InvalidRequestError as error:
            raise InvalidToolArguments(f"the arguments of tool {call.name!r}: {error.message}") from None


def _said(value: Any) -> str | tuple[Part, ...]:
    """What a function returned, as the content of its result: text, parts (a picture), or else JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, Part):
        return (value,)
    if isinstance(value, list | tuple) and value and all(isinstance(one, Part) for one in cast("list[Any]", value)):
        return tuple(cast("list[Part]", value))
    from .codecs.scalars import written

    return written(value)


def _told(error: Exception) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # its own __str__ fails
        return type(error).__name__


def _named(functions: Functions) -> dict[str, Function]:
    """Raises ConfigError for what are no functions, and for two of one name."""
    named = list(_pairs(functions))
    wrong = any(not callable(function) for _, function in named)
    if wrong or len(dict(named)) < len(named):
        problem = "not all of these can be called" if wrong else "two of them have one name"
        raise ConfigError(f"functions takes a mapping name -> function, or a list of functions; {problem}")
    return dict(named)


def _pairs(functions: Any) -> Iterator[tuple[str, Any]]:
    """(name, function) of what a caller gave, whatever it is."""
    if isinstance(functions, Mapping):
        yield from cast("Mapping[str, Any]", functions).items()
    elif isinstance(functions, str | bytes) or not hasattr(functions, "__iter__"):
        yield "", None
    else:
        yield from ((name_of(function), function) for function in functions)


async def _called(function: Function, arguments: dict[str, Any]) -> Any:
    if inspect.iscoroutinefunction(function):
        return await function(**arguments)
    value = await anyio.to_thread.run_sync(lambda: function(**arguments))
    return await value if inspect.isawaitable(value) else value
