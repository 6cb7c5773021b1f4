"""What a row asks, and what came of it."""

from collections.abc import Mapping
from typing import Any, TypeAlias, cast

from attrs import field, frozen

from .. import serialize
from ..codecs import json
from ..codecs.text import kind_name
from ..errors import ContentFilteredError, InvalidRequestError, LLMError, ModelNotFoundError
from ..types.request import Request
from ..types.response import Response


@frozen
class Row:
    """One row of a run: an answer, or the error that it failed with. One with neither is a row to be asked.

    key: what the mapping says under the name that was given as `key`; else the row's place, from 0.
    request: None when the row asks nothing that can be asked, and the error says why.
    response: the whole answer; `cached` when it stood in the log.
    """

    key: Any
    request: Request | None
    response: Response | None = None
    error: LLMError | None = field(default=None)

    @property
    def again(self) -> bool:
        """Whether the next run asks for it again: it failed, and not for what it asks."""
        return self.error is not None and not is_final(self.error)


Rowlike: TypeAlias = str | Request | Mapping[str, Any] | Row
"""A prompt; a Request; a mapping with `prompt` or `messages`, and any other field of Request; a Row, with its key."""


def is_final(error: LLMError) -> bool:
    """Whether the request itself is at fault, and would fail again unchanged. A model that is not there, a key, a
    passed cap and everything that is the server's may be another time."""
    return isinstance(error, InvalidRequestError | ContentFilteredError) and not isinstance(error, ModelNotFoundError)


def read_row(row: Rowlike, place: int, key: str | None) -> Row:
    """The row, with neither answer nor error when it can be asked."""
    name: Any = place
    if isinstance(row, Row):
        return row
    try:
        if key is not None:
            name, row = _named(row, key, place)
        return Row(name, _request(row))
    except LLMError as error:
        return Row(name, None, error=error)


def name_of(key: Any) -> str:
    """A row's key as the log has it."""
    return json.text(key)


def _named(row: object, key: str, place: int) -> tuple[Any, Mapping[str, Any]]:
    fields: Mapping[str, Any] = cast("Mapping[str, Any]", row) if isinstance(row, Mapping) else {}
    if fields.get(key) is None:
        raise InvalidRequestError(f"row {place} has no {key!r}, by which it would be known")
    name = fields[key]
    if not isinstance(name, str | int | float | bool):
        raise InvalidRequestError(f"row {place}: {key!r} must be text or a number, not {kind_name(name)}")
    return name, {column: value for column, value in fields.items() if column != key}


def _request(row: str | Request | Mapping[str, Any]) -> Request:
    if isinstance(row, Request):
        return row
    if isinstance(row, str):
        return Request(row)
    if not isinstance(cast("object", row), Mapping):
        raise InvalidRequestError(f"a row is text, a Request or a mapping, not {kind_name(row)}")
    fields = dict(row)
    if ("prompt" in fields) == ("messages" in fields):
        raise InvalidRequestError('a row needs either "prompt" or "messages"')
    if "prompt" in fields:
        prompt = fields.pop("prompt")
        if not isinstance(prompt, str):
            raise InvalidRequestError(f"a prompt is text, not {kind_name(prompt)}")
        if not fields:
            return Request(prompt)
        fields["messages"] = [{"role": "user", "content": prompt}]
    return _read(fields)


def _read(fields: dict[str, Any]) -> Request:
    """Of plain data, or of values of ours and chat dicts."""
    try:
        return serialize.from_dict(fields, Request)
    except InvalidRequestError as error:
        problem = error
    try:
        return Request(**fields)
    except (InvalidRequestError, TypeError):
        raise problem from None
