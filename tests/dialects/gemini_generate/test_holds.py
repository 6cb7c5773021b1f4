"""What an answer holds besides text: citations, server tools, log probabilities, further candidates, a pause."""

import json
from typing import Any

import pytest
from attrs import evolve

from aikido_llm.errors import StreamTruncated, UnsupportedFeatureError
from aikido_llm.types.citations import Citation
from aikido_llm.types.events import CitationEvent, ServerToolEvent, ServerToolStart, ToolCallStart
from aikido_llm.types.logprobs import TokenLogprob
from aikido_llm.types.messages import user
from aikido_llm.types.request import Request
from aikido_llm.types.response import FinishReason, Response
from aikido_llm.types.server_tools import ServerTool, ServerToolCall
from aikido_llm.types.tools import CustomTool, ToolDef
from tests.dialects.gemini_generate.bodies import DIALECT
from tests.dialects.gemini_generate.transcript import SAFETY, STREAM, WHOLE, answer, call, chunk, read, sse, text
from tests.wire import error_of, response_of

pytestmark = pytest.mark.deep  # cut anywhere (tests/wire.py)

WEB = {"web": {"uri": "https://example.com/tides", "title": "Tides", "domain": "example.com"}}
STORED = {"retrievedContext": {"uri": "gs://b/f", "title": "f.txt", "text": "High at noon.", "ragChunk": {"text": "x"}}}
PLACE = {"maps": {"uri": "https://maps.example.com/1", "title": "Harbour", "placeId": "places/1"}}


def encoded(request: Request, *, stream: bool = False) -> dict[str, Any]:
    body = DIALECT.encode(evolve(request, model="m"), stream=stream, provider="test").body
    assert body is not None
    return body


def whole(body: dict[str, Any]) -> Response:
    events = WHOLE.read_every_way(json.dumps(body).encode())
    assert error_of(events) is None, error_of(events)
    return response_of(events)


# ---------------------------------------------------------------- citations


def test_places_are_bytes_there_and_characters_here() -> None:
    said = "Grüße 🚢: high water at noon. Low at six."
    begin, end = (len(said[: said.index(part)].encode()) for part in ("high", " Low"))
    grounding = {
        "groundingChunks": [WEB, STORED, PLACE],
        "groundingSupports": [
            {
                "segment": {"startIndex": begin, "endIndex": end},
                "groundingChunkIndices": [0, 1],
                "confidenceScores": [0.5],
            },
            {"segment": {"endIndex": 7, "text": "Grüße"}, "groundingChunkIndices": [0]},
        ],
    }
    expected = (
        Citation(
            "https://example.com/tides",
            "Tides",
            start=9,
            end=28,
            provider_data={"web": {"domain": "example.com"}, "confidenceScore": 0.5},
        ),
        Citation(
            "gs://b/f",
            "f.txt",
            "High at noon.",
            "f.txt",
            9,
            28,
            provider_data={"retrievedContext": {"ragChunk": {"text": "x"}}},
        ),
        Citation(
            "https://example.com/tides", "Tides", start=0, end=5, provider_data={"web": {"domain": "example.com"}}
        ),
        Citation("https://maps.example.com/1", "Harbour", provider_data={"maps": {"placeId": "places/1"}}),
    )
    streamed = answer(chunk(text(said[:8])), chunk(text(said[8:])), chunk(finish="STOP", groundingMetadata=grounding))
    assert said[9:28] == "high water at noon."
    assert streamed.citations == expected
    assert streamed.provider_data == {}
    assert whole(chunk(text(said), finish="STOP", groundingMetadata=grounding)) == streamed


def test_a_place_is_in_its_part_or_in_all_the_text_whichever_has_its_words() -> None:
    parts = [text("hm", thought=True), text("Häfen. "), text("Öl. ", thoughtSignature="S"), text("Ende.")]
    grounding = {
        "groundingChunks": [WEB],
        "groundingSupports": [
            {"segment": {"partIndex": 2, "endIndex": 4, "text": "Öl."}, "groundingChunkIndices": [0]},
            {"segment": {"startIndex": 13, "endIndex": 18, "text": "Ende."}, "groundingChunkIndices": [0]},
            {"segment": {"partIndex": 3, "endIndex": 5}, "groundingChunkIndices": [0]},
            {"segment": {"startIndex": 900, "endIndex": 905}, "groundingChunkIndices": [0]},
            {"segment": {"startIndex": 1, "endIndex": 2}, "groundingChunkIndices": [0]},
        ],
    }
    got = whole(chunk(*parts, finish="STOP", groundingMetadata=grounding))
    assert got.text == "Häfen. Öl. Ende."
    assert [(c.start, c.end) for c in got.citations] == [(7, 10), (11, 16), (11, 16), (None, None), (1, 2)]
    assert got.citations[3].provider_data["segment"] == {"startIndex": 900, "endIndex": 905}


def test_sources_come_in_pieces_or_again_and_count_once() -> None:
    first: dict[str, list[Any]] = {
        "groundingChunks": [WEB],
        "groundingSupports": [{"segment": {"endIndex": 1}, "groundingChunkIndices": [0]}],
    }
    second: dict[str, list[Any]] = {
        "groundingChunks": [PLACE],
        "groundingSupports": [{"segment": {"endIndex": 2}, "groundingChunkIndices": [1]}],
    }
    both = {name: first[name] + second[name] for name in first}
    for later in (second, both):
        got = answer(chunk(text("ab"), groundingMetadata=first), chunk(finish="STOP", groundingMetadata=later))
        assert [(c.title, c.end) for c in got.citations] == [("Tides", 1), ("Harbour", 2)]


def test_what_is_repeated_of_others_works_is_cited() -> None:
    got = answer(
        chunk(
            text("aä"),
            citationMetadata={"citationSources": [{"startIndex": 1, "endIndex": 3, "uri": "u", "license": "mit"}]},
        ),
        chunk(
            finish="STOP", citationMetadata={"citations": [{"uri": "v", "title": "V", "startIndex": 9, "endIndex": 12}]}
        ),
    )
    assert got.citations == (
        Citation("u", start=1, end=2, provider_data={"license": "mit"}),
        Citation("v", "V", provider_data={"startIndex": 9, "endIndex": 12}),
    )
    assert got.provider_data == {}


def test_citations_come_before_the_usage_and_of_a_broken_answer_nothing_is_lost() -> None:
    events = read(
        chunk(text("ab"), groundingMetadata={"groundingChunks": [WEB]}),
        chunk(finish="SAFETY", usageMetadata={"promptTokenCount": 1}),
    )
    kinds = [event.kind for event in events]
    assert kinds == ["text_delta", "citation", "usage", "error", "end"]
    broken = sse(
        chunk(text("ab"), groundingMetadata={"groundingChunks": [WEB]}), {"error": {"code": 503, "message": "busy"}}
    )
    got = response_of(STREAM.read_every_way(broken))
    assert got.provider_data["groundingMetadata"] == {"groundingChunks": [WEB]}


def test_what_has_no_field_is_kept() -> None:
    entry = {"renderedContent": "<div>"}
    got = answer(
        chunk(
            text("a"),
            groundingMetadata={"searchEntryPoint": entry, "groundingChunks": []},
            news=1,
            nothing=None,
            empty={},
        ),
        {
            **chunk(text("b"), finish="STOP", avgLogprobs=-0.5, safetyRatings=SAFETY, news=2),
            "createTime": "2026",
            "modelStatus": {"x": 1},
        },
    )
    assert got.provider_data == {
        "groundingMetadata": {"searchEntryPoint": entry},
        "news": 2,
        "avgLogprobs": -0.5,
        "safetyRatings": SAFETY,
        "modelStatus": {"x": 1},
    }


# ---------------------------------------------------------------- server tools


def test_code_and_its_result() -> None:
    code = {"executableCode": {"language": "PYTHON", "code": "1+1", "id": "c"}, "thoughtSignature": "S"}
    result = {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "2\n", "id": "c"}}
    failed = {"codeExecutionResult": {"outcome": "OUTCOME_DEADLINE_EXCEEDED"}}
    events = read(
        chunk(code),
        chunk(result),
        chunk({"executableCode": {"code": "loop"}}),
        chunk(failed, call("f")),
        chunk(finish="STOP"),
    )
    got = response_of(events)
    assert got.server_tools == (
        ServerToolCall("c", "code_execution", "code_execution", "1+1", "completed", "2\n", {"language": "PYTHON"}),
        ServerToolCall(
            "", "code_execution", "code_execution", "loop", "failed", "", {"outcome": "OUTCOME_DEADLINE_EXCEEDED"}
        ),
    )
    assert got.provider_data == {}
    assert got.replay[:2] == (code, result)
    started = [e.index for e in events if isinstance(e, ServerToolStart | ToolCallStart)]
    assert started == [0, 1, 2]


def test_a_search_that_is_shown() -> None:
    asked = {
        "toolCall": {"toolType": "GOOGLE_SEARCH_WEB", "id": "t", "args": {"queries": ["tide"]}},
        "thoughtSignature": "A",
    }
    found = {
        "toolResponse": {"toolType": "GOOGLE_SEARCH_WEB", "id": "t", "response": {"hits": 3}},
        "thoughtSignature": "B",
    }
    grounding = {"webSearchQueries": ["tide", "moon"]}
    got = answer(chunk(asked), chunk(found), chunk(text("noon"), finish="STOP", groundingMetadata=grounding))
    assert got.server_tools == (
        ServerToolCall("t", "GOOGLE_SEARCH_WEB", "web_search", '{"queries":["tide"]}', "completed", '{"hits":3}'),
        ServerToolCall("", "google_search", "web_search", '{"queries":["moon"]}'),
    )
    assert got.provider_data == {}
    assert got.replay == (asked, found, text("noon"))


def test_a_tool_without_a_result_is_open_and_a_result_without_a_tool_is_told() -> None:
    lonely = {"toolResponse": {"toolType": "FILE_SEARCH", "response": {"n": 1}}}
    got = answer(chunk({"executableCode": {"code": "x"}}, lonely), chunk(finish="STOP"))
    assert [(tool.kind, tool.status, tool.output) for tool in got.server_tools] == [
        ("code_execution", "open", ""),
        ("file_search", "completed", '{"n":1}'),
    ]


def test_pages_that_were_read() -> None:
    pages = [
        {"retrievedUrl": "https://a.example", "urlRetrievalStatus": "URL_RETRIEVAL_STATUS_SUCCESS"},
        {"retrievedUrl": "https://b.example", "urlRetrievalStatus": "URL_RETRIEVAL_STATUS_PAYWALL"},
    ]
    got = answer(chunk(text("a"), finish="STOP", urlContextMetadata={"urlMetadata": pages}))
    assert got.server_tools == (
        ServerToolCall("", "url_context", "url_context", '{"url":"https://a.example"}'),
        ServerToolCall("", "url_context", "url_context", '{"url":"https://b.example"}', "failed",
                       provider_data={"urlRetrievalStatus": "URL_RETRIEVAL_STATUS_PAYWALL"}),
    )  # fmt: skip
    assert got.provider_data == {}


def test_server_tools_and_functions_in_one_request() -> None:
    tools = (ToolDef("f"), ServerTool("web_search"), ServerTool("url_context"), ServerTool("codeExecution", {"x": 1}))
    body = encoded(Request([user("?")], tools=tools, tool_choice="auto"))
    assert body["tools"] == [
        {"functionDeclarations": [{"name": "f"}]},
        {"googleSearch": {}},
        {"urlContext": {}},
        {"codeExecution": {"x": 1}},
    ]
    assert body["toolConfig"] == {"functionCallingConfig": {"mode": "AUTO"}, "includeServerSideToolInvocations": True}
    alone = encoded(Request([user("?")], tools=tools[1:], tool_choice="auto"))
    assert "toolConfig" not in alone
    assert encoded(Request([user("?")], tools=tools, tool_choice="none"))["tools"] == [
        {"functionDeclarations": [{"name": "f"}]}
    ]
    assert "tools" not in encoded(Request([user("?")], tools=tools[1:], tool_choice="none"))


@pytest.mark.parametrize(
    "request_",
    [
        Request([user("?")], tools=(CustomTool("c"),)),
        Request([user("?")], tools=(ServerTool("web_search"),), tool_choice="required"),
        Request([user("?")], tools=(ToolDef("f"), ServerTool("web_search")), tool_choice="web_search"),
    ],
)
def test_what_the_wire_cannot_say_of_tools_is_refused(request_: Request) -> None:
    with pytest.raises(UnsupportedFeatureError):
        encoded(request_)


# ---------------------------------------------------------------- log probabilities, choices


def test_log_probabilities() -> None:
    result = {
        "chosenCandidates": [{"token": "no", "logProbability": -0.25, "tokenId": 7}, {"token": "on"}],
        "topCandidates": [
            {
                "candidates": [
                    {"token": "no", "logProbability": -0.25, "tokenId": 7},
                    {"token": "x", "logProbability": -3},
                ]
            }
        ],
        "logProbabilitySum": -0.25,
    }
    got = whole(chunk(text("noon"), finish="STOP", logprobsResult=result))
    assert got.logprobs == (
        TokenLogprob("no", -0.25, (TokenLogprob("no", -0.25), TokenLogprob("x", -3.0))),
        TokenLogprob("on", 0.0),
    )
    assert got.provider_data["logprobsResult"] == {
        "logProbabilitySum": -0.25, "chosenCandidates": [{"tokenId": 7}, {}], "topCandidates": [[{"tokenId": 7}, {}]],
    }  # fmt: skip


def test_log_probabilities_are_asked_for_where_they_can_be() -> None:
    config = encoded(Request([user("?")], logprobs=3, n=2), stream=False)["generationConfig"]
    assert config == {"responseLogprobs": True, "logprobs": 3, "candidateCount": 2}
    assert encoded(Request([user("?")], logprobs=True), stream=False)["generationConfig"] == {"responseLogprobs": True}
    with pytest.raises(UnsupportedFeatureError, match="complete"):
        encoded(Request([user("?")], logprobs=True), stream=True)


def second(**fields: Any) -> dict[str, Any]:
    return {"index": 1, **fields}


def test_further_candidates_are_folded_beside_the_first() -> None:
    red, blue = {"parts": [text("red")]}, {"parts": [text("blue"), call("f", {"a": 1}, thoughtSignature="S")]}
    pieces = [
        {
            "candidates": [{"content": red}, second(content={"parts": [text("bl")]})],
            "responseId": "r",
            "modelVersion": "m",
        },
        {"candidates": [second(content={"parts": [text("ue"), blue["parts"][1]]})]},
        {"candidates": [second(finishReason="STOP", avgLogprobs=-1.5), {"finishReason": "MAX_TOKENS"}]},
    ]
    got = response_of(STREAM.read_every_way(sse(*pieces)))
    assert (got.text, got.finish_reason, got.provider_data) == ("red", FinishReason.length, {})
    (other,) = got.choices
    assert (other.text, other.finish_reason, other.raw_finish_reason) == ("blue", FinishReason.tool_calls, "STOP")
    assert (other.id, other.model, other.complete, other.provider_data) == ("r", "m", True, {"avgLogprobs": -1.5})
    assert [each.arguments for each in other.tool_calls] == ['{"a":1}']
    assert other.replay == tuple(blue["parts"])
    both = {
        "candidates": [
            {"content": red, "finishReason": "MAX_TOKENS"}, second(content=blue, finishReason="STOP", avgLogprobs=-1.5),
        ],
        "responseId": "r", "modelVersion": "m",
    }  # fmt: skip
    assert whole(both) == got


def test_a_candidate_that_did_not_end_breaks_the_answer_and_one_that_was_filtered_says_so() -> None:
    first: dict[str, Any] = {"content": {"parts": [text("a")]}, "finishReason": "STOP"}
    cut = sse({"candidates": [first, second(content={"parts": [text("b")]})]})
    assert isinstance(error_of(STREAM.read_every_way(cut)), StreamTruncated)
    filtered = answer({"candidates": [first, second(content={"parts": [text("b")]}, finishReason="SAFETY")]})
    assert filtered.text == "a"
    assert (filtered.choices[0].finish_reason, filtered.choices[0].complete) == (FinishReason.content_filter, False)


# ---------------------------------------------------------------- a pause


def test_a_pause_goes_on_with_the_same_question_and_the_token() -> None:
    got = answer(chunk(text("a"), finish="CONTINUATION", continuationToken="CT=="))
    assert (got.finish_reason, got.raw_finish_reason, got.complete) == (FinishReason.paused, "CONTINUATION", False)
    asked = [user("Prove it.")]
    plain = encoded(Request(asked))
    assert encoded(Request([*asked, got.message])) == {**plain, "continuationToken": "CT=="}
    again = answer(chunk(text("b"), finish="CONTINUATION", continuationToken="DT=="))
    assert encoded(Request([*asked, got.message, again.message])) == {**plain, "continuationToken": "DT=="}
    later = encoded(Request([*asked, got.message, user("And then?")]))
    assert "continuationToken" not in later
    assert [turn["role"] for turn in later["contents"]] == ["user", "model", "user"]
    assert later["contents"][1]["parts"] == [{"text": "a"}]


def test_every_event_of_a_server_tool_has_its_start() -> None:
    events = read(
        chunk({"executableCode": {"code": "x"}}),
        chunk(finish="STOP", groundingMetadata={"webSearchQueries": ["q"], "groundingChunks": [WEB]}),
    )
    begun = [e.index for e in events if isinstance(e, ServerToolStart)]
    assert begun == [0, 1]
    assert sorted(e.index for e in events if isinstance(e, ServerToolEvent)) == begun
    assert any(isinstance(e, CitationEvent) for e in events)
