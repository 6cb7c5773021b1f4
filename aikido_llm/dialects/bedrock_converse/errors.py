"""Errors: `{"message"}` with the exception's name in a header or in `__type`, and exceptions as frames of a stream.

What the names mean is in the table of words; here is where they stand, and the status that one in a stream stands for.

source: Amazon Bedrock API reference, "Converse" and "ConverseStream", Errors, read 2026-11.
"""

from collections.abc import Mapping
from typing import Any

from attrs import evolve

from ...errors import LLMError
from .. import envelope
from ..base import ErrorReply
from ..status import to_error
from ..values import as_text, is_object
from ..words import NO_WORDS, Words, plain

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
