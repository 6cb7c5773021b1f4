"""Error envelopes over HTTP, each to its class."""

import json
from typing import Any

import pytest

from aikido_llm.dialects.base import ErrorReply
from aikido_llm.dialects.openai_responses import OpenAIResponses
from aikido_llm.dialects.openai_responses.errors import in_band
from aikido_llm.errors import (
    AuthError,
    ContentFilteredError,
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

DIALECT = OpenAIResponses()


def decoded(status: int, body: Any, **headers: str) -> LLMError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return DIALECT.decode_error(ErrorReply(status, named, raw))


def openai(message: str, type: str = "invalid_request_error", code: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": type, "param": None, "code": code}}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, openai("Unknown parameter: 'stop'.", code="unsupported_parameter"), InvalidRequestError),
        (400, openai("Your input exceeds the context window", code="context_length_exceeded"), ContextLengthError),
        (400, openai("maximum context length is 9 tokens"), ContextLengthError),
        (400, openai("The requested model 'x' does not exist.", code="model_not_found"), ModelNotFoundError),
        (400, openai("flagged as potentially violating our usage policy", code="invalid_prompt"), ContentFilteredError),
        (400, openai("invalid picture", code="invalid_image"), InvalidRequestError),
        (400, openai("no", code="image_content_policy_violation"), ContentFilteredError),
        (401, openai("Incorrect API key provided", code="invalid_api_key"), AuthError),
        (401, openai("You have insufficient permissions for this operation."), AuthError),
        (403, openai("Country, region, or territory not supported"), AuthError),
        (409, openai("conflict"), ServerError),
        (429, openai("Rate limit reached", "tokens", "rate_limit_exceeded"), RateLimitedError),
        (429, openai("Request too large for m", "tokens", "rate_limit_exceeded"), ContextLengthError),
        (429, openai("exceeded", "insufficient_quota", "insufficient_quota"), InsufficientCreditsError),
        (429, openai("no credit left", "insufficient_quota", "credit_balance_exhausted"), InsufficientCreditsError),
        (429, openai("Slow down", "rate_limit_error", "slow_down"), RateLimitedError),
        (500, openai("The server had an error", "server_error"), ServerError),
        (503, openai("Busy", "service_unavailable_error", "server_is_overloaded"), OverloadedError),
        (504, b"<html><title>Gateway timeout</title></html>", TimedOutError),
        # other servers of the wire
        (400, {"code": "invalid-argument", "error": "Incorrect API key provided: x"}, AuthError),
        (400, {"code": "invalid-argument", "error": "Model not found: grok-0"}, ModelNotFoundError),
        (403, {"code": "x", "error": "Content violates usage guidelines. Failed check: A"}, ContentFilteredError),
        (403, {"code": "x", "error": "The team has used all available credits"}, InsufficientCreditsError),
        (404, {"detail": "Not Found"}, InvalidRequestError),
        (422, {"detail": [{"loc": ["body"], "msg": "field required"}]}, InvalidRequestError),
        (400, {"error": {"code": 400, "message": "too long", "type": "exceed_context_size_error"}}, ContextLengthError),
        (500, {"error": {"code": 500, "message": "Context size has been exceeded."}}, ContextLengthError),
        (500, {"error": {"code": 500, "message": "image input is not supported - hint: .."}}, InvalidRequestError),
        (503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}, OverloadedError),
        (
            402,
            {"error": {"message": "Insufficient Balance", "code": "invalid_request_error"}},
            InsufficientCreditsError,
        ),
        (400, {"error": {"message": {"message": "prompt is too long"}}}, ContextLengthError),
        (400, {"object": "error", "message": "bad", "type": "BadRequestError", "code": 400}, InvalidRequestError),
        (500, b"", ServerError),
        (500, b"null", ServerError),
        (400, b"\xff\xfe", InvalidRequestError),
    ],
)
def test_http_errors(status: int, body: Any, kind: type[LLMError]) -> None:
    error = decoded(status, body)
    assert type(error) is kind, error
    assert error.status == status
    assert error.message


def test_the_facts_of_an_error() -> None:
    error = decoded(429, openai("Rate limit reached", "tokens", "rate_limit_exceeded"), retry_after_ms="1500")
    assert (error.code, error.message, error.retry_after) == ("rate_limit_exceeded", "Rate limit reached", 1.5)
    assert "Rate limit reached" in error.body
    assert decoded(503, openai("Busy"), retry_after="3").retry_after == 3
    assert decoded(429, openai("Rate limit reached. Please try again in 7.66s.")).retry_after == 7.66


def test_the_innermost_of_nested_envelopes_speaks() -> None:
    error = decoded(
        502, {"error": {"message": "upstream", "error": {"message": "really this", "code": "server_error"}}}
    )
    assert (error.message, error.code) == ("really this", "server_error")


def test_envelopes_nested_without_end_are_borne() -> None:
    body: Any = "x"
    for _ in range(300):
        body = {"error": body}
    assert isinstance(decoded(500, body), ServerError)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"code": "server_error", "message": "m"}, ServerError),
        ({"code": "rate_limit_exceeded", "message": "m"}, RateLimitedError),
        ({"code": "invalid_prompt", "message": "m"}, ContentFilteredError),
        ({"code": "bio_policy", "message": "m"}, ContentFilteredError),
        ({"code": "data_residency_mismatch", "message": "m"}, InvalidRequestError),
        ({"code": "vector_store_timeout", "message": "m"}, TimedOutError),
        ({"code": "failed_to_download_image", "message": "m"}, InvalidRequestError),
        ({"code": "image_content_policy_violation", "message": "m"}, ContentFilteredError),
        ({"code": "insufficient_quota", "message": "m"}, InsufficientCreditsError),
        ({"code": "context_length_exceeded", "message": "m"}, ContextLengthError),
        ({"code": 429, "message": "m"}, RateLimitedError),
        ({"code": "something_new", "message": "m"}, ServerError),
        ("just words", ServerError),
        ([], ServerError),
    ],
)
def test_errors_inside_a_200(value: Any, kind: type[LLMError]) -> None:
    assert type(in_band(value)) is kind
