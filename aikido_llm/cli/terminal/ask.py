"""Ask, and show what comes: one answer, or as many as it takes while tools run between them."""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, TypeAlias

import aikido_llm as llm
from aikido_llm.middleware.base import Middleware
from aikido_llm.providers import find
from aikido_llm.tools import Approve, ToolStream

from .screen import Screen

Asked: TypeAlias = llm.HTTPClient | Middleware
Function: TypeAlias = Callable[..., Any]


async def ask(client: Asked, request: llm.Request, screen: Screen, *, stream: bool = True) -> None:
    """Show the answer to one request. Raises what failed before it began; a later failure is in `screen.failure`."""
    _load(client)
    with screen.answer(_who(client, request), streamed=stream):
        if stream:
            async with client.stream(request) as events:
                async for event in events:
                    screen.event(event)
            return
        try:
            screen.whole(await client.complete(request))
        except llm.LLMError as error:
            if error.partial is not None:
                screen.partial(error.partial)
            raise


async def ask_with_tools(
    client: Asked, request: llm.Request, functions: Sequence[Function], approve: Approve, screen: Screen
) -> tuple[llm.Message, ...]:
    """The same while the functions are run that the model calls, if `approve` says so. Returns the conversation, ()
    when an answer failed. Raises as `ask`, and ConfigError for functions that cannot be offered."""
    _load(client)
    async with llm.stream_tools(client, request, functions, approve=approve) as run:
        goes_on = True
        while goes_on:
            with screen.answer(_who(client, request)):
                calls = await _one(run, screen)
            goes_on = screen.failure is None and await _results(run, calls, screen)
        return () if screen.failure else run.result.messages


async def _one(run: ToolStream, screen: Screen) -> int:
    """Show one answer of the run. Returns how many tools it calls."""
    async for event in run:
        if isinstance(event, llm.ToolResultEvent):
            continue
        screen.event(event)
        if isinstance(event, llm.EndEvent):
            return len(event.response.tool_calls)
    return 0


async def _results(run: ToolStream, calls: int, screen: Screen) -> bool:
    """Run the tools of an answer, and show what they gave: nothing is drawn while a person is asked. Returns whether
    another answer follows."""
    for _ in range(calls):
        event = await anext(run, None)
        if not isinstance(event, llm.ToolResultEvent):  # calls of a kind that no function answers end the run
            return False
        screen.result(event)
    return calls > 0


def _load(client: Asked) -> None:
    if find(client.provider).transport is None:
        import_module("aikido_llm.transport.aiohttp")  # takes a while, which is not the provider's


def _who(client: Asked, request: llm.Request) -> str:
    return request.model or client.model or client.provider
