"""HTTP errors -> classes, by the exception's name in the header or in the body."""

import json

import pytest

import aikido_llm as llm
from aikido_llm.dialects.base import ErrorReply
from tests.dialects.bedrock_converse.bodies import DIALECT

INVALID = llm.InvalidRequestError


@pytest.mark.parametrize(
    ("status", "name", "words", "kind"),
    [
        (429, "ThrottlingException", "Too many tokens, please wait before trying again.", llm.RateLimitedError),
        (429, "ModelNotReadyException", "Model is not ready for inference.", llm.OverloadedError),
        (400, "ValidationException", "The text field is blank.", INVALID),
        (400, "ValidationException", "Input is too long for requested model.", llm.ContextLengthError),
        (
            403,
            "AccessDeniedException",
            "You don't have access to the model with the specified model ID.",
            llm.AuthError,
        ),
        (403, "ExpiredTokenException", "The security token included in the request is expired", llm.AuthError),
        (404, "ResourceNotFoundException", "This model version has reached the end of its life.", INVALID),
        (408, "ModelTimeoutException", "Model has timed out in processing the request.", llm.TimedOutError),
        (424, "ModelErrorException", "The system encountered an unexpected error.", llm.ServerError),
        (500, "InternalServerException", "The system encountered an unexpected error.", llm.ServerError),
        (503, "ServiceUnavailableException", "Bedrock is unable to process your request.", llm.OverloadedError),
    ],
)
def test_by_name(status: int, name: str, words: str, kind: type[llm.LLMError]) -> None:
    said = json.dumps({"message": words}).encode()
    headers = {"x-amzn-errortype": f"{name}:http://internal.amazon.com/coral/", "x-amzn-requestid": "r-1"}
    typed = json.dumps({"__type": f"com.amazon.coral.service#{name}", "message": words}).encode()
    for error in (
        DIALECT.decode_error(ErrorReply(status, headers, said)),
        DIALECT.decode_error(ErrorReply(status, {"x-amzn-requestid": "r-1"}, typed)),
    ):
        assert isinstance(error, kind), error
        assert (error.status, error.request_id) == (status, "r-1")
        assert words in error.message


def test_a_page_instead_of_an_envelope() -> None:
    error = DIALECT.decode_error(ErrorReply(502, {"content-type": "text/html"}, b"<html><h1>Bad Gateway</h1></html>"))
    assert isinstance(error, llm.ServerError) and error.status == 502
