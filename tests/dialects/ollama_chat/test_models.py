import json

import pytest

from aikido_llm.dialects.ollama_chat import OllamaChat
from aikido_llm.errors import MalformedStream

DIALECT = OllamaChat()


def names(*entries: object) -> list[str]:
    return [model.id for model in DIALECT.decode_models(json.dumps({"models": entries}).encode()).models]


def test_request_has_one_page() -> None:
    wire = DIALECT.encode_models(None)
    assert (wire.method, wire.path, wire.body) == ("GET", "/api/tags", None)


def test_entry_and_its_context_length_where_the_server_says_it() -> None:
    entry = {
        "name": "qwen3:8b",
        "details": {"family": "qwen3", "context_length": 32768},
        "capabilities": ["completion"],
    }
    page = DIALECT.decode_models(json.dumps({"models": [entry]}).encode())
    (model,) = page.models
    assert (model.id, model.context_length, model.raw, page.cursor) == ("qwen3:8b", 32768, entry, None)


def test_models_that_only_embed_are_left_out() -> None:
    embedder = {"name": "e", "capabilities": ["embedding"]}
    assert names(embedder, {"name": "a"}, {"name": "b", "capabilities": ["completion", "tools"]}) == ["a", "b"]


def test_odd_entries_are_skipped() -> None:
    assert names(3, {}, {"name": None}, {"name": "a", "details": [], "capabilities": "x"}) == ["a"]


@pytest.mark.parametrize("body", [b'{"models":null}', b'{"models":[]}', b"{}"])
def test_empty_server(body: bytes) -> None:
    assert DIALECT.decode_models(body).models == ()


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"models": 3}'])
def test_what_is_no_list_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedStream):
        DIALECT.decode_models(body)
