"""What a wire has no place for: refused before anything is sent, in one wording."""

from collections.abc import Iterable
from typing import Any

from ..errors import UnsupportedFeatureError
from ..types.request import Request
from ..types.tools import Tool, ToolDef

_UNSET: tuple[Any, ...] = (None, False, (), {}, "")


def refuse(request: Request, *names: str) -> None:
    """names: fields of Request that this wire has no word for. Raises UnsupportedFeatureError for one that is set."""
    for name in names:
        value = getattr(request, name)
        if value is not None and value is not False and value not in _UNSET:
            raise UnsupportedFeatureError(f"this provider's wire has no place for {name}; leave it out")


def listed_at(path: str) -> str:
    """The path of a host's model list. Raises UnsupportedFeatureError where it is "": there is none on this wire."""
    if not path:
        raise UnsupportedFeatureError("this provider has no list of models on this wire: its console names them")
    return path


def functions(tools: Iterable[Tool]) -> tuple[ToolDef, ...]:
    """The tools of a wire that knows functions alone. Raises UnsupportedFeatureError for one of another kind."""
    found: list[ToolDef] = []
    for tool in tools:
        if not isinstance(tool, ToolDef):
            raise UnsupportedFeatureError(
                f"this provider's wire offers functions only, not the {type(tool).__name__} {tool.name!r}"
            )
        found.append(tool)
    return tuple(found)
