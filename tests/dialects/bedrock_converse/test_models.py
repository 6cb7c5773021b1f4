"""The model list of the control plane."""

import pytest

import aikido_llm as llm
from aikido_llm.dialects.bedrock_converse import BedrockConverse

DIALECT = BedrockConverse()


def test_all_in_one_page() -> None:
    assert (DIALECT.encode_models(None).method, DIALECT.encode_models(None).path) == ("GET", "/foundation-models")
    page = DIALECT.decode_models(
        b'{"modelSummaries": [{"modelId": "a.b-v1:0", "modelName": "B"}, {"modelName": "no id"}, 3]}'
    )
    assert page.cursor is None
    assert [(model.id, model.name) for model in page.models] == [("a.b-v1:0", "B")]


def test_a_host_without_a_list() -> None:
    with pytest.raises(llm.UnsupportedFeatureError, match="no list of models"):
        BedrockConverse(models_path="").encode_models(None)


@pytest.mark.parametrize("body", [b"{}", b"[]", b"x", b'{"modelSummaries": 3}'])
def test_what_is_no_list(body: bytes) -> None:
    with pytest.raises(llm.MalformedStream):
        DIALECT.decode_models(body)


def test_an_error_instead() -> None:
    with pytest.raises(llm.AuthError):
        DIALECT.decode_models(b'{"__type": "AccessDeniedException", "message": "no"}')
