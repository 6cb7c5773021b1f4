"""The list of models."""

import json

import pytest

from aikido_llm.dialects.openai_responses import OpenAIResponses
from aikido_llm.errors import MalformedStream
from aikido_llm.types.response import ModelInfo

DIALECT = OpenAIResponses()


def test_the_request() -> None:
    wire = DIALECT.encode_models(None)
    assert (wire.method, wire.path, wire.body) == ("GET", "/models", None)


def test_one_page_without_context_lengths() -> None:
    entry = {"id": "gpt-x", "object": "model", "created": 1, "owned_by": "openai"}
    page = DIALECT.decode_models(json.dumps({"object": "list", "data": [entry, {"no": "id"}, 7]}).encode())
    assert page.models == (ModelInfo("gpt-x", raw=entry),)
    assert page.cursor is None


@pytest.mark.parametrize(
    "more",
    [
        {"context_length": 8192},
        {"max_model_len": 8192},
        {"context_window": 8192},
        {"meta": {"n_ctx": 8192, "n_ctx_train": 9000}},
        {"meta": {"n_ctx": None, "n_ctx_train": 8192}},
    ],
)
def test_a_bare_array_with_context_lengths(more: dict[str, object]) -> None:
    page = DIALECT.decode_models(json.dumps([{"id": "m", "name": "M", **more}]).encode())
    (model,) = page.models
    assert (model.id, model.name, model.context_length) == ("m", "M", 8192)


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"null", b'{"data": 1}'])
def test_what_is_no_list_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedStream):
        DIALECT.decode_models(body)
