"""What a row of several wires must mind: whose turns go back, and that another of its wires could do what this one not.

All of it is about the row's own wires by name; a row of one wire passes through untouched.
"""

from collections.abc import Callable
from functools import partial

from attrs import evolve

from ..dialects.base import Background, Dialect
from ..dialects.verbs import VerbName, has
from ..dialects.wrong_wire import wire_that_answers
from ..errors import LLMError, UnsupportedFeatureError
from ..providers import look_up, providers
from ..providers.base import WIRE, Provider, Wire
from ..types.request import Request


def without_unnamed(provider: Provider, request: Request) -> Request:
    """The request without replay data that names no wire, unless it is of the wire that is spoken."""
    if not provider.wires:  # one alone
        return request
    spoken = provider.wires.get(provider.wire)
    if spoken is None or spoken.unnamed:
        return request
    if not any(message.replay is not None and not message.replay.wire for message in request.messages):
        return request
    return evolve(
        request,
        messages=[
            evolve(message, replay=None) if message.replay is not None and not message.replay.wire else message
            for message in request.messages
        ],
    )


def told_of_others(
    provider: Provider, request: Request, error: UnsupportedFeatureError, *, stream: bool
) -> UnsupportedFeatureError:
    """The error, which names a wire of the row that carries the request."""
    for name, wire in provider.wires.items():
        if name != provider.wire and _carries(wire, request, provider.name, stream=stream):
            error.message += f" ({WIRE.name}={name} carries it)"
            break
    return error


def lasts(dialect: Dialect) -> bool:
    """Whether its answers can be made in the background."""
    return isinstance(dialect, Background)


def told_who_does(able: Callable[[Dialect], bool]) -> str:
    """Which rows can do what this dialect can do, as the end of a sentence."""
    return f"; these have it: {', '.join(name for name in providers() if _can(look_up(name), able))}"


def _can(row: object, able: Callable[[Dialect], bool]) -> bool:
    if not isinstance(row, Provider):  # what opens its clients by itself
        return False
    return any(map(able, (row.dialect, *(wire.dialect for wire in row.wires.values()))))


def without(provider: Provider, verb: VerbName) -> UnsupportedFeatureError:
    """The error of a row whose wire has not a verb; it names another wire of it, and the rows that have it."""
    able = partial(has, verb=verb)
    own = next((name for name, wire in provider.wires.items() if able(wire.dialect)), "")
    who = (f" ({WIRE.name}={own} has it)" if own else "") + told_who_does(able)
    return UnsupportedFeatureError(f"no {verb} on this wire{who}", provider=provider.name)


def told_of_the_right_one(provider: Provider, error: LLMError) -> LLMError:
    """The error of a server; when it says that the wire was the wrong one, it names the option that mends it."""
    right = wire_that_answers(error.message) if provider.wires else ""
    if right in provider.wires and right != provider.wire:
        error.message += f" (the wrong wire for this model: open the client with {WIRE.name}={right})"
    return error


def _carries(wire: Wire, request: Request, provider: str, *, stream: bool) -> bool:
    try:
        wire.dialect.encode(request, stream=stream, provider=provider)
    except LLMError:
        return False
    return True
