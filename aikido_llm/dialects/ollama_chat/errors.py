"""Errors: `{"error": "text"}`, as a body or as a line. The text may itself be the JSON of the process that runs the
model, or `error` an object where a cloud's answer is passed on.

source: the server's own handlers and messages, read 2026-11.
"""

import re
from typing import Any

from ...codecs import json
from ...errors import InvalidRequestError, LLMError, ServerError, UnsupportedFeatureError
from .. import status
from ..base import ErrorReply
from ..values import as_error_status, as_text, is_object

_UNSUPPORTED = re.compile(r"does not support (thinking|tools|chat|vision|images|audio|insert)|is not supported", re.I)
# The server answers 500 to some of what the caller must mend.
_CALLERS_FAULT = re.compile(r'^option "|^invalid (format|think value|model name)|^json: |illegal base64 data', re.I)
# The process that runs the model broke. Its last log lines stand behind this, among them errors of earlier requests.
_CRASHED = re.compile(
    r"^an error was encountered while running the model|runner (process )?has (terminated|unexp)", re.I
)
_MEMORY = re.compile(r"requires more system memory|out of memory|not enough memory", re.I)


def decode_error(reply: ErrorReply) -> LLMError:
    text = status.reply_text(reply)
    try:
        body = json.loads_object(text)
    except ValueError:
        return _error(status.Envelope(_plain(text), (), reply.status, body=text, headers=reply.headers))
    message, codes, _ = _said(body.get("error"))
    if body.get("signin_url"):
        message += "; sign in first: run `ollama signin`"
    request_id = reply.headers.get("x-request-id", "")
    return _error(
        status.Envelope(message, codes, reply.status, request_id=request_id, body=text, headers=reply.headers)
    )


def in_band(error: Any) -> LLMError:
    """error: what a line of a 200 has under that name."""
    return _error(status.Envelope(*_said(error)))


def _error(envelope: status.Envelope) -> LLMError:
    message = envelope.message
    kind: type[LLMError] | None = None
    if _CRASHED.search(message) or _MEMORY.search(message):
        kind = ServerError
    elif _UNSUPPORTED.search(message):
        kind = UnsupportedFeatureError
    elif _CALLERS_FAULT.search(message):
        kind = InvalidRequestError
    error = status.to_error(envelope, kind=kind)
    error.permanent = bool(_MEMORY.search(message))  # the model will not fit next time either
    return error


def _said(error: Any, depth: int = 2) -> tuple[str, tuple[str, ...], int | None]:
    """Message, codes and status number of what stands under `error`: text, JSON in text, or an object."""
    if isinstance(error, str) and error.lstrip()[:1] == "{" and depth:
        try:
            inner = json.loads_object(error)
        except ValueError:
            return error, (), None
        return _said(inner.get("error", inner), depth - 1)
    if not is_object(error):
        return as_text(error), (), None
    codes = tuple(word for key in ("type", "code") if (word := as_text(error.get(key))))
    numbers = (as_error_status(error.get(key)) for key in ("code", "status_code", "status"))
    return as_text(error.get("message") or error.get("error")), codes, next(filter(None, numbers), None)


def _plain(text: str) -> str:
    page = status.page_text(text)
    if page == "404 page not found":
        return f"{page}: the base URL is not Ollama's, or its server is too old for /api/chat"
    return page
