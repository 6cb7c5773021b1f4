"""The tools that Bedrock ran and the sources, as its wire writes them: read back as what the script says."""

from typing import Literal, TypeAlias, get_args

import pytest

import aikido_llm as llm
from aikido_llm.testing import Answer, WireServer
from aikido_llm.types.citations import Citation
from aikido_llm.types.server_tools import ServerToolCall

Status: TypeAlias = Literal["completed", "failed", "open"]
SOURCES = (
    Citation(url="https://a.example/x", title="X", start=4, end=7),
    Citation(document="d", cited_text="drei", start=8, end=13),
)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("status", get_args(Status))
async def test_what_the_service_did_itself(stream: bool, status: Status) -> None:
    output = "" if status == "open" else "found"
    ran = ServerToolCall("s1", "nova_grounding", "nova_grounding", '{"q":"x"}', status, output)
    request = llm.Request([llm.user("hi")])
    async with WireServer() as server, llm.open("bedrock-converse", server.dsn("bedrock-converse")) as client:
        server.answer(Answer("one two three", citations=SOURCES, server_tools=(ran,)))
        response = await (llm.collect(client.stream(request)) if stream else client.complete(request))
    assert response.text == "one two three"
    assert [(one.url, one.title, one.cited_text, one.start, one.end) for one in response.citations] == [
        (one.url, one.title, one.cited_text, one.start, one.end) for one in SOURCES
    ]
    (told,) = response.server_tools
    assert (told.name, told.arguments, told.status, told.output) == (ran.name, ran.arguments, ran.status, ran.output)
