"""What answers hold besides text: further choices, logprobs, sources, tools that the host ran, and all the rest."""

from typing import Any

import pytest

from aikido_llm.dialects.base import MOST_CHOICES
from aikido_llm.errors import MalformedStream, StreamTruncated
from aikido_llm.types.citations import Citation
from aikido_llm.types.events import CitationEvent, ServerToolEvent, ServerToolStart, ToolCallStart, UsageEvent
from aikido_llm.types.logprobs import TokenLogprob
from aikido_llm.types.response import FinishReason
from aikido_llm.types.server_tools import ServerToolCall
from aikido_llm.types.tools import ToolCall
from tests.dialects.openai_chat.roads import ROAD, WHOLE, answer_of, asked, both, events_of, whole
from tests.dialects.openai_chat.transcripts import DONE, END, HEAD, STOP, body, call, chunk, data, text, usage
from tests.wire import error_of, response_of

pytestmark = pytest.mark.deep  # cut anywhere (tests/wire.py)

# ---------------------------------------------------------------- further choices


def choice(index: int, delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
    return data({**HEAD, "choices": [{"index": index, "delta": delta, "finish_reason": finish, **more}]})


TWO = (
    choice(1, {"reasoning": "Hm", "content": "bl"})
    + choice(0, {"content": "red"})
    + choice(1, {"content": "ue", "tool_calls": [call(0, "a", "f", '{"x":1}')]})
    + choice(0, {}, "stop")
)


def test_further_choices_are_folded_beside_the_first() -> None:
    events = ROAD.read_every_way(
        TWO + choice(1, {}, "tool_calls", stop_reason="eos") + choice(2, {"refusal": "No"}, "stop")
    )
    answer = response_of(events)
    assert (answer.text, answer.finish_reason, answer.tool_calls) == ("red", "stop", ())
    second, third = answer.choices
    assert (second.text, second.thinking, second.finish_reason) == ("blue", "Hm", "tool_calls")
    assert second.tool_calls == (ToolCall("a", "f", '{"x":1}'),)
    assert second.provider_data == {"stop_reason": "eos"}
    assert (third.text, third.finish_reason) == ("No", FinishReason.content_filter)
    assert {(one.id, one.model, one.provider) for one in answer.choices} == {(answer.id, answer.model, "test")}
    assert {one.complete for one in answer.choices} == {True, False}


def test_the_first_choice_may_be_the_second_to_come() -> None:
    events = ROAD.read_every_way(choice(1, {"content": "blue"}, "stop") + choice(0, {"content": "red"}, "stop"))
    assert [one.text for one in (response_of(events), *response_of(events).choices)] == ["red", "blue"]


def test_further_choices_of_a_whole_body_are_those_of_its_stream() -> None:
    choices: list[dict[str, Any]] = [
        {"index": 0, "message": {"content": "red"}, "finish_reason": "stop"},
        {"index": 1, "message": {"content": "blue"}, "finish_reason": "length"},
    ]
    deltas = [{**one, "delta": one["message"], "message": None} for one in choices]
    told = response_of(WHOLE.read(body({}, choices=choices, usage=usage())))
    assert told == response_of(ROAD.read(data({**HEAD, "choices": deltas, "usage": usage()}) + DONE))
    assert [one.text for one in told.choices] == ["blue"]


def test_choices_that_nobody_asked_for_are_held_up_to_a_bound() -> None:
    error = error_of(ROAD.read(b"".join(choice(index, {"content": "x"}) for index in range(MOST_CHOICES + 2))))
    assert isinstance(error, MalformedStream)
    assert "more choices" in str(error)
    assert error.permanent


def test_the_end_is_the_finish_reason_of_every_choice() -> None:
    assert isinstance(error_of(ROAD.read(TWO)), StreamTruncated)
    assert isinstance(error_of(asked(n=3).read(TWO + choice(1, {}, "stop"))), StreamTruncated)
    assert isinstance(error_of(asked(extra={"n": 2}).read(text("Hi") + STOP)), StreamTruncated)
    unsaid = response_of(ROAD.read(TWO + DONE))
    assert (unsaid.finish_reason, unsaid.complete) == ("stop", False)
    assert [(one.finish_reason, one.complete) for one in unsaid.choices] == [("other", False)]


# ---------------------------------------------------------------- logprobs


ENTRY = {"token": "Hi", "logprob": -0.5, "bytes": [72, 105], "top_logprobs": [{"token": "Hi", "logprob": -0.5}]}
TOKEN = TokenLogprob("Hi", -0.5, (TokenLogprob("Hi", -0.5),))


@pytest.mark.parametrize(
    "said",
    [
        {"content": [ENTRY], "refusal": None},
        {"content": None, "refusal": [ENTRY]},
        [ENTRY],
        {"tokens": ["Hi"], "token_logprobs": [-0.5], "top_logprobs": [[{"token": "Hi", "logprob": -0.5}]]},
        {"tokens": ["Hi"], "token_logprobs": [-0.5], "top_logprobs": [{"Hi": -0.5}], "token_ids": [7]},
    ],
)
def test_logprobs(said: Any) -> None:
    answer = answer_of(choice(0, {"content": "Hi"}, logprobs=said) + choice(0, {"content": "Hi"}, logprobs=said) + END)
    assert (answer.logprobs, answer.provider_data) == ((TOKEN, TOKEN), {})


def test_logprobs_of_anything_but_text_are_kept_as_they_came() -> None:
    thought = choice(0, {"reasoning_content": "Hm"}, logprobs={"reasoning_content": [ENTRY]})
    answer = answer_of(thought + thought + END)
    assert (answer.logprobs, answer.provider_data) == ((), {"logprobs": {"reasoning_content": [ENTRY, ENTRY]}})
    assert answer_of(choice(0, {"content": "Hi"}, logprobs=-0.25) + END).provider_data == {"logprobs": -0.25}


def test_what_hosts_say_of_a_token_beside_its_number_is_kept() -> None:
    said: dict[str, Any] = {"content": [{**ENTRY, "token_id": 7, "text_offset": 3}, {"token": "", "top_logprobs": []}]}
    answer = answer_of(choice(0, {"content": "Hi"}, logprobs=said) + END)
    assert answer.logprobs == (TOKEN,)
    assert answer.provider_data == {
        "logprobs": {"tokens": [{"token_id": 7, "text_offset": 3}, {"token": "", "top_logprobs": []}]}
    }


# ---------------------------------------------------------------- sources


def note(**fields: Any) -> dict[str, Any]:
    return {"type": "url_citation", "url_citation": fields}


def test_annotations_are_citations_behind_the_text_and_before_the_usage() -> None:
    notes = [
        note(url="https://a.example", title="A", start_index=0, end_index=2),
        note(url="https://b.example", start_index=0, end_index=0),
    ]
    events = events_of(text("Hi there") + chunk({"annotations": notes}) + chunk(finish="stop", usage=usage()) + DONE)
    first = CitationEvent(Citation("https://a.example", "A", start=0, end=2))
    assert events[1:3] == [first, CitationEvent(Citation("https://b.example"))]
    assert isinstance(events[3], UsageEvent)
    assert both({"content": "Hi there", "annotations": notes}).citations == response_of(events).citations
    flat = {"type": "url_citation", "url": "https://a.example", "title": "A", "start_index": 0, "end_index": 2}
    assert both({"content": "Hi", "annotations": [flat]}).citations == (first.citation,)


def test_other_notes_are_kept() -> None:
    parsed = {"type": "file", "file": {"hash": "h", "name": "a.pdf"}}
    assert both({"content": "Hi", "annotations": [parsed]}).provider_data == {"annotations": [parsed]}


def test_lists_of_sources_name_each_once() -> None:
    found = [{"title": "B", "url": "https://b.example", "snippet": "words", "date": "2026-01-01"}]
    top: dict[str, Any] = {"citations": ["https://a.example", "https://b.example"], "search_results": found}
    wanted = (
        Citation("https://a.example"),
        Citation("https://b.example", "B", "words", provider_data={"date": "2026-01-01"}),
    )
    answer = both({"content": "Hi"}, **top)
    assert (answer.citations, answer.provider_data) == (wanted, {})
    repeated = chunk({"content": "Hi"}, **top) + chunk({"content": "!"}, **top) + END
    assert answer_of(repeated).citations == wanted
    noted = both({"content": "Hi", "annotations": [note(url="https://b.example")]}, **top)
    assert [one.url for one in noted.citations] == ["https://b.example", "https://a.example"]


@pytest.mark.parametrize(
    "top",
    [
        {"web_search": [{"link": "https://a.example", "title": "A", "content": "words"}]},
        {"search_info": {"search_results": [{"url": "https://a.example", "title": "A", "snippet": "words"}]}},
        {
            "venice_parameters": {
                "web_search_citations": [{"url": "https://a.example", "title": "A", "content": "words"}]
            }
        },
        {"search_results": [{"url": "https://a.example", "name": "A", "snippet": "words"}]},
    ],
)
def test_other_hosts_lists(top: dict[str, Any]) -> None:
    assert both({"content": "Hi"}, **top).citations == (Citation("https://a.example", "A", "words"),)


def test_documents_of_the_caller_s_own_data() -> None:
    told = {"content": "words", "title": "A", "url": None, "filepath": "a.md", "chunk_id": "3"}
    answer = both({"content": "Hi [doc1]", "context": {"citations": [told], "intent": '["hi"]'}})
    assert answer.citations == (Citation("", "A", "words", "a.md", provider_data={"chunk_id": "3"}),)
    assert answer.provider_data == {"context": {"intent": '["hi"]'}}


# ---------------------------------------------------------------- tools that the host ran


def test_executed_tools() -> None:
    results = {"results": [{"url": "https://a.example", "score": 0.9}]}
    begun = {"index": 0, "type": "search", "arguments": '{"query":"owls"}'}
    ran = {**begun, "output": "Title: Owl", "search_results": results}
    done = ServerToolCall(
        "", "search", "search", '{"query":"owls"}', "completed", "Title: Owl", {"search_results": results}
    )
    events = events_of(chunk({"executed_tools": [begun]}) + chunk({"executed_tools": [ran]}) + text("Owls.") + END)
    assert events[0] == ServerToolStart(0, "", "search")
    assert ServerToolEvent(0, done) in events
    assert both({"content": "Owls.", "executed_tools": [ran]}).server_tools == (done,)
    left = answer_of(chunk({"executed_tools": [begun]}) + text("Owls.") + END)
    assert left.server_tools == (ServerToolCall("", "search", "search", '{"query":"owls"}', "open"),)


def test_calls_and_tools_of_the_host_have_one_count() -> None:
    named = {"index": 0, "type": "browser_search", "name": "browser.search", "arguments": {"q": 1}, "output": ""}
    events = events_of(
        chunk({"tool_calls": [call(0, "a", "f", "{}")]})
        + chunk({"executed_tools": [named]})
        + chunk({"tool_calls": [call(1, "b", "g", "{}")]}, "tool_calls")
    )
    begun = [event.index for event in events if isinstance(event, ToolCallStart | ServerToolStart)]
    assert begun == [0, 1, 2]
    ran = ServerToolCall("", "browser.search", "browser_search", '{"q":1}', "completed")
    assert response_of(events).server_tools == (ran,)


# ---------------------------------------------------------------- all the rest


def test_what_has_no_typed_place_is_kept_on_both_roads() -> None:
    top: dict[str, Any] = {
        "system_fingerprint": "fp", "service_tier": "flex", "provider": "Acme", "obfuscation": "x",
        "images": [{"n": 1}],
        "related_questions": ["why?"], "padding": None, "x_groq": {"id": "req", "usage": usage()}, "prompt": [],
        "cost": 0,
    }  # fmt: skip
    extras: dict[str, Any] = {
        "native_finish_reason": "MODEL_CTX",
        "stop_reason": 154829,
        "matched_stop": None,
        "token_ids": [],
    }
    message = {
        "role": "assistant",
        "content": "Hi",
        "provider_metadata": {"gateway": {"cost": "0"}},
        "audio_content": "",
    }
    streamed = answer_of(
        data({**HEAD, **top, "choices": [{"index": 0, "delta": message}]}) + choice(0, {}, "length", **extras) + DONE
    )
    told: dict[str, Any] = {"index": 0, "message": message, "finish_reason": "length", **extras}
    assert whole({}, choices=[told], **top) == streamed
    assert streamed.provider_data == {
        "system_fingerprint": "fp", "service_tier": "flex", "provider": "Acme",
        "images": [{"n": 1}],
        "related_questions": ["why?"], "x_groq": {"id": "req"}, "cost": 0, "native_finish_reason": "MODEL_CTX",
        "stop_reason": 154829, "provider_metadata": {"gateway": {"cost": "0"}},
    }  # fmt: skip


def test_what_a_filter_said_of_an_answer_that_it_let_through() -> None:
    safe, seen = {"filtered": False, "severity": "safe"}, {"filtered": False, "detected": True}
    prompt = [{"prompt_index": 0, "content_filter_results": {"jailbreak": seen}}]
    answer = answer_of(
        data({"id": "", "model": "", "choices": [], "prompt_filter_results": prompt})
        + choice(0, {"content": "a"}, content_filter_results={})
        + choice(0, {"content": "b"}, content_filter_results={"protected_material_text": seen})
        + choice(0, {"content": "c"}, content_filter_results={"violence": safe})
        + choice(0, {}, "stop", content_filter_results={})
    )
    results = {"protected_material_text": seen, "violence": safe}
    assert answer.text == "abc"
    assert answer.provider_data == {"prompt_filter_results": prompt, "content_filter_results": results}
