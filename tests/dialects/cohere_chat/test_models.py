import json

import pytest

from aikido_llm.dialects.cohere_chat import CohereChat
from aikido_llm.errors import MalformedStream
from tests.corpus import load

DIALECT = CohereChat()


def test_first_page_asks_for_chat_models() -> None:
    wire = DIALECT.encode_models(None)
    assert (wire.method, wire.path, wire.body) == ("GET", "/v1/models?endpoint=chat&page_size=1000", None)


def test_next_page_carries_the_token_quoted() -> None:
    assert DIALECT.encode_models("a/b=").path == "/v1/models?endpoint=chat&page_size=1000&page_token=a%2Fb%3D"


def test_page_of_models() -> None:
    entry = {"name": "command-a-03-2025", "endpoints": ["chat"], "context_length": 288000.0, "features": None}
    page = DIALECT.decode_models(json.dumps({"models": [entry, {"name": 3}, 7], "next_page_token": "t"}).encode())
    assert page.cursor == "t"
    (model,) = page.models
    assert (model.id, model.context_length, model.raw) == ("command-a-03-2025", 288000, entry)


@pytest.mark.parametrize("token", ["", None, 3])
def test_empty_or_missing_token_ends_the_list(token: object) -> None:
    assert DIALECT.decode_models(json.dumps({"models": [], "next_page_token": token}).encode()).cursor is None


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"models": {}}'])
def test_what_is_no_list_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedStream):
        DIALECT.decode_models(body)


@pytest.mark.skipif(not load.available(), reason=load.MISSING)
def test_recorded_list() -> None:
    (recorded,) = [e for e in load.model_lists() if e.provider == "cohere"]
    page = DIALECT.decode_models(recorded.body)
    sizes = {model.id: model.context_length for model in page.models}
    assert sizes["command-a-03-2025"] == 288000
    assert page.cursor is None
