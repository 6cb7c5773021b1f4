"""Error bodies of the server to the right class, with what they say."""

import json

import pytest

from aikido_llm.dialects.base import ErrorReply
from aikido_llm.dialects.ollama_chat import OllamaChat
from aikido_llm.errors import (
    AuthError,
    ContextLengthError,
    InvalidRequestError,
    LLMError,
    ModelNotFoundError,
    OverloadedError,
    RateLimitedError,
    ServerError,
    UnsupportedFeatureError,
)

RUNNER = {"code": 400, "message": "request (9412 tokens) exceeds the available context size (8192 tokens)"}


def error(status: int, body: object, **headers: str) -> LLMError:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return OllamaChat().decode_error(ErrorReply(status, {k.replace("_", "-"): v for k, v in headers.items()}, data))


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (400, "missing request body", InvalidRequestError),
        (400, "json: cannot unmarshal array into Go struct field", InvalidRequestError),
        (400, "illegal base64 data at input byte 4", InvalidRequestError),
        (400, "model is required", InvalidRequestError),
        (400, "invalid model name", InvalidRequestError),
        (400, '"gemma3" does not support thinking', UnsupportedFeatureError),
        (400, "registry.ollama.ai/library/gemma3:4b does not support tools", UnsupportedFeatureError),
        (400, "the prompt is longer than the context length currently available to the model; ..", ContextLengthError),
        (401, "unauthorized", AuthError),
        (403, "remote inference is disabled", AuthError),
        (404, "model 'x' not found", ModelNotFoundError),
        (404, 'model "x" not found, try pulling it first', ModelNotFoundError),
        (429, "you have reached your hourly usage limit", RateLimitedError),
        (500, "llama runner process has terminated: signal: killed", ServerError),
        (500, 'option "num_predict" must be of type integer', InvalidRequestError),
        (502, "cloud is unreachable", ServerError),
        (503, "server busy, please try again.  maximum pending requests exceeded", OverloadedError),
    ],
)
def test_status_and_message_to_class(status: int, message: str, kind: type[LLMError]) -> None:
    found = error(status, {"error": message})
    assert type(found) is kind
    assert (found.status, found.message, found.permanent) == (status, message, False)


def test_context_length_as_json_inside_the_text() -> None:
    inner = json.dumps({"error": {**RUNNER, "type": "exceed_context_size_error"}})
    found = error(400, {"error": inner})
    assert type(found) is ContextLengthError
    assert (found.message, found.code) == (RUNNER["message"], "exceed_context_size_error")


def test_too_little_memory_is_the_servers_but_not_worth_another_try() -> None:
    found = error(500, {"error": "model requires more system memory (9.0 GiB) than is available (4.0 GiB)"})
    assert type(found) is ServerError
    assert found.permanent


def test_sign_in_is_told_without_the_url() -> None:
    found = error(401, {"error": "unauthorized", "signin_url": "https://ollama.com/connect?key=abc"})
    assert "ollama signin" in found.message
    assert "abc" not in found.message


def test_request_id_of_the_cloud() -> None:
    assert error(500, {"error": "x"}, x_request_id="r-1").request_id == "r-1"


def test_cloud_errors_may_be_objects() -> None:
    assert error(500, {"error": {"message": "inner", "code": "boom"}}).code == "boom"


def test_wrong_base_url_is_said_so() -> None:
    found = error(404, b"404 page not found")
    assert type(found) is InvalidRequestError
    assert "base URL" in found.message


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"error": 3}', b'{"error": {"message": {}}}', b'{"error": "{x"}', b"\xff"]
)
def test_odd_bodies_are_still_errors(body: bytes) -> None:
    found = error(500, body)
    assert type(found) is ServerError
    assert found.message
