"""Error envelopes of HTTP replies: class, code, request id, retry-after."""

import json
from typing import Any

import pytest

from aikido_llm.dialects.anthropic_messages import AnthropicMessages
from aikido_llm.dialects.base import ErrorReply
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


def error_of(status: int, body: bytes, **headers: str) -> LLMError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return AnthropicMessages().decode_error(ErrorReply(status, named, body))


def envelope(kind: str, message: str = "no", **more: Any) -> bytes:
    return json.dumps({"type": "error", "error": {"type": kind, "message": message}, **more}).encode()


@pytest.mark.parametrize(
    ("status", "kind", "expected"),
    [
        (400, "invalid_request_error", InvalidRequestError),
        (422, "invalid_request_error", InvalidRequestError),
        (401, "authentication_error", AuthError),
        (402, "billing_error", InsufficientCreditsError),
        (403, "billing_error", InsufficientCreditsError),
        (403, "permission_error", AuthError),
        (404, "not_found_error", InvalidRequestError),
        (409, "invalid_request_error", ServerError),
        (413, "request_too_large", InvalidRequestError),
        (429, "rate_limit_error", RateLimitedError),
        (500, "api_error", ServerError),
        (504, "timeout_error", TimedOutError),
        (529, "overloaded_error", OverloadedError),
        (418, "brewing_error", InvalidRequestError),
        (599, "", ServerError),
    ],
)
def test_the_table_of_types(status: int, kind: str, expected: type[LLMError]) -> None:
    error = error_of(status, envelope(kind, request_id="req_1"))
    assert type(error) is expected
    assert (error.status, error.code, error.message, error.request_id) == (status, kind, "no", "req_1")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("prompt is too long: 207791 tokens > 200000 maximum", ContextLengthError),
        (
            "input length and `max_tokens` exceed context limit: 178959 + 64000 > 200000, decrease input length or",
            ContextLengthError,
        ),
        ("Output blocked by content filtering policy", ContentFilteredError),
        ("Your credit balance is too low to access the Anthropic API.", InsufficientCreditsError),
        ("messages.0.foo: Extra inputs are not permitted", InvalidRequestError),
    ],
)
def test_what_only_the_wording_tells(message: str, expected: type[LLMError]) -> None:
    assert type(error_of(400, envelope("invalid_request_error", message))) is expected


def test_an_unknown_model_is_only_named() -> None:
    assert type(error_of(404, envelope("not_found_error", "model: claude-9"))) is ModelNotFoundError
    assert type(error_of(404, envelope("not_found_error", "File not found"))) is InvalidRequestError


def test_the_request_id_of_the_header_when_the_body_has_none() -> None:
    assert error_of(500, envelope("api_error", request_id=None), request_id="req_h").request_id == "req_h"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"retry_after": "7"}, 7.0), ({"retry_after_ms": "250", "retry_after": "7"}, 0.25), ({}, None)],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert error_of(429, envelope("rate_limit_error"), **headers).retry_after == seconds


def test_retry_after_as_a_date() -> None:
    after = error_of(529, envelope("overloaded_error"), retry_after="Fri, 31 Dec 2100 23:59:59 GMT").retry_after
    assert after is not None
    assert after > 1e6


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the server answered 413 and gave no reason"),
        (b"<html><head><title>413 Request Entity Too Large</title></head></html>", "413 Request Entity Too Large"),
        (b'{"error":"too big"}', "too big"),
        (b'{"message":"too big"}', "too big"),
        (b'"too big"', "too big"),
        (b"[1]", "[1]"),
        (b'{"error":{"message":null}}', '{"error":{"message":null}}'),
        (b"\xff\xfe", "\ufffd\ufffd"),
    ],
)
def test_bodies_that_are_no_envelope(body: bytes, message: str) -> None:
    error = error_of(413, body)
    assert type(error) is InvalidRequestError
    assert error.message == message


def test_the_envelope_of_another_engine_on_this_wire() -> None:
    body = b'{"error":{"code":400,"message":"the request is too long","type":"exceed_context_size_error"}}'
    assert type(error_of(400, body)) is ContextLengthError
