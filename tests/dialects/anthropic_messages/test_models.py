"""The model list and its pages."""

import pytest

from aikido_llm.dialects.anthropic_messages import AnthropicMessages
from aikido_llm.errors import MalformedStream
from aikido_llm.types.response import ModelInfo

DIALECT = AnthropicMessages()
ENTRY = (
    b'{"type":"model","id":"claude-x","display_name":"Claude X","created_at":"2026-06-30T00:00:00Z",'
    b'"max_input_tokens":1000000,"max_tokens":128000,"capabilities":{"thinking":{"supported":true}}}'
)


def test_the_first_page_and_the_next() -> None:
    first = DIALECT.encode_models(None)
    assert (first.method, first.path, first.body) == ("GET", "/v1/models?limit=1000", None)
    assert DIALECT.encode_models("a b&c").path == "/v1/models?limit=1000&after_id=a%20b%26c"


def test_a_page() -> None:
    page = DIALECT.decode_models(b'{"data":[' + ENTRY + b'],"has_more":true,"first_id":"a","last_id":"claude-x"}')
    (model,) = page.models
    assert model == ModelInfo(
        "claude-x", name="Claude X", context_length=1_000_000, max_output_tokens=128_000, raw=model.raw
    )
    assert model.raw["capabilities"] == {"thinking": {"supported": True}}
    assert page.cursor == "claude-x"


def test_the_last_page_and_what_may_be_missing() -> None:
    page = DIALECT.decode_models(b'{"data":[{"id":"a","max_tokens":null},{"id":5},7],"has_more":false,"last_id":"a"}')
    assert page.models == (ModelInfo("a", raw={"id": "a", "max_tokens": None}),)
    assert page.cursor is None
    assert DIALECT.decode_models(b'{"data":[],"has_more":true,"last_id":null}').cursor is None
    assert DIALECT.decode_models(b'{"data":[{"id":"a"}],"has_more":true}').cursor == "a"


@pytest.mark.parametrize("body", [b"", b"<html>no</html>", b"[]", b'{"data":{}}', b'{"models":[]}'])
def test_what_is_no_model_list(body: bytes) -> None:
    with pytest.raises(MalformedStream, match="no list of models"):
        DIALECT.decode_models(body)
