"""The exchanges of a cassette, read back. People edit these files: each line is checked before anything is played."""

from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from attrs import Attribute, field, frozen

from ..codecs import base64, json
from ..codecs.plain import UnfitError
from ..codecs.strict import lines, strict_converter
from ..errors import InvalidRequestError, LLMError
from ..serialize import from_dict


def _is_url(owner: object, attribute: "Attribute[str]", value: str) -> None:
    try:
        urlsplit(value)
    except ValueError:
        raise UnfitError("a URL was expected") from None


def _are_lengths(owner: object, attribute: "Attribute[list[int]]", value: list[int]) -> None:
    if any(size < 0 for size in value):
        raise UnfitError("lengths of 0 or more were expected")


def _bytes(written: Any) -> bytes:
    match written:
        case str():
            return written.encode()
        case {"base64": str(text)}:
            return base64.decode(text)
        case _:
            raise UnfitError('text, or {"base64": ...}, was expected')


@frozen
class Recorded:
    """A request. body: the JSON value that was sent."""

    method: str
    url: str = field(validator=_is_url)
    body: Any

    @property
    def asked(self) -> dict[str, Any]:
        """What it is found by."""
        return {"method": self.method, "path": urlsplit(self.url).path, "body": self.body}


@frozen
class Reply:
    """pieces: the length in bytes of each read."""

    status: int
    headers: dict[str, str]
    body: bytes = field(converter=_bytes)
    pieces: list[int] = field(validator=_are_lengths)


@frozen
class Exchange:
    """One line. number: of the request. error: instead of a response, or what broke its body off."""

    request: Recorded
    number: int = 0
    response: Reply | None = None
    error: LLMError | None = None


def read(line: bytes) -> Exchange:
    """Raises ValueError that says where and what, never what stands there."""
    entry = json.loads_object(line)
    try:
        exchange: Exchange = _converter().structure(entry, Exchange)
    except Exception as error:  # cattrs raises groups; what the classes themselves refuse is inside them
        problem = "; ".join(lines(error))
    else:
        if exchange.response is None and exchange.error is None:
            raise ValueError("it has neither a response nor an error")
        return exchange
    raise ValueError(problem)


@lru_cache(maxsize=1)
def _converter() -> Any:
    converter = strict_converter()
    converter.register_structure_hook(bytes, lambda value, _: value)  # `_bytes` reads it
    converter.register_structure_hook(LLMError, _error)
    return converter


def _error(value: Any, _: Any) -> LLMError:
    try:
        return from_dict(value, LLMError)
    except InvalidRequestError as error:
        raise UnfitError(error.message) from None
