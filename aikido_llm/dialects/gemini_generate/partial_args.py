"""Arguments of a call that arrive value by value, each with its JSONPath (`streamFunctionCallArguments`, which a
caller can ask for on the enterprise API; source: Vertex AI reference, FunctionCall.partialArgs, read 2026-11)."""

import re
from itertools import pairwise
from typing import Any, cast

from ...codecs import json
from ...errors import MalformedStream
from ..values import is_list, is_object

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\[\"((?:[^\"\\]|\\.)*)\"\]")
_DEEPEST = 64  # steps of one path


class _Text(list[str]):
    """A string whose pieces are still coming."""


class PartialArgs:
    """add(pieces) puts them in their places; text() is the JSON text of all that has come."""

    def __init__(self) -> None:
        self._root: dict[str, Any] = {}

    def add(self, pieces: Any) -> None:
        """Raises MalformedStream for a path that leads nowhere."""
        for piece in pieces if is_list(pieces) else ():
            if is_object(piece):
                self._put(_steps(piece.get("jsonPath")), piece)

    def value(self) -> dict[str, Any]:
        return {name: _joined(item) for name, item in self._root.items()}

    def text(self) -> str:
        return json.text(self.value())

    def _put(self, steps: list[str | int], piece: dict[str, Any]) -> None:
        place: Any = self._root
        for step, following in pairwise(steps):
            place = _enter(place, step, [] if isinstance(following, int) else {})
        text = piece.get("stringValue")
        if isinstance(text, str):
            grown = _enter(place, steps[-1], _Text())
            if not isinstance(grown, _Text):
                raise _lost(piece.get("jsonPath"))
            grown.append(text)
        else:
            _set(place, steps[-1], next((piece[k] for k in ("numberValue", "boolValue") if k in piece), None))


def _steps(path: Any) -> list[str | int]:
    """`$.items[0].id` -> ["items", 0, "id"]."""
    steps: list[str | int] = []
    at = 1
    while isinstance(path, str) and path[:1] == "$" and at < len(path) and len(steps) <= _DEEPEST:
        found = _STEP.match(path, at)
        if found is None:
            raise _lost(path)
        index = found.group(2)
        steps.append(int(index[:10]) if index else found.group(1) or found.group(3) or found.group(4) or "")
        at = found.end()
    if not steps or len(steps) > _DEEPEST:
        raise _lost(path)
    return steps


def _enter(place: Any, step: str | int, empty: Any) -> Any:
    """What stands at the step, made first when nothing does."""
    if isinstance(step, str) and is_object(place):
        return place.setdefault(step, empty)
    if isinstance(step, int) and is_list(place) and not isinstance(place, _Text) and step <= len(place):
        if step == len(place):
            place.append(empty)
        return place[step]
    raise _lost(step)


def _set(place: Any, step: str | int, value: Any) -> None:
    _enter(place, step, value)
    place[step] = value


def _joined(value: Any) -> Any:
    if isinstance(value, _Text):
        return "".join(value)
    if is_object(value):
        return {name: _joined(item) for name, item in value.items()}
    if is_list(value):
        return [_joined(item) for item in value]
    return cast("object", value)


def _lost(path: Any) -> MalformedStream:
    return MalformedStream(f"a piece of a call's arguments has a path that leads nowhere: {str(path)[:100]}")
