"""What servers say of a model that another wire serves."""

import json

import pytest

from aikido_llm.dialects.base import ErrorReply
from aikido_llm.dialects.wrong_wire import wire_that_answers
from aikido_llm.errors import InvalidRequestError
from aikido_llm.providers import find

RESPONSES = (
    "Function tools with reasoning_effort are not supported for some-model in /v1/chat/completions. To use function "
    "tools, use /v1/responses or set reasoning_effort to 'none'.",
    "Function tools with reasoning_effort are not supported for some-model in /v1/chat/completions. Please use "
    "/v1/responses instead.",
    "This model is only supported in v1/responses and not in v1/chat/completions.",
    "This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean to use "
    "v1/completions?",
    "The chatCompletion operation does not work with the specified model, some-model. Please choose different model.",
    'model "some-model" is not accessible via the /chat/completions endpoint',
    "Legacy protocol: /v1/chat/completions is closed. Please use the Responses API.",
)
CHAT = (
    "The requested model 'some-model' is not supported with the Responses API.",
    "This model is not supported in the v1/responses endpoint.",
    "This model is only supported in v1/chat/completions and not in v1/responses.",
    "The responses operation does not work with the specified model, some-model. Please choose different model.",
    "This deployment does not support the Responses API.",
)
NEITHER = (
    "",
    "The model `some-model` does not exist or you do not have access to it.",
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
    "The embeddings operation does not work with the specified model, some-model.",
    "Unsupported value: 'temperature' does not support 0.3 with this model.",
    "Please use responses of your own",
)
SAID = [*((text, "responses") for text in RESPONSES), *((text, "chat") for text in CHAT), *((t, "") for t in NEITHER)]


@pytest.mark.parametrize(("message", "wire"), SAID)
def test_which_wire_a_message_sends_to(message: str, wire: str) -> None:
    assert wire_that_answers(message) == wire
    assert wire_that_answers(message.upper()) == wire


@pytest.mark.parametrize("message", [*RESPONSES, *CHAT])
@pytest.mark.parametrize("status", [400, 404])
@pytest.mark.parametrize("row", ["openai", "openai-responses"])
def test_it_is_the_request_that_must_be_mended_and_no_missing_model(row: str, status: int, message: str) -> None:
    body = {"error": {"message": message, "type": "invalid_request_error", "param": "model", "code": None}}
    error = find(row).dialect.decode_error(ErrorReply(status, {}, json.dumps(body).encode()))
    assert type(error) is InvalidRequestError
    assert error.message == message
