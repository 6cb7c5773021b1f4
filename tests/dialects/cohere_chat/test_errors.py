"""Error bodies of the service to the right class, with what they say."""

import json

import pytest

from aikido_llm.dialects.base import ErrorReply
from aikido_llm.dialects.cohere_chat import CohereChat
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


def error(status: int, body: object, **headers: str) -> LLMError:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return CohereChat().decode_error(
        ErrorReply(status, {name.replace("_", "-"): value for name, value in headers.items()}, data)
    )


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (400, "invalid request: image content is not supported for this model", InvalidRequestError),
        (400, "text content is not allowed when tool_calls are provided.", InvalidRequestError),
        (400, "temperature must be between 0 and 1.0 inclusive", InvalidRequestError),
        (400, "too many tokens: size limit exceeded by 25836 tokens. Try using shorter inputs.", ContextLengthError),
        (400, "too many tokens: max tokens must be less than or equal to 4096", InvalidRequestError),
        (401, "Incorrect API key provided: ***********.", AuthError),
        (401, "invalid api token", AuthError),
        (401, "no api key supplied", AuthError),
        (402, "Please add or update your payment method", InsufficientCreditsError),
        (403, "not permitted", AuthError),
        (404, "model 'xyz' not found, make sure the correct model ID was used.", ModelNotFoundError),
        (422, "No valid response generated. Try updating messages", InvalidRequestError),
        (429, "You are past the per minute request limit, please wait and try again later.", RateLimitedError),
        (429, "trial token rate limit exceeded, limit is 100000 tokens per minute", RateLimitedError),
        (429, "You are using a Trial key, which is limited to 20 API calls / minute.", RateLimitedError),
        (429, "You are using a Trial key, which is limited to 1000 API calls / month.", InsufficientCreditsError),
        (498, "invalid token: the text holds a deny-listed token", ContentFilteredError),
        (500, "internal server error", ServerError),
        (503, "unavailable", OverloadedError),
        (504, "gateway timeout", TimedOutError),
    ],
)
def test_status_and_message_to_class(status: int, message: str, kind: type[LLMError]) -> None:
    found = error(status, {"id": "e-1", "message": message})
    assert type(found) is kind
    assert (found.status, found.message, found.request_id) == (status, message, "e-1")


def test_error_type_says_context_length() -> None:
    found = error(400, {"message": "your prompt has 300000 of them", "error_type": "TOO_MANY_TOKENS"})
    assert type(found) is ContextLengthError
    assert found.code == "TOO_MANY_TOKENS"


def test_trace_header_is_the_request_id() -> None:
    assert error(500, {"id": "e-1", "message": "x"}, x_debug_trace_id="t-1").request_id == "t-1"


def test_retry_after_header() -> None:
    assert error(429, {"message": "slow down"}, retry_after="7").retry_after == 7.0


def test_gateways_nest_the_message() -> None:
    assert error(500, {"error": {"message": "inner"}}).message == "inner"


def test_page_that_is_not_json_is_shown_in_short() -> None:
    found = error(502, b"<html><title>502 Bad Gateway</title><p>nginx</p></html>")
    assert type(found) is ServerError
    assert found.message == "502 Bad Gateway"


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"message": 3}', b'{"id": [], "error_type": {}}', b"\xff\xfe"])
def test_odd_bodies_are_still_errors(body: bytes) -> None:
    found = error(500, body)
    assert type(found) is ServerError
    assert found.message
