"""Tools from functions, and the loop that runs them: call, execute, answer, until the model stops."""

import inspect
from collections.abc import Mapping
from typing import Any

import anyio
import anyio.to_thread
from attrs import evolve, field, frozen

from .client import Client
from .codecs import json
from .errors import InvalidRequestError, InvalidToolArguments, LLMError
from .types.functions import Function
from .types.messages import Message, tool
from .types.request import Request
from .types.response import Response
from .types.tools import ToolCall, ToolDef
from .types.usage import Usage


@frozen
class ToolRun:
    """What a loop of tool calls came to.

    response: the last answer. messages: the whole conversation, that answer included, ready to go on.
    usage:    of all turns together. turns: answers asked for.
    """

    response: Response
    messages: tuple[Message, ...]
    usage: Usage = field(factory=Usage)
    turns: int = 1


async def run_tools(
    client: Client, request: Request, functions: Mapping[str, Function], max_turns: int = 10
) -> ToolRun:
    """Ask; run the tools that the model calls, those of one turn together; answer with their results; until it stops.

    functions: name -> function. Tools of the request that are named keep their definition; the others are made from the
               functions. A call of a tool that is not here, arguments that do not parse and an exception become results
               with is_error, which the model sees.
    raises:    what `client.complete` raises, with `partial`; InvalidRequestError when the model still calls tools
               after max_turns answers (its `partial` is the last Response).
    """
    offered = {tool.name for tool in request.tools}
    made = [evolve(ToolDef.from_function(f), name=name) for name, f in functions.items() if name not in offered]
    asked = evolve(request, tools=(*request.tools, *made))
    usages: list[Usage] = []
    while True:
        response = await client.complete(asked)
        usages.append(response.usage)
        messages = (*asked.messages, response.message)
        if not response.tool_calls:
            return ToolRun(response, messages, added(usages), len(usages))
        if len(usages) >= max_turns:
            break
        asked = evolve(asked, messages=(*messages, *await _results(response.tool_calls, functions)))
    raise InvalidRequestError(
        f"the model still calls tools after {max_turns} turns; raise max_turns if it needs more",
        provider=response.provider,
        model=response.model,
        partial=response,
    )


async def _results(calls: tuple[ToolCall, ...], functions: Mapping[str, Function]) -> list[Message]:
    """The results in the order of the calls; the functions run at the same time."""
    results: dict[int, Message] = {}

    async def execute(index: int, call: ToolCall) -> None:
        results[index] = await _result(call, functions)

    async with anyio.create_task_group() as group:
        for index, call in enumerate(calls):
            group.start_soon(execute, index, call)
    return [results[index] for index in range(len(calls))]


async def _result(call: ToolCall, functions: Mapping[str, Function]) -> Message:
    function = functions.get(call.name)
    if function is None:
        return tool(call.id, f"there is no tool {call.name!r}", name=call.name, is_error=True)
    try:
        arguments = call.parsed()
        if inspect.iscoroutinefunction(function):
            value = await function(**arguments)
        else:
            value = await anyio.to_thread.run_sync(lambda: function(**arguments))
            if inspect.isawaitable(value):
                value = await value
        return tool(call.id, value if isinstance(value, str) else json.text(value), name=call.name)
    except InvalidToolArguments as error:
        return tool(call.id, error.message, name=call.name, is_error=True)
    except LLMError:
        raise  # a client of ours inside a tool failed: that is the caller's to know
    except Exception as error:
        return tool(call.id, f"{type(error).__name__}: {error}", name=call.name, is_error=True)


def added(usages: list[Usage]) -> Usage:
    """Counts added up; one that no turn gave stays None."""

    def total(name: str) -> Any:
        known = [count for usage in usages if (count := getattr(usage, name)) is not None]
        return sum(known) if known else None

    names = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "cost_usd")
    return Usage(**{name: total(name) for name in names})
