"""Where cited text stands in the whole answer, and what of a citation is typed."""

from typing import Any

import pytest
from attrs import evolve

from aikido_llm.codecs import json
from aikido_llm.types.citations import Citation
from aikido_llm.types.events import CitationEvent, TextDelta
from tests.dialects.anthropic_messages.transcript import (
    ROAD,
    STOP,
    WHOLE,
    answer,
    begin,
    block,
    delta,
    end,
    read,
    sse,
    stop,
    text,
)

CHARS: dict[str, Any] = {
    "type": "char_location", "cited_text": "Tides turn.", "document_index": 0, "document_title": "Almanac",
    "start_char_index": 3, "end_char_index": 14, "file_id": None,
}  # fmt: skip
PAGES: dict[str, Any] = {
    "type": "page_location", "cited_text": "Low.", "document_index": 1, "document_title": None,
    "start_page_number": 2, "end_page_number": 3, "file_id": "file_7",
}  # fmt: skip
FOUND: dict[str, Any] = {
    "type": "web_search_result_location", "cited_text": "High.", "url": "https://tide.example", "title": "Tide",
    "encrypted_index": "Eo8=",
}  # fmt: skip


@pytest.mark.parametrize(
    ("data", "citation"),
    [
        (
            CHARS,
            Citation(
                title="Almanac",
                cited_text="Tides turn.",
                document="Almanac",
                provider_data={
                    "type": "char_location", "document_index": 0, "start_char_index": 3, "end_char_index": 14
                },
            ),
        ),
        (
            PAGES,
            Citation(
                cited_text="Low.",
                document="file_7",
                provider_data={
                    "type": "page_location", "document_index": 1, "start_page_number": 2, "end_page_number": 3
                },
            ),
        ),
        (
            {
                "type": "content_block_location", "cited_text": "A", "document_index": 0, "document_title": "Notes",
                "start_block_index": 0, "end_block_index": 1,
            },
            Citation(
                title="Notes",
                cited_text="A",
                document="Notes",
                provider_data={
                    "type": "content_block_location", "document_index": 0, "start_block_index": 0, "end_block_index": 1
                },
            ),
        ),
        (
            FOUND,
            Citation(
                url="https://tide.example",
                title="Tide",
                cited_text="High.",
                provider_data={"type": "web_search_result_location", "encrypted_index": "Eo8="},
            ),
        ),
        (
            {
                "type": "search_result_location", "cited_text": "B", "source": "https://kb.example/1", "title": "KB",
                "search_result_index": 0, "start_block_index": 0, "end_block_index": 1,
            },
            Citation(
                url="https://kb.example/1",
                title="KB",
                cited_text="B",
                document="https://kb.example/1",
                provider_data={
                    "type": "search_result_location", "search_result_index": 0,
                    "start_block_index": 0, "end_block_index": 1,
                },
            ),
        ),
    ],
)  # fmt: skip
def test_each_kind_is_typed_as_far_as_all_wires_agree(data: dict[str, Any], citation: Citation) -> None:
    content = [{"type": "text", "text": "ab", "citations": [data]}]
    body = json.dumps({"id": "m", "content": content, "stop_reason": "end_turn"})
    (found,) = answer(body, WHOLE).citations
    assert (found.start, found.end) == (0, 2)
    assert evolve(found, start=None, end=None) == citation


@pytest.mark.deep
def test_offsets_are_code_points_of_the_whole_text_and_the_event_comes_behind_its_text() -> None:
    body = sse(
        begin(),
        text(0, "🐋 says "),
        block(1, "text", text="", citations=[]),
        delta(1, "citations_delta", citation=CHARS),
        delta(1, "text_delta", text="tür"),
        delta(1, "text_delta", text="n"),
        delta(1, "citations_delta", citation=PAGES),
        stop(1),
        text(2, " and "),
        block(3, "text", text="end", citations=[FOUND]),
        stop(3),
        end("end_turn"),
        STOP,
    )
    events = read(body)
    kinds = [event.kind for event in events]
    assert kinds[:3] == ["text_delta"] * 3
    assert kinds[3:5] == ["citation"] * 2
    assert kinds[5:8] == ["text_delta", "text_delta", "citation"]
    response = answer(body)
    places = [(found.start, found.end) for found in response.citations]
    assert [response.text[start:stop] for start, stop in places] == ["türn", "türn", "end"]
    whole = {
        "id": "msg_1",
        "model": "claude-x",
        "content": [
            {"type": "text", "text": "🐋 says "},
            {"type": "text", "text": "türn", "citations": [CHARS, PAGES]},
            {"type": "text", "text": " and ", "citations": None},
            {"type": "text", "text": "end", "citations": [FOUND]},
        ],
        "stop_reason": "end_turn",
    }
    assert answer(json.dumps(whole), WHOLE) == response


def test_cited_blocks_go_back_as_they_came() -> None:
    cited = {"type": "text", "text": "x", "citations": [CHARS]}
    body = json.dumps({"id": "m", "content": [cited], "stop_reason": "end_turn"})
    assert answer(body, WHOLE).replay == (cited,)


def test_a_citation_of_an_answer_that_breaks_off_is_told_with_the_text_that_came() -> None:
    body = sse(
        begin(),
        block(0, "text", text=""),
        delta(0, "citations_delta", citation=FOUND),
        delta(0, "text_delta", text="Hi"),
    )
    events = ROAD.read_every_way(body)
    (told,) = [event.citation for event in events if isinstance(event, CitationEvent)]
    assert (told.start, told.end) == (0, 2)
    assert TextDelta("Hi") in events
