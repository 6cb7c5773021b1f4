"""`Request.tool_choice`: judged once against the tools of the request, said in each wire's own words."""

from collections.abc import Callable
from typing import Any

from attrs import frozen

from ..errors import InvalidRequestError, UnsupportedFeatureError
from ..types.request import Request

_FREE = (None, "auto", "none")
"""What a wire may leave unsaid: without a word the model decides, and without tools it calls none."""


@frozen
class ChoiceWords:
    """A wire's words for whether and what the model shall call. `auto` and `none` may be None: nothing is sent then.
    `required` and `named` (a tool's name -> the word) are None where the wire cannot make a model call."""

    auto: Any
    none: Any
    required: Any
    named: Callable[[str], Any] | None


def offers_tools(request: Request) -> bool:
    """Whether the model is given any tool, by a field of the request or by `extra`."""
    return bool(request.tools or request.extra.get("tools"))


def is_forced(request: Request) -> bool:
    """Whether the model must call a tool."""
    return request.tool_choice not in _FREE


def word_for(request: Request, words: ChoiceWords, *, offered: bool = False) -> Any:
    """What to send for the request's tool_choice; None for nothing.

    offered: the wire has another tool beside the request's (one that draws).
    raises: InvalidRequestError for a choice without tools, or of a tool that is none of them; UnsupportedFeatureError
    for one that the wire has no word for.
    """
    choice = request.tool_choice
    if choice is None:
        return None
    if not (offered or offers_tools(request)):
        if is_forced(request):
            raise InvalidRequestError(f"tool_choice {choice!r} needs tools, and the request has none")
        return None
    if choice == "auto":
        return words.auto
    if choice == "none":
        return words.none
    if choice != "required":
        _check_name(choice, request)
    word = words.required if choice == "required" else words.named and words.named(choice)
    if word is None:
        raise UnsupportedFeatureError(
            f"this wire cannot enforce tool_choice {choice!r}: pass only the tools that may be called and ask for the "
            "call in the prompt"
        )
    return word


def _check_name(choice: str, request: Request) -> None:
    names = [tool.name for tool in request.tools]
    if choice not in names and not request.extra.get("tools"):  # of those the names are the wire's business
        raise InvalidRequestError(
            f"tool_choice {choice!r} is none of auto, none, required and the tools {', '.join(names)}"
        )
