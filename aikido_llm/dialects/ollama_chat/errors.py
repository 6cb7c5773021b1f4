"""Errors: `{"error": "text"}`, as a body or as a line. The text may itself be the JSON of the process that runs the
model, or `error` an object where a cloud's answer is passed on.

source: the server's own handlers and messages, read 2026-11.
"""

import re
from typing import Any

from attrs import evolve

from ...codecs import json
from ...errors import InvalidRequestError, LLMError, ServerError, UnsupportedFeatureError
from .. import envelope
from ..base import ErrorReply
from ..status import Envelope, to_error
from ..words import NO_WORDS, Words

_UNSUPPORTED = re.compile(r"does not support (thinking|tools|chat|vision|images|audio|insert)|is not supported", re.I)
# The server answers 500 to some of what the caller must mend.
_CALLERS_FAULT = re.compile(r'^option "|^invalid (format|think value|model name)|^json: |illegal base64 data', re.I)
# The process that runs the model broke. Its last log lines stand behind this, among them errors of earlier requests.
_CRASHED = re.compile(
    r"^an error was encountered while running the model|runner (process )?has (terminated|unexp)", re.I
)
_MEMORY = re.compile(r"requires more system memory|out of memory|not enough memory", re.I)


def decode_error(reply: ErrorReply, words: Words = NO_WORDS) -> LLMError:
    said = envelope.of_reply(reply)
    message = said.message
    if _asks_to_sign_in(reply.body):
        message += "; sign in first: run `ollama signin`"
    if message == "404 page not found":
        message += ": the base URL is not Ollama's, or its server is too old for /api/chat"
    return _typed(evolve(said, message=message, request_id=reply.headers.get("x-request-id", "")), words)


def in_band(error: Any, words: Words = NO_WORDS) -> LLMError:
    """error: a line of a 200, or what it has under that name."""
    return _typed(envelope.of_value(error), words)


def _typed(said: Envelope, words: Words) -> LLMError:
    message = said.message
    kind: type[LLMError] | None = None
    if _CRASHED.search(message) or _MEMORY.search(message):
        kind = ServerError
    elif _UNSUPPORTED.search(message):
        kind = UnsupportedFeatureError
    elif _CALLERS_FAULT.search(message):
        kind = InvalidRequestError
    error = to_error(said, words, kind)
    error.permanent = error.permanent or bool(_MEMORY.search(message))  # the model will not fit next time either
    return error


def _asks_to_sign_in(body: bytes) -> bool:
    try:
        return bool(json.loads_object(body).get("signin_url"))
    except (ValueError, RecursionError):
        return False
