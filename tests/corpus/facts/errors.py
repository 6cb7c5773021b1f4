"""From a refusal, in a status or inside a 200, to the class of error it must become."""

from __future__ import annotations

import json
import re

from .base import number, string

# Words are looked for in the whole error, in lower case: gateways nest the upstream's error as text in their own.
CREDITS = re.compile(
    "insufficient_quota|insufficient balance|credit_balance_exhausted|billing_error|depleted your monthly|more credits"
)
POLICY = re.compile(
    "violates usage guidelines|safety_check_type|responsibleaipolicy|content_policy|content_filter|content filtering"
    "|datainspectionfailed"  # Alibaba's moderation, seen inside a gateway's 502
)
KEY = re.compile("incorrect api key|api_key_invalid|api key not valid|invalid api key|invalid_api_key")
CONTEXT = re.compile(
    "context_length_exceeded|context length|context window|context size|exceed_context_size|prompt is too long"
    "|too_many_(prompt_)?tokens|input token count.*exceeds|maximum prompt length|too large for model"
)
MODEL = re.compile(
    "model_not_found|invalid_model|invalid model id|deploymentnotfound|model not exist|model not found"
    "|not a valid model id|supported api model names|unexpected model name|requested model .* does not exist"
    "|model identifier is invalid|model version has reached the end"
    "|model .*(not found|does not exist)|models/.* is not found|no endpoints found for |period for this model has ended"
    '|"model: '  # all that Anthropic says
)
# One request that is larger than a minute's tokens: no wait mends it (Aider #1880; SWE-agent #1296, where each retry
# ended the same; read 2026-11).
TOO_LARGE = re.compile("request too large for .*tokens must be reduced")
# llama.cpp answers 500 to what it was not started for; trying again cannot help, so the caller must mend it.
UNSUPPORTED = re.compile("is not supported|requires --jinja")

WORDS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "api_error": 500,
    "server_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}


def http_error(status: int, body: bytes) -> str:
    return error_class(status, body.decode("utf-8", "replace"))


def error_in_body(error: object) -> str:
    """The class of an error object that came inside a 200."""
    numbers = [number(error, key) for key in ("status_code", "code", "status")]
    words = [WORDS.get(string(error, key)) for key in ("type", "code")]
    known = [status for status in [*numbers, *words] if status is not None]
    return error_class(known[0] if known else 500, json.dumps(error))


def error_class(status: int, text: str) -> str:
    text = text.lower()
    special = _by_words(status, text)
    if special:
        return special
    if status in {401, 403}:
        return "AuthError"
    if status in {503, 529} or "overloaded" in text:
        return "OverloadedError"
    return "ServerError" if status == 408 or status >= 500 else "InvalidRequestError"


def _by_words(status: int, text: str) -> str:
    if status == 402 or CREDITS.search(text):
        return "InsufficientCreditsError"
    if POLICY.search(text):
        return "ContentFilteredError"
    if TOO_LARGE.search(text):
        return "ContextLengthError"
    if status == 429:  # before the context words: a rate limit may advise a shorter prompt
        return "RateLimitedError"
    if KEY.search(text):  # some services say it with a 400
        return "AuthError"
    if CONTEXT.search(text):
        return "ContextLengthError"
    if status in {400, 404} and MODEL.search(text):
        return "ModelNotFoundError"
    if status == 500 and UNSUPPORTED.search(text):
        return "InvalidRequestError"
    return ""
