"""`Request.extra` over the body that an encoder made: the last step of every encoder."""

from typing import Any

from ..errors import InvalidRequestError
from ..types.extra import Lists, merged
from ..types.request import Request

TOOLS: Lists = frozenset({("tools",)})
"""What every wire has: hosted tools from `extra` stand beside the functions of the request."""

_OURS = {
    "messages": "Request.messages",
    "input": "Request.messages",
    "contents": "Request.messages",
    "model": "Request.model",
    "stream": "the method that is called, stream or complete",
}


def with_extra(body: dict[str, Any], request: Request, lists: Lists = TOOLS) -> dict[str, Any]:
    """The body with the request's `extra` over it (`types.extra.merged`). lists: where lists join.

    raises: InvalidRequestError for a key that a field of the request says, and for what cannot be merged.
    """
    if not request.extra:
        return body
    for name, place in _OURS.items():
        if name in request.extra:
            raise InvalidRequestError(f"extra cannot replace {name}: {place} says it")
    return merged(body, request.extra, lists)
