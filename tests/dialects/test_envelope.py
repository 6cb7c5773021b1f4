"""Errors as servers word them: every envelope, status, place and wire -> class, whether to try again, and the wait."""

import json
from typing import Any

import pytest

from aikido_llm import is_retryable
from aikido_llm.dialects import envelope
from aikido_llm.dialects.base import Dialect, ErrorReply
from aikido_llm.errors import (
    AuthError,
    ContentFilteredError,
    ContextLengthError,
    InsufficientCreditsError,
    InvalidRequestError,
    LLMError,
    MalformedStream,
    ModelNotFoundError,
    OverloadedError,
    RateLimitedError,
    ServerError,
)
from aikido_llm.providers import find
from tests.each import each
from tests.wire import Road, error_of

WIRES = ("openai", "openai-responses", "anthropic", "gemini", "cohere", "ollama", "bedrock-converse")


def dialect(name: str) -> Dialect:
    return find(name).dialect


def said(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, **more}}


# (status, body, class, seconds to wait)
WORDINGS: list[tuple[int, Any, type[LLMError], float | None]] = [
    # no money, beside statuses of every kind
    (
        429,
        said("Insufficient account balance", type="rate_limit_error"),
        InsufficientCreditsError,
        None,
    ),
    (500, said("insufficient balance (1008)", type="api_error"), InsufficientCreditsError, None),
    (403, {"code": "denied", "error": "Your team doesn't have any credits yet."}, InsufficientCreditsError, None),
    (429, said("You have no credits remaining.", type="requests"), InsufficientCreditsError, None),
    (503, said("insufficient funds"), InsufficientCreditsError, None),
    (529, said("Your balance is used up.", type="overloaded_error"), InsufficientCreditsError, None),
    (400, {"code": "Arrearage", "message": "Access denied."}, InsufficientCreditsError, None),
    (429, {"code": 1113, "msg": "余额不足"}, InsufficientCreditsError, None),
    (400, said("Budget has been exceeded! Max budget: 1"), InsufficientCreditsError, None),
    # a limit that only speaks of money
    (
        429,
        said("Rate limit reached. Please try again in 2s. Raise it: add a payment method."),
        RateLimitedError,
        2,
    ),
    (429, said("Rate limit exceeded: free-a-day. Add 10 credits to unlock more."), RateLimitedError, None),
    # too long
    (400, said("Your request exceeded model token limit: 9 (requested: 10)"), ContextLengthError, None),
    (400, said("Input is too long for requested model."), ContextLengthError, None),
    (400, said("Prompt exceeds max length", code="1261"), ContextLengthError, None),
    (400, said("the input token count is 9 but model only supports up to 8"), ContextLengthError, None),
    (400, said("`inputs` tokens + `max_new_tokens` must be <= 8. Given: 9"), ContextLengthError, None),
    (400, said("The decoder prompt is longer than the maximum model length of 8192."), ContextLengthError, None),
    (400, said("max_tokens must be at most 8; see the `context_window`"), InvalidRequestError, None),
    # policies
    (400, said("Content Exists Risk", code="invalid_request_error"), ContentFilteredError, None),
    (400, said("output new_sensitive (1027)"), ContentFilteredError, None),
    # models
    (400, said("The model `a` has been decommissioned.", code="model_decommissioned"), ModelNotFoundError, None),
    (404, {"message": "model 'c' was removed on May 1"}, ModelNotFoundError, None),
    (410, said("The model `m` reached its end of life"), ModelNotFoundError, None),
    (503, said("No available channel for model m", code="model_not_found"), ModelNotFoundError, None),
    (400, said("The parameter `f` is no longer supported with this model"), InvalidRequestError, None),
    # too many, and how long to wait
    (429, said("Please wait 40543 seconds before retrying."), RateLimitedError, 40543),
    (429, {"statusCode": 429, "message": "Rate limit is exceeded. Try again in 1m2.5s."}, RateLimitedError, 62.5),
    (429, {"title": "Too Many Requests", "status": 429, "detail": "Wait 1 minute and 5 seconds"}, RateLimitedError, 65),
    (400, {"__type": "x#ThrottlingException", "message": "Slow."}, RateLimitedError, None),
    (500, said("upstream refused", code="429"), RateLimitedError, None),
    (429, said("slow", retry_after=7), RateLimitedError, 7),
    (429, said("slow", metadata={"headers": {"Retry-After": "11"}}), RateLimitedError, 11),
    (429, [said("quota", status="RESOURCE_EXHAUSTED", details=[{"retryDelay": "31s"}])], RateLimitedError, 31),
    (503, {"error": "Model m is currently loading", "estimated_time": 20.0}, OverloadedError, 20),
    # shapes
    (404, {"success": False, "errors": [{"code": 7003, "message": "no route"}]}, InvalidRequestError, None),
    (429, {"fault": {"faultstring": "Spike", "detail": {"errorcode": "x"}}}, RateLimitedError, None),
    (400, {"message": ["a must be x", "b must be y"], "error": "Bad Request"}, InvalidRequestError, None),
    (400, said('upstream: {"error": {"message": "prompt is too long"}}'), ContextLengthError, None),
    (401, {"error": "invalid_client", "error_description": "who are you"}, AuthError, None),
]


@each(lambda: [(name, *wording) for name in WIRES for wording in WORDINGS])
def test_on_a_status(case: tuple[str, int, Any, type[LLMError], float | None]) -> None:
    name, status, body, kind, wait = case
    error = dialect(name).decode_error(ErrorReply(status, {}, json.dumps(body).encode()))
    assert type(error) is kind, repr(error)
    assert (error.status, error.retry_after) == (status, wait)
    assert "gave no reason" not in error.message
    assert is_retryable(error) == issubclass(kind, RateLimitedError | ServerError)


IN_BAND: list[tuple[Any, type[LLMError]]] = [
    (
        {"choices": None, "base_resp": {"status_code": 1008, "status_msg": "no credits"}},
        InsufficientCreditsError,
    ),
    ({"errors": [{"message": "prompt is too long"}]}, ContextLengthError),
    ({"detail": "too many requests"}, RateLimitedError),
    ({"error": {"message": "busy", "code": 503}}, OverloadedError),
    ({"error": "Unexpected endpoint or method. (POST /x)"}, InvalidRequestError),
]


@pytest.mark.parametrize("name", WIRES)
@pytest.mark.parametrize(("body", "kind"), IN_BAND)
def test_inside_a_200_and_a_list_of_models(name: str, body: Any, kind: type[LLMError]) -> None:
    text = json.dumps(body).encode()
    for stream in (False, True):
        road = Road(dialect(name), stream=stream, content_type="application/json")
        assert type(error_of(road.read(text))) is kind
    with pytest.raises(kind):
        dialect(name).decode_models(text)


@pytest.mark.parametrize("name", WIRES[:-1])
@pytest.mark.parametrize(("body", "kind"), IN_BAND)
def test_in_an_event(name: str, body: Any, kind: type[LLMError]) -> None:
    for head in (b"", b"event: error\n"):
        event = head + b"data: " + json.dumps(body).encode() + b"\n\n"
        assert type(error_of(Road(dialect(name)).read_every_way(event))) is kind


@pytest.mark.parametrize("name", WIRES[:-1])
@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"data: {}\n", "gave no reason"),
        (b"", "gave no reason"),
        (b'data: {"message": "upstream closed"}\n', "upstream closed"),
        (b"data: out of luck\n", "out of luck"),
        (b'data: {"type": "ping", "id": 1}\n', "ping"),
    ],
)
def test_an_event_named_error_is_one_whatever_it_holds(name: str, data: bytes, message: str) -> None:
    error = error_of(Road(dialect(name)).read(b"event: error\n" + data + b"\n: more\n\n"))
    assert isinstance(error, ServerError)
    assert not isinstance(error, MalformedStream)
    assert message in error.message


@pytest.mark.parametrize(
    ("verdict", "status", "retry"), [("false", 429, False), ("false", 500, False), ("true", 400, True)]
)
def test_the_server_s_own_verdict(verdict: str, status: int, *, retry: bool) -> None:
    for name in WIRES:
        error = dialect(name).decode_error(ErrorReply(status, {"x-should-retry": verdict}, b"{}"))
        assert is_retryable(error) is retry
    broke = dialect("openai").decode_error(ErrorReply(402, {"x-should-retry": "true"}, b"{}"))
    assert not is_retryable(broke)


def test_when_what_is_used_up_comes_back() -> None:
    headers = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m2s",
               "x-ratelimit-remaining-tokens": "5", "x-ratelimit-reset-tokens": "9h"}  # fmt: skip
    assert dialect("openai").decode_error(ErrorReply(429, headers, b"{}")).retry_after == 62
    assert dialect("openai").decode_error(ErrorReply(500, headers, b"{}")).retry_after is None


def test_nested_without_end_and_odd_values_are_borne() -> None:
    value: Any = "x"
    for _ in range(300):
        value = {"error": [value]}
    odds: list[Any] = [value, None, 3, [], [[]], {"error": {"code": [], "details": {}, "metadata": 3}}, "{" * 5000]
    for odd in odds:
        assert isinstance(envelope.in_band(odd), LLMError)
