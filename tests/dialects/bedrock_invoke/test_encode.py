"""Request -> the body of InvokeModel: Messages, without what its path says and with what headers say there."""

from typing import Any

import pytest
from attrs import evolve

import aikido_llm as llm
from aikido_llm.dialects.bedrock_invoke import BedrockInvoke
from aikido_llm.dialects.verbs import EmbedRequest
from aikido_llm.providers import find
from tests.dialects.received import message_from

MODEL = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
ARN = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/a1b2"


def encoded(*messages: llm.Message, stream: bool = True, **fields: Any) -> Any:
    asked: dict[str, Any] = {"model": MODEL, "max_tokens": 9, **fields}
    request = llm.Request(messages or [llm.user("hi")], **asked)
    return BedrockInvoke().encode(request, stream=stream, provider="bedrock")


def test_the_path_says_the_model_and_whether_it_streams() -> None:
    assert encoded().path == "/model/us.anthropic.claude-haiku-4-5-20251001-v1%3A0/invoke-with-response-stream"
    assert encoded(stream=False, model=ARN).path == (
        "/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A123456789012%3Aapplication-inference-profile%2Fa1b2/invoke"
    )
    body = {"max_tokens": 9, "messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]}
    for stream in (True, False):
        assert encoded(stream=stream).body == {**body, "anthropic_version": "bedrock-2023-05-31"}


def test_betas_go_into_the_body_from_wherever_they_come() -> None:
    asked = encoded(extra={"betas": ["a"], "anthropic_beta": ["b"]}, extra_headers={"Anthropic-Beta": "c, d"})
    assert asked.body["anthropic_beta"] == ["c", "d", "a", "b"]
    assert asked.headers == {}
    assert "anthropic_beta" not in encoded().body
    row = find("bedrock").speaking("invoke").with_options({"beta": "x,y"}).provider
    request = llm.Request([llm.user("hi")], model=MODEL, extra={"betas": ["y", "z"]})
    body = row.dialect.encode(request, stream=True, provider="bedrock").body or {}
    assert body["anthropic_beta"] == ["x", "y", "z"]


def test_a_late_system_message_is_a_users() -> None:
    roles = [turn["role"] for turn in encoded(llm.user("hi"), llm.system("be brief")).body["messages"]]
    assert roles == ["user"]


@pytest.mark.parametrize("wires", [("invoke", "messages"), ("messages", "invoke")])
def test_a_conversation_goes_on_over_the_other_wire_with_its_signed_thinking(wires: tuple[str, str]) -> None:
    """Both write Claude's own blocks, and signatures are good on either."""
    first, second = (find("bedrock").speaking(wire).dialect for wire in wires)
    made = message_from("bedrock:invoke" if wires[0] == "invoke" else "anthropic")
    assert made.replay is not None
    made = evolve(made, replay=evolve(made.replay, provider="bedrock"))
    results = [llm.tool(call.id, "18 °C") for call in made.tool_calls]
    request = llm.Request([llm.user("hi"), made, *results], model=MODEL, max_tokens=9)
    assert first.name != second.name
    said = second.encode(request, stream=True, provider="bedrock").body or {}
    assert [block["type"] for block in said["messages"][1]["content"]][:2] == ["thinking", "redacted_thinking"]


# ---------------------------------------------------------------- vectors


def asked(model: str, *texts: str, **more: Any) -> Any:
    return BedrockInvoke().encode_embed(EmbedRequest(texts, model, **more))


def test_each_maker_gets_its_body() -> None:
    titan = asked("amazon.titan-embed-text-v2:0", "a", dimensions=256)
    assert titan.path == "/model/amazon.titan-embed-text-v2%3A0/invoke"
    assert titan.body == {"inputText": "a", "dimensions": 256}
    assert asked("us.cohere.embed-v4:0", "a", "b", dimensions=512, input_type="query").body == {
        "texts": ["a", "b"], "embedding_types": ["float"], "truncate": "NONE", "output_dimension": 512,
        "input_type": "search_query",
    }  # fmt: skip
    assert asked("amazon.nova-2-multimodal-embeddings-v1:0", "a", input_type="query", dimensions=256).body == {
        "taskType": "SINGLE_EMBEDDING",
        "singleEmbeddingParams": {
            "embeddingPurpose": "GENERIC_RETRIEVAL",
            "embeddingDimension": 256,
            "text": {"truncationMode": "NONE", "value": "a"},
        },
    }


def test_what_a_maker_has_no_word_for() -> None:
    with pytest.raises(llm.UnsupportedFeatureError, match="leave input_type out"):
        asked("amazon.titan-embed-text-v2:0", "a", input_type="query")
    with pytest.raises(llm.UnsupportedFeatureError, match=r"none of cohere\.embed, amazon\.titan-embed, amazon\.nova"):
        asked(ARN, "a")


def test_each_maker_has_its_limits() -> None:
    dialect = BedrockInvoke()
    assert dialect.embedding_of("us.cohere.embed-v4:0").most_texts == 96
    assert dialect.embedding_of("amazon.titan-embed-text-v2:0").most_texts == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b'{"embedding": "x"}',
        b'{"embeddings": {"int8": [[1]]}}',
        b'{"embeddings": [[1], [2]]}',
        b'{"embeddings": [{"embeddingType": "TEXT"}]}',
        b'{"embeddings": [' + b"[]," * 500 + b"[]]}",
    ],
)
def test_what_is_no_vector(body: bytes) -> None:
    with pytest.raises(llm.LLMError):
        BedrockInvoke().decode_embed(body, 1)
