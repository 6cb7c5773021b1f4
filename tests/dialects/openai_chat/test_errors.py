"""Error envelopes of every shape, in an HTTP error and inside a 200 -> the typed error."""

import email.utils
import json
import time
from typing import Any

import pytest

from aikido_llm.dialects.base import ErrorReply
from aikido_llm.dialects.openai_chat import OpenAIChat
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
from aikido_llm.providers import mistral
from tests.dialects.openai_chat.transcripts import DONE, END, HEAD, STOP, body, chunk, data, text, usage
from tests.wire import Road, error_of, response_of

ROAD = Road(OpenAIChat())
JSON_REPLY = Road(OpenAIChat(), stream=True, content_type="application/json")
MISTRAL = mistral.PROVIDER.dialect


def refused(status: int, said: Any, dialect: Any = None, **headers: str) -> LLMError:
    raw = said if isinstance(said, bytes) else json.dumps(said).encode()
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return (dialect or OpenAIChat()).decode_error(ErrorReply(status, names, raw))


def openai(message: str = "boom", type: str | None = None, code: Any = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": type, "param": None, "code": code}}


def routed(code: int, raw: Any, **metadata: Any) -> dict[str, Any]:
    inner = {"provider_name": "Chutes", "raw": raw, **metadata}
    return {"error": {"code": code, "message": "Provider returned error", "metadata": inner}, "user_id": "user_1"}


# ---------------------------------------------------------------- shapes


@pytest.mark.parametrize(
    "envelope",
    [
        {"error": {"message": "boom", "type": "x", "param": None, "code": None}},
        {"error": "boom"},
        {"code": "invalid-argument", "error": "boom"},
        {"object": "error", "message": "boom", "type": "x", "param": None, "code": "1500"},
        {"message": "boom", "type": "x", "param": "x", "code": "y"},
        {"detail": "boom"},
        {"detail": {"message": "boom"}},
        {"detail": {"object": "error", "message": "boom", "code": 400}},
        {"message": "boom"},
        {"error": {"message": {"message": "boom", "code": "json_data_invalid"}}},
        {"error": {"message": '{"error":{"message":"boom"}}'}},
        [{"error": {"code": 400, "message": "boom", "status": "INVALID_ARGUMENT"}}],
        b"  \n boom \n",
        b"<html><head><title>boom</title></head><body>nginx</body></html>",
    ],
)
def test_shapes(envelope: Any) -> None:
    error = refused(400, envelope, content_type="application/octet-stream")
    assert type(error) is InvalidRequestError
    assert (error.message, error.status) == ("boom", 400)
    assert "boom" in error.body


def test_fastapi_complaints_name_their_field() -> None:
    complaints = [
        {"type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}
    ]
    for envelope in (
        {"detail": complaints},
        {"object": "error", "message": {"detail": complaints}, "type": "invalid_request_error"},
    ):
        error = refused(422, envelope)
        assert error.message == "body.stream_options: Extra inputs are not permitted"
        assert error.code == "extra_forbidden"


@pytest.mark.parametrize("nothing", [b"", b"{}", b"[]", b"null", b'""', b"7"])
def test_a_reply_that_gives_no_reason(nothing: bytes) -> None:
    error = refused(502, nothing)
    assert type(error) is ServerError
    assert error.message


def test_the_upstream_reason_joins_the_routers_message() -> None:
    nested = json.dumps({"detail": 'Invalid request: {"object": "error", "message": "no such voice", "code": 400}'})
    error = refused(400, routed(400, nested))
    assert error.message == "Provider returned error (Chutes): Invalid request: no such voice"
    as_object = refused(400, routed(400, {"error": {"message": "no such voice", "code": "bad_voice"}}))
    assert (as_object.message, as_object.code) == ("Provider returned error (Chutes): no such voice", "bad_voice")
    plain = refused(400, routed(400, "no such voice"))
    assert plain.message == "Provider returned error (Chutes): no such voice"


# ---------------------------------------------------------------- classes


CLASSES: list[tuple[int, Any, type[LLMError]]] = [
    # keys and rights
    (401, openai("Incorrect API key provided: sk-x", "invalid_request_error", "invalid_api_key"), AuthError),
    (401, openai("You have insufficient permissions for this operation."), AuthError),
    (401, openai("Authentication Fails", "authentication_error", "invalid_request_error"), AuthError),
    (
        401,
        {"message": "Wrong API Key", "type": "invalid_request_error", "param": "api_key", "code": "wrong_api_key"},
        AuthError,
    ),
    (401, {"detail": "Unauthorized"}, AuthError),
    (400, {"code": "invalid-argument", "error": "Incorrect API key provided: xx"}, AuthError),
    (
        403,
        {
            "code": "The caller does not have permission to execute the specified operation",
            "error": "Team may not use it",
        },
        AuthError,
    ),
    (403, openai("Country not supported", "request_forbidden", "unsupported_country_region_territory"), AuthError),
    # money
    (
        402,
        {"error": {"code": 402, "message": "This request requires more credits, or fewer max_tokens."}},
        InsufficientCreditsError,
    ),
    (402, openai("Insufficient Balance", "unknown_error", "invalid_request_error"), InsufficientCreditsError),
    (
        402,
        {"detail": {"message": "Quota exceeded and account balance is $0", "quota_reset_timestamp": "x"}},
        InsufficientCreditsError,
    ),
    (402, {"code": "personal-team-blocked:spending-limit", "error": "x"}, InsufficientCreditsError),
    (
        429,
        openai("You exceeded your current quota", "insufficient_quota", "insufficient_quota"),
        InsufficientCreditsError,
    ),
    (429, openai("No credit", "insufficient_quota", "credit_balance_exhausted"), InsufficientCreditsError),
    (
        403,
        {"code": "x", "error": "Your team has used all available credits or reached its monthly spending limit."},
        InsufficientCreditsError,
    ),
    # models
    (404, openai("The model `x` does not exist", "invalid_request_error", "model_not_found"), ModelNotFoundError),
    (
        404,
        {"error": {"message": "Unable to access x", "type": "invalid_request_error", "code": "model_not_available"}},
        ModelNotFoundError,
    ),
    (
        400,
        {"object": "error", "message": "Invalid model: x", "type": "invalid_model", "code": "1500"},
        ModelNotFoundError,
    ),
    (400, {"error": {"message": "x is not a valid model ID", "code": 400}}, ModelNotFoundError),
    (
        400,
        openai("The supported API model names are a or b, but you passed x.", "invalid_request_error"),
        ModelNotFoundError,
    ),
    (400, openai("invalid model ID", "invalid_request_error"), ModelNotFoundError),
    (404, {"detail": "model not found: x"}, ModelNotFoundError),
    (404, {"error": {"message": "No endpoints found for x/y:free.", "code": 404}}, ModelNotFoundError),
    # rates
    (
        429,
        openai("Rate limit reached for x in organization y on requests per min", "requests", "rate_limit_exceeded"),
        RateLimitedError,
    ),
    (429, openai("Slow down", "rate_limit_error", "slow_down"), RateLimitedError),
    (
        429,
        {"object": "error", "message": "Requests rate limit exceeded", "type": "rate_limited", "code": "1300"},
        RateLimitedError,
    ),
    (429, {"code": "x", "error": "Too many tokens for team. Tokens per Minute (actual/limit): 9/8"}, RateLimitedError),
    (429, {"error": {"code": 429, "message": "Rate limit exceeded: free-models-per-day"}}, RateLimitedError),
    # capacity
    (503, openai("Loading model", "unavailable_error", 503), OverloadedError),
    (503, openai("That model is busy", "service_unavailable_error", "server_is_overloaded"), OverloadedError),
    (498, openai("Flex tier", "x", "capacity_exceeded"), OverloadedError),
    (429, {"detail": "Infrastructure is at maximum capacity, try again later"}, OverloadedError),
    (503, {"detail": "No instances available (yet) for chute_id"}, OverloadedError),
    (503, routed(503, "", error_type="provider_overloaded"), OverloadedError),
    (529, b"", OverloadedError),
    # servers
    (500, openai("boom", "server_error"), ServerError),
    (500, {"object": "error", "message": "boom", "type": "internal_server_error", "code": "1000"}, ServerError),
    (502, routed(502, "", error_type="provider_unavailable"), ServerError),
    (522, b"<html>", ServerError),
    (409, openai("Conflict"), ServerError),
    (408, b"", TimedOutError),
    (504, b"", TimedOutError),
    (524, b"", TimedOutError),
    # policies
    (400, openai("x", "invalid_request_error", "content_policy_violation"), ContentFilteredError),
    (400, openai("Invalid prompt: flagged", "invalid_request_error", "invalid_prompt"), ContentFilteredError),
    (
        400,
        {"error": {"message": "x", "code": "content_filter", "innererror": {"code": "ResponsibleAIPolicyViolation"}}},
        ContentFilteredError,
    ),
    (
        403,
        {"error": {"code": 403, "message": "x", "metadata": {"reasons": ["hate"], "flagged_input": "x"}}},
        ContentFilteredError,
    ),
    (403, {"error": {"code": 403, "message": "x", "metadata": {"patterns": ["x"]}}}, ContentFilteredError),
    (
        403,
        {"code": "permission-denied", "error": "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_X"},
        ContentFilteredError,
    ),
    (400, {"error": {"message": "x", "code": "421", "type": "content_filter"}}, ContentFilteredError),
    # requests
    (
        400,
        openai("Unsupported parameter: 'max_tokens'", "invalid_request_error", "unsupported_parameter"),
        InvalidRequestError,
    ),
    (400, routed(400, "", error_type="invalid_prompt"), InvalidRequestError),
    (400, {"object": "error", "message": "x", "type": "invalid_function_call", "code": "3280"}, InvalidRequestError),
    (400, openai("Failed to call a function", "invalid_request_error", "tool_use_failed"), InvalidRequestError),
    (413, b"", InvalidRequestError),
    (415, b"", InvalidRequestError),
    (
        500,
        openai("image input is not supported - hint: you may need to provide the mmproj", "server_error", 500),
        InvalidRequestError,
    ),
]


@pytest.mark.parametrize(("status", "envelope", "kind"), CLASSES)
def test_classes(status: int, envelope: Any, kind: type[LLMError]) -> None:
    error = refused(status, envelope, MISTRAL if b"1300" in json.dumps(str(envelope)).encode() else None)
    assert type(error) is kind, repr(error)
    assert error.status == status


OVERFLOWS: list[tuple[int, Any]] = [
    (400, openai("x", "invalid_request_error", "context_length_exceeded")),
    (400, openai("This model's maximum context length is 8192 tokens. However, you requested 9000 tokens")),
    (400, openai("Input tokens exceed the configured limit of 272000 tokens.")),
    (
        429,
        openai(
            "Request too large for gpt-x in organization y on tokens per min (TPM)", "tokens", "rate_limit_exceeded"
        ),
    ),
    (413, openai("Request too large for model `x` on tokens per minute", "tokens", "rate_limit_exceeded")),
    (400, routed(400, "", error_type="token_limit_exceeded")),
    (
        400,
        {
            "error": {
                "code": 400,
                "message": "This endpoint's maximum context length is 8 tokens. However, you requested about 9",
            }
        },
    ),
    (400, {"code": "x", "error": "This model's maximum prompt length is 8 but the request contains 9 tokens."}),
    (
        400,
        {
            "object": "error",
            "message": "Prompt contains 9 tokens, too large for model with 8 maximum context length",
            "type": "x",
        },
    ),
    (
        400,
        {
            "error": {
                "code": 400,
                "message": "the request exceeds the available context size",
                "type": "exceed_context_size_error",
            }
        },
    ),
    (500, {"error": {"code": 500, "message": "Context size has been exceeded.", "type": "server_error"}}),
    (
        500,
        {
            "error": {
                "code": 500,
                "message": "input is too large to process. increase the physical batch size",
                "type": "server_error",
            }
        },
    ),
    (400, openai("Please reduce the length of the messages or completion.")),
    (400, openai("Range of input length should be [1, 30720]")),
]


@pytest.mark.parametrize(("status", "envelope"), OVERFLOWS)
def test_context_overflow(status: int, envelope: Any) -> None:
    assert type(refused(status, envelope)) is ContextLengthError


def test_facts_of_an_error() -> None:
    error = refused(401, openai("Incorrect key", "invalid_request_error", "invalid_api_key"))
    assert (error.message, error.code, error.status) == ("Incorrect key", "invalid_api_key", 401)
    assert json.loads(error.body)["error"]["code"] == "invalid_api_key"


def test_retry_after() -> None:
    limited = openai("Rate limit reached", "requests", "rate_limit_exceeded")
    assert refused(429, limited, retry_after_ms="1500").retry_after == 1.5
    assert refused(429, limited, retry_after="7").retry_after == 7
    assert refused(429, limited, retry_after="600").retry_after == 600
    date = email.utils.formatdate(time.time() + 60, usegmt=True)
    assert refused(429, limited, retry_after=date).retry_after == pytest.approx(60, abs=3)
    said = openai("Rate limit reached. Please try again in 7.66s.", "tokens", "rate_limit_exceeded")
    assert refused(429, said).retry_after == pytest.approx(7.66)
    offered = {
        "error": {"code": 503, "message": "x", "availability": {"code": "temporarily_unavailable", "retry_after": 9}}
    }
    assert (type(refused(503, offered)), refused(503, offered).retry_after) == (OverloadedError, 9)


# ---------------------------------------------------------------- inside a 200


IN_BAND: list[tuple[Any, type[LLMError]]] = [
    (openai("boom", "server_error"), ServerError),
    ({**openai("boom", "server_error"), "detail": {"message": "boom", "code": None}}, ServerError),
    (
        {"error": {"code": 500, "message": "Context size has been exceeded.", "type": "server_error"}},
        ContextLengthError,
    ),
    ({"error": {"code": 429, "message": "boom", "metadata": {"error_type": "rate_limit_exceeded"}}}, RateLimitedError),
    ({"error": {"code": "429", "message": "boom"}}, RateLimitedError),
    ({"error": {"message": "boom", "type": "BadRequestError", "param": None, "code": 400}}, InvalidRequestError),
    ({"error": {"object": "error", "message": "boom", "type": "BadRequestError", "code": 400}}, InvalidRequestError),
    ({"error": {"message": "boom", "type": "invalid_request_error", "code": None}}, InvalidRequestError),
    ({"error": "boom"}, ServerError),
    ({"object": "error", "message": "boom", "type": "BadRequestError", "code": 400}, InvalidRequestError),
    ({"type": "error", "message": "boom"}, ServerError),
    ({"detail": "boom"}, ServerError),
    ({"code": "The service is currently unavailable", "error": "Timed out waiting for first token"}, OverloadedError),
    ({**HEAD, "choices": [], "error": {"code": 502, "message": "boom", "metadata": {}}}, ServerError),
    (
        {
            **HEAD,
            "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}],
            "error": {"code": 502, "message": "boom"},
        },
        ServerError,
    ),
    (
        {
            **HEAD,
            "choices": [{"index": 0, "delta": {}, "finish_reason": "error", "error": {"code": 429, "message": "boom"}}],
        },
        RateLimitedError,
    ),
    ({**HEAD, "choices": [], "x_groq": {"id": "req", "error": "over capacity"}}, ServerError),
    ([{"error": {"code": 503, "message": "boom", "status": "UNAVAILABLE"}}], OverloadedError),
]


@pytest.mark.parametrize(("envelope", "kind"), IN_BAND)
def test_error_as_the_first_event_behind_text_and_before_done(envelope: Any, kind: type[LLMError]) -> None:
    failed = data(envelope)
    for answer in (
        failed,
        text("Hi") + failed,
        text("Hi") + failed + DONE,
        text("Hi") + STOP + failed,
        failed + text("no"),
    ):
        events = ROAD.read_every_way(answer)
        error = error_of(events)
        assert type(error) is kind, repr(error)
        assert response_of(events).text == ("Hi" if answer.startswith(text("Hi")) else "")


@pytest.mark.parametrize(("envelope", "kind"), IN_BAND)
def test_error_as_a_json_body_with_200(envelope: Any, kind: type[LLMError]) -> None:
    message = json.dumps(envelope).replace('"delta"', '"message"').encode()
    assert type(error_of(JSON_REPLY.read_every_way(b"\n   \n" + message))) is kind


def test_error_event() -> None:
    failed = {
        "error": {
            "message": "tool call validation failed",
            "type": "invalid_request_error",
            "code": "tool_use_failed",
            "failed_generation": "{",
            "status_code": 400,
        }
    }
    error = error_of(ROAD.read_every_way(text("Hi") + b"event: error\n" + data(failed)))
    assert type(error) is InvalidRequestError
    assert (error.code, error.status) == ("tool_use_failed", 400)
    assert "failed_generation" in error.body
    assert type(error_of(ROAD.read(b"event: error\ndata: boom\n\n"))) is ServerError


@pytest.mark.parametrize(
    "line", [b'{"error":"Unhandled exception during response stream: x"}', b'error: {"code":500,"message":"x"}']
)
def test_error_that_is_no_event(line: bytes) -> None:
    answers = [text("Hi") + line, text("Hi") + line + b"\n\n"]
    for answer in answers:
        error = error_of(ROAD.read_every_way(answer))
        assert type(error) is ServerError, repr(error)


def test_the_old_error_field_with_its_envelope() -> None:
    field = b'error: {"error":{"code":500,"message":"boom","type":"server_error"}}\n\n'
    assert type(error_of(ROAD.read_every_way(text("Hi") + field + DONE))) is ServerError


def test_usage_beside_an_error_is_read() -> None:
    failed: dict[str, Any] = {
        **HEAD,
        "choices": [],
        "error": {"code": 400, "message": "Token limit reached"},
        "usage": usage(),
    }
    events = ROAD.read_every_way(text("Hi") + chunk(finish="length") + data(failed) + DONE)
    assert isinstance(error_of(events), InvalidRequestError)
    assert response_of(events).usage.input_tokens == 9


def test_error_inside_a_choice_of_a_whole_body() -> None:
    whole = json.loads(body({"content": "Hi"}, "error"))
    whole["choices"][0]["error"] = {"code": 502, "message": "boom"}
    events = JSON_REPLY.read(json.dumps(whole).encode())
    error = error_of(events)
    assert type(error) is ServerError
    assert (error.message, response_of(events).text) == ("boom", "Hi")


def test_the_token_limit_as_an_error() -> None:
    limit = data(
        openai(
            "Could not finish the message because max_tokens or model output limit was reached.",
            "invalid_request_error",
        )
    )
    behind_text = ROAD.read_every_way(text("Hi") + limit + DONE)
    assert (error_of(behind_text), response_of(behind_text).finish_reason) == (None, "length")
    assert type(error_of(ROAD.read_every_way(limit + END))) is InvalidRequestError
