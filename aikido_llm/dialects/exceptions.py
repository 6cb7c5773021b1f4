"""Errors as AWS writes them: `{"message"}` with the exception's name in a header or in `__type`, and exceptions as
frames of a stream. The wires of that house have them in common.

What the names mean is in the table of words; here is where they stand, and the status that one in a stream stands for.

source: Amazon Bedrock API reference, "Converse" and "ConverseStream", Errors, read 2026-11.
"""

from collections.abc import Mapping
from typing import Any

from attrs import evolve

from ..codecs import json
from ..errors import LLMError
from ..framing.eventstream import FAILED
from . import envelope
from .base import ErrorReply
from .status import page_text, to_error
from .values import as_text, is_object
from .words import NO_WORDS, Words, plain

_STATUSES: Mapping[str, int] = {
    plain("ValidationException"): 400,
    plain("AccessDeniedException"): 403,
    plain("ResourceNotFoundException"): 404,
    plain("ModelTimeoutException"): 408,
    plain("ModelStreamErrorException"): 424,
    plain("ThrottlingException"): 429,
    plain("InternalServerException"): 500,
    plain("ServiceUnavailableException"): 503,
}


def decode_error(reply: ErrorReply, words: Words = NO_WORDS) -> LLMError:
    """An HTTP error. The header is left out by proxies; then the body alone tells."""
    said = envelope.of_reply(reply)
    name = _short(reply.headers.get("x-amzn-errortype", ""))
    id = reply.headers.get("x-amzn-requestid") or said.request_id
    return to_error(evolve(said, codes=(name, *said.codes) if name else said.codes, request_id=id), words)


def failed(name: str) -> bool:
    """Whether a frame of this name tells of a failure. Exceptions come as events too, of their name, from proxies."""
    return name.startswith(FAILED) or name.endswith("Exception")


def thrown(name: str, data: bytes, words: Words = NO_WORDS) -> LLMError:
    """What a frame says whose name is that of a failure."""
    try:
        said: Any = json.loads_frame(data)
    except ValueError:
        said = page_text(data.decode("utf-8", "replace"))
    return in_band(name.removeprefix(FAILED), said, words)


def in_band(name: str, body: Any, words: Words = NO_WORDS) -> LLMError:
    """An error inside a 200. name: of the exception, "" when only the body tells of it; body: JSON or text."""
    said = envelope.of_value(body if is_object(body) else {"message": as_text(body)})
    if name:
        status = said.status if said.status is not None else _STATUSES.get(plain(name))
        said = evolve(said, codes=(name, *said.codes), status=status)
    return to_error(said, words)


def _short(name: str) -> str:
    """`namespace#Name` and `Name:http://...` -> `Name`."""
    return name.rpartition("#")[2].partition(":")[0].strip()
