"""Model lists: made up per host, and those that were recorded."""

import json
from typing import Any

import pytest

from aikido_llm.dialects.openai_chat import OpenAIChat
from aikido_llm.errors import MalformedStream
from aikido_llm.providers import chutes, deepseek, grok, groq, llamacpp, mistral, openai, openrouter, together, vllm
from aikido_llm.types.response import ModelInfo
from tests.corpus import load


def listed(row: Any, entry: dict[str, Any], **around: Any) -> ModelInfo:
    page = row.PROVIDER.dialect.decode_models(json.dumps({"object": "list", "data": [entry], **around}).encode())
    assert page.cursor is None
    model: ModelInfo = page.models[0]
    assert model.raw == entry
    return model


def test_an_id_is_enough() -> None:
    assert listed(openai, {"id": "a"}) == ModelInfo("a", raw={"id": "a"})


@pytest.mark.parametrize(
    "models",
    [{"data": ["a", "b"]}, {"models": [{"name": "a"}, {"model": "b"}]}, {"data": [{"id": "a"}, {"object": "x"}, "b"]},
     ["a", {"id": "b"}]],
)  # fmt: skip
def test_models_that_are_called_otherwise(models: Any) -> None:
    page = openai.PROVIDER.dialect.decode_models(json.dumps(models).encode())
    assert [model.id for model in page.models] == ["a", "b"]


def test_entries_of_which_none_is_a_model_are_no_empty_list() -> None:
    with pytest.raises(MalformedStream, match="no list of models"):
        openai.PROVIDER.dialect.decode_models(b'{"data": [{"object": "x"}]}')
    assert openai.PROVIDER.dialect.decode_models(b'{"data": []}').models == ()


@pytest.mark.parametrize(
    ("row", "entry", "expected"),
    [
        (
            openrouter,
            {
                "name": "A",
                "context_length": 400000,
                "pricing": {"prompt": "0.00000005", "completion": "0.0000004"},
                "top_provider": {"context_length": 400000, "max_completion_tokens": 128000},
            },
            ("A", 400000, 128000, 0.05, 0.4),
        ),
        (
            openrouter,
            {"pricing": {"prompt": "-1", "completion": "-1"}, "context_length": None},
            ("", None, None, None, None),
        ),
        (
            chutes,
            {"max_model_len": 40960, "max_output_length": 4096, "pricing": {"prompt": 0.104, "completion": 0.416}},
            ("", 40960, 4096, 0.104, 0.416),
        ),
        (
            together,
            {"display_name": "A", "context_length": 8, "pricing": {"input": 0.2, "output": 0.6}},
            ("A", 8, None, 0.2, 0.6),
        ),
        (
            groq,
            {"context_window": 4000, "max_completion_tokens": 50, "pricing": {"prompt": "0.00004"}},
            ("", 4000, 50, 40.0, None),
        ),
        (mistral, {"name": "A", "max_context_length": 131072}, ("A", 131072, None, None, None)),
        (llamacpp, {"meta": {"n_ctx": 4096, "n_ctx_train": 40960}}, ("", 4096, None, None, None)),
        (llamacpp, {"meta": {"n_ctx_train": 40960}}, ("", 40960, None, None, None)),
        (llamacpp, {"meta": None}, ("", None, None, None, None)),
        (vllm, {"max_model_len": 8192}, ("", 8192, None, None, None)),
        (
            grok,
            {"prompt_text_token_price": 20000, "completion_text_token_price": 100000},
            ("", None, None, 2.0, 10.0),
        ),
        (deepseek, {}, ("", None, None, None, None)),
    ],
)
def test_sizes_and_prices(row: Any, entry: dict[str, Any], expected: tuple[Any, ...]) -> None:
    model = listed(row, {"id": "a", **entry})
    got = (model.name, model.context_length, model.max_output_tokens, model.input_price, model.output_price)
    assert got == expected


def test_lists_under_models_and_bare_arrays() -> None:
    values: list[Any] = [
        {"models": [{"id": "a"}]},
        [{"id": "a"}],
        {"data": [{"id": "a"}, 3, {"id": None}], "models": [{}]},
    ]
    for value in values:
        assert [model.id for model in OpenAIChat().decode_models(json.dumps(value).encode()).models] == ["a"]


def test_an_empty_list_is_a_list() -> None:
    assert OpenAIChat().decode_models(b'{"data": []}').models == ()
    assert OpenAIChat().decode_models(b"[]").models == ()


def test_the_next_page() -> None:
    dialect = openrouter.PROVIDER.dialect
    first = dialect.encode_models(None)
    assert (first.method, first.path, first.body) == ("GET", "/models?output_modalities=all", None)
    body = {"data": [{"id": "a"}], "links": {"next": "https://openrouter.ai/api/v1/models?offset=500&limit=500"}}
    cursor = dialect.decode_models(json.dumps(body).encode()).cursor
    assert dialect.encode_models(cursor).path == "/models?offset=500&limit=500"
    assert grok.PROVIDER.dialect.encode_models(None).path == "/language-models"


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'{"data": {}}', b'"x"', b"null"])
def test_what_is_no_list_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedStream):
        OpenAIChat().decode_models(body)


@pytest.mark.skipif(not load.available(), reason=load.MISSING)
def test_recorded_lists() -> None:
    lists = [e for e in load.model_lists() if e.protocol == "openai-chat" and e.status == 200 and "image" not in e.url]
    assert len(lists) > 10
    for exchange in lists:
        models = OpenAIChat().decode_models(exchange.body).models
        value: Any = json.loads(exchange.body)
        entries: list[Any] = value if exchange.body.lstrip()[:1] == b"[" else value["data"]
        assert [model.id for model in models] == [entry["id"] for entry in entries], exchange.id
