"""HTTP errors: the envelope in each of its forms, and the class that each cause gets."""

import json
from typing import Any

import pytest

from aikido_llm.dialects.base import ErrorReply
from aikido_llm.dialects.gemini_generate import GeminiGenerate
from aikido_llm.errors import (
    AuthError,
    ContextLengthError,
    InsufficientCreditsError,
    InvalidRequestError,
    LLMError,
    ModelNotFoundError,
    OverloadedError,
    RateLimitedError,
    ServerError,
    TimedOutError,
)

DIALECT = GeminiGenerate()


def envelope(code: int, status: str, message: str, *details: dict[str, Any]) -> bytes:
    return json.dumps({"error": {"code": code, "message": message, "status": status, "details": details}}).encode()


def error_of(code: int, body: bytes, **headers: str) -> LLMError:
    return DIALECT.decode_error(ErrorReply(code, headers, body))


def retry_info(delay: Any) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}


def quota(id: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": id, "quotaValue": "10"}]}


PLAN = "You exceeded your current quota, please check your plan and billing details."


@pytest.mark.parametrize(("code", "status", "message", "kind"), [
    (400, "INVALID_ARGUMENT", "Please use a valid role: user, model.", InvalidRequestError),
    (400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", AuthError),
    (400, "INVALID_ARGUMENT", "The input token count (1200293) exceeds the maximum number of tokens allowed (1048576).",
     ContextLengthError),
    (400, "INVALID_ARGUMENT", "* GenerateContentRequest.model: unexpected model name format", ModelNotFoundError),
    (400, "FAILED_PRECONDITION", "User location is not supported for the API use.", InvalidRequestError),
    (401, "UNAUTHENTICATED", "API keys are not supported by this API.", AuthError),
    (403, "PERMISSION_DENIED", "Method doesn't allow unregistered callers.", AuthError),
    (404, "NOT_FOUND", "models/x is not found for API version v1beta, or is not supported for generateContent.",
     ModelNotFoundError),
    (404, "NOT_FOUND", "Not found: cache content metadata 87.", InvalidRequestError),
    (429, "RESOURCE_EXHAUSTED", PLAN, RateLimitedError),
    (499, "CANCELLED", "The operation was cancelled.", ServerError),
    (500, "INTERNAL", "An internal error has occurred.", ServerError),
    (503, "UNAVAILABLE", "The model is overloaded. Please try again later.", OverloadedError),
    (503, "UNAVAILABLE", "This model is currently experiencing high demand.", OverloadedError),
    (504, "DEADLINE_EXCEEDED", "The deadline expired.", TimedOutError),
])  # fmt: skip
def test_the_class_of_each_cause(code: int, status: str, message: str, kind: type[LLMError]) -> None:
    error = error_of(code, envelope(code, status, message))
    assert type(error) is kind
    assert (error.status, error.code, error.message) == (code, status, message)
    assert "message" in error.body


def test_an_invalid_key_is_a_400_and_told_by_its_reason() -> None:
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
    error = error_of(400, envelope(400, "INVALID_ARGUMENT", "Ungültiger Schlüssel", info))
    assert type(error) is AuthError
    assert error.code == "API_KEY_INVALID"


def test_the_envelope_may_be_wrapped_in_a_list() -> None:
    body = b"[" + envelope(503, "UNAVAILABLE", "busy") + b"\n]"
    error = error_of(503, body)
    assert type(error) is OverloadedError
    assert error.message == "busy"


def test_legacy_and_odd_envelopes() -> None:
    legacy = {"error": {"code": 403, "message": "no", "errors": [{"reason": "forbidden", "domain": "global"}]}}
    assert type(error_of(403, json.dumps(legacy).encode())) is AuthError
    assert error_of(400, b'{"error": "only words"}').message == "only words"
    details = b'[3, {"violations": [null], "retryDelay": {}}]'
    odd = b'{"error": {"code": [1], "message": {}, "status": 4, "details": %s}}' % details
    assert type(error_of(429, odd)) is RateLimitedError


@pytest.mark.parametrize(("body", "message"), [
    (b"<html><title>502 Server Error</title><p>x</html>", "502 Server Error"),
    (b"no healthy upstream", "no healthy upstream"),
])  # fmt: skip
def test_a_page_of_the_front_end(body: bytes, message: str) -> None:
    error = error_of(502, body)
    assert type(error) is ServerError
    assert error.message == message


def test_an_empty_body() -> None:
    assert type(error_of(503, b"")) is OverloadedError
    assert type(error_of(429, b"")) is RateLimitedError
    assert error_of(503, b"").message


@pytest.mark.parametrize(("details", "message", "seconds"), [
    ([retry_info("34.4s")], PLAN, 34.4),
    ([retry_info("48s")], PLAN + "\nPlease retry in 48.939935699s.", 48.939935699),
    ([retry_info("50s")], PLAN + "\nPlease retry in 48.9s.", 50),
    ([], PLAN + "\nPlease retry in 7.5s.", 7.5),
    ([retry_info("soon")], PLAN, None),
])  # fmt: skip
def test_retry_after_is_the_larger_of_retry_info_and_wording(details: Any, message: str, seconds: float | None) -> None:
    error = error_of(429, envelope(429, "RESOURCE_EXHAUSTED", message, *details))
    assert error.retry_after == seconds


def test_a_header_says_when_nothing_else_does() -> None:
    assert error_of(503, envelope(503, "UNAVAILABLE", "busy"), **{"retry-after": "3"}).retry_after == 3


def test_a_limit_per_minute_is_a_rate_limit() -> None:
    body = envelope(429, "RESOURCE_EXHAUSTED", PLAN, quota("GenerateContentPaidTierInputTokensPerModelPerMinute"))
    assert type(error_of(429, body)) is RateLimitedError


@pytest.mark.parametrize(("message", "id"), [
    (PLAN, "GenerateRequestsPerDayPerProjectPerModel-FreeTier"),
    (PLAN + " * Quota exceeded for metric: x, limit: 0, model: y",
     "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"),
])  # fmt: skip
def test_a_spent_day_or_a_plan_without_quota_is_out_of_quota(message: str, id: str) -> None:
    """Waiting for seconds does not bring it back, so it must not look like a rate limit."""
    body = envelope(429, "RESOURCE_EXHAUSTED", message, quota(id), retry_info("20s"))
    assert type(error_of(429, body)) is InsufficientCreditsError
