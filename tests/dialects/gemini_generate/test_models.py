"""The model list: every page is asked for, only models that answer are told."""

import json
from typing import Any

import pytest

from aikido_llm.dialects.gemini_generate import GeminiGenerate
from aikido_llm.errors import MalformedStream
from aikido_llm.types.response import ModelInfo

DIALECT = GeminiGenerate()


def entry(name: str, *methods: str, **fields: Any) -> dict[str, Any]:
    return {"name": f"models/{name}", "supportedGenerationMethods": list(methods), **fields}


def test_the_first_and_the_next_page_are_asked_for() -> None:
    first = DIALECT.encode_models(None)
    assert (first.method, first.path, first.body) == ("GET", "/models?pageSize=1000", None)
    assert DIALECT.encode_models("Cg/Q=").path == "/models?pageSize=1000&pageToken=Cg%2FQ%3D"


def test_a_page() -> None:
    flash = entry("flash", "generateContent", "countTokens", displayName="Flash", inputTokenLimit=9, outputTokenLimit=3)
    page = {"models": [flash, entry("embedding", "embedContent")], "nextPageToken": "CgQ="}
    found = DIALECT.decode_models(json.dumps(page).encode())
    assert found.cursor == "CgQ="
    assert found.models == (ModelInfo("flash", "Flash", 9, 3, raw=flash),)


def test_the_last_page_and_an_empty_one() -> None:
    assert DIALECT.decode_models(b'{"models": []}').cursor is None
    assert DIALECT.decode_models(b"{}").models == ()


def test_entries_of_odd_types_are_left_out_or_told_without() -> None:
    odd = b'{"name": "models/x", "displayName": [], "inputTokenLimit": []}'
    page = b'{"models": [3, {"name": 4}, %s], "nextPageToken": 0}' % odd
    found = DIALECT.decode_models(page)
    assert [(m.id, m.name, m.context_length) for m in found.models] == [("x", "", None)]
    assert found.cursor is None


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"models": 3}'])
def test_what_is_no_list_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedStream):
        DIALECT.decode_models(body)
