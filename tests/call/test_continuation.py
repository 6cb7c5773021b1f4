"""Several turns of a provider that pauses are one answer: one stream, one end, one Response."""

from collections.abc import Sequence
from typing import Any

import pytest
from attrs import evolve

import aikido_llm as llm
from aikido_llm.call.continuation import Continued, joined
from aikido_llm.testing import check_grammar
from aikido_llm.types.accumulate import FOLDED, Accumulator
from aikido_llm.types.messages import NEXT_TURN, turns_of

REQUEST = llm.Request("search", model="m")
PAUSED, STOP = llm.FinishReason.paused, llm.FinishReason.stop


class Turn:
    """A source that gives these reads."""

    def __init__(self, reads: Sequence[list[llm.Event]], calls_begun: int = 0) -> None:
        self._reads = list(reads)
        self.calls_begun = calls_begun
        self.over = False
        self.closed = False

    async def events(self) -> list[llm.Event]:
        events = self._reads.pop(0)
        self.over = isinstance(events[-1], llm.EndEvent)
        return events

    def close(self) -> None:
        self.closed = True


class Provider:
    """Answers with these turns, or fails with these errors, one after another."""

    def __init__(self, *turns: Turn | llm.LLMError) -> None:
        self._turns = list(turns)
        self.asked: list[llm.Request] = []

    async def ask(self, request: llm.Request) -> tuple[Turn, list[llm.Event]]:
        self.asked.append(request)
        turn = self._turns.pop(0)
        if isinstance(turn, llm.LLMError):
            raise turn
        return turn, await turn.events()


def turn(text: str, reason: llm.FinishReason = STOP, *, tokens: int = 5, reads: int = 1) -> Turn:
    """A turn that says text, ran a tool, and cites a source behind it."""
    run = llm.ServerToolCall("run", "web_search", "web_search", "{}", "completed", "[]")
    source = llm.Citation("https://host/a", start=0, end=len(text))
    usage = llm.Usage(10, tokens)
    body: list[llm.Event] = [
        llm.ServerToolStart(0, "run", "web_search"),
        llm.ServerToolEvent(0, run),
        llm.TextDelta(text),
        llm.CitationEvent(source),
        llm.UsageEvent(usage),
    ]
    response = llm.Response(
        text,
        usage=usage,
        finish_reason=reason,
        id=text,
        model="m",
        replay=({"text": text},),
        server_tools=(run,),
        citations=(source,),
        complete=reason is not PAUSED,
    )
    end = llm.EndEvent(reason, response)
    if reads == 1:
        return Turn([[*body, end]], 1)
    return Turn([*[[event] for event in body], [end]], 1)


async def seen(provider: Provider, request: llm.Request = REQUEST, most: int = 10) -> list[llm.Event]:
    source, events = await Continued(provider.ask, request, most).begin(*await provider.ask(request))
    while not source.over:
        read = await source.events()
        assert read, "a read gives at least one event"
        events = [*events, *read]
    return events


@pytest.mark.parametrize("reads", [1, 2])
async def test_turns_are_one_answer(reads: int) -> None:
    turns = turn("One. ", PAUSED, reads=reads), turn("Two. ", PAUSED, reads=reads), turn("Three.", reads=reads)
    provider = Provider(*turns)
    events = await seen(provider)
    check_grammar(events)
    end = events[-1]
    assert isinstance(end, llm.EndEvent)
    response = end.response
    assert (response.text, response.finish_reason, response.id) == ("One. Two. Three.", STOP, "Three.")
    assert (response.continuations, response.complete) == (2, True)
    assert [run.id for run in response.server_tools] == ["run"] * 3
    assert [(source.start, source.end) for source in response.citations] == [(0, 5), (5, 10), (10, 16)]
    assert response.usage == llm.Usage(30, 15)
    usages = [event.usage.output_tokens for event in events if isinstance(event, llm.UsageEvent)]
    assert usages == [5, 10, 15], "usage is that of all turns so far"
    assert [event.index for event in events if isinstance(event, llm.ServerToolStart)] == [0, 1, 2]
    folded = Accumulator()
    folded.extend(events[:-1])
    assert folded.response().text == response.text
    assert folded.response().citations == response.citations


async def test_each_turn_is_sent_back_as_it_was() -> None:
    provider = Provider(turn("One. ", PAUSED), turn("Two. ", PAUSED), turn("Three."))
    events = await seen(provider)
    asked = provider.asked[2].messages
    assert len(asked) == 2
    assert asked[1].text == "One. Two. "
    assert asked[1].replay is not None
    assert turns_of(asked[1].replay.items) == [({"text": "One. "},), ({"text": "Two. "},)]
    end = events[-1]
    assert isinstance(end, llm.EndEvent)
    assert end.response.replay == ({"text": "One. "}, NEXT_TURN, {"text": "Two. "}, NEXT_TURN, {"text": "Three."})


async def test_enough_is_enough() -> None:
    provider = Provider(turn("One. ", PAUSED), turn("Two. ", PAUSED))
    events = await seen(provider, most=1)
    end = events[-1]
    assert isinstance(end, llm.EndEvent)
    assert (end.finish_reason, end.response.text, end.response.complete) == (PAUSED, "One. Two. ", False)
    assert end.response.message.text == "One. Two. "


async def test_the_callers_tokens_are_those_of_all_turns() -> None:
    request = evolve(REQUEST, max_tokens=12)
    provider = Provider(turn("One. ", PAUSED, tokens=5), turn("Two. ", PAUSED, tokens=7), turn("never"))
    events = await seen(provider, request)
    assert [asked.max_tokens for asked in provider.asked] == [12, 7]
    end = events[-1]
    assert isinstance(end, llm.EndEvent)
    assert end.response.text == "One. Two. "


async def test_a_failure_to_go_on_is_an_error_with_all_that_came() -> None:
    provider = Provider(turn("One. ", PAUSED), llm.OverloadedError("busy"))
    events = await seen(provider)
    check_grammar(events)
    failure = events[-2]
    assert isinstance(failure, llm.ErrorEvent)
    assert failure.error.partial is not None
    assert (failure.error.partial.text, failure.error.partial.usage.output_tokens) == ("One. ", 5)


async def test_a_later_turn_that_breaks_off_keeps_what_came_before() -> None:
    partial = llm.Response("Tw", finish_reason=llm.FinishReason.error)
    error = llm.StreamTruncated("cut", partial=partial)
    broken = Turn(
        [[llm.TextDelta("Tw")], [llm.ErrorEvent(error), llm.EndEvent(llm.FinishReason.error, partial)]], calls_begun=0
    )
    events = await seen(Provider(turn("One. ", PAUSED), broken))
    check_grammar(events)
    assert error.partial is not None
    assert error.partial.text == "One. Tw"


async def test_a_failure_of_the_first_turn_is_raised() -> None:
    with pytest.raises(llm.AuthError):
        await seen(Provider(llm.AuthError("no")))


async def test_it_can_be_closed_at_any_time() -> None:
    first = turn("One. ", PAUSED, reads=2)
    provider = Provider(first)
    source, _ = await Continued(provider.ask, REQUEST, 1).begin(*await provider.ask(REQUEST))
    source.close()
    assert first.closed


def test_two_turns_with_nothing_to_replay_are_joined_as_text() -> None:
    whole = joined(llm.Response("a", thinking="x"), llm.Response("b", thinking="y"))
    assert (whole.text, whole.thinking, whole.replay) == ("ab", "xy", ())


def test_whatever_events_say_is_joined() -> None:
    """A field that is folded from events holds what both turns said."""
    run, call = llm.ServerToolCall("run"), llm.ToolCall("c", "f")
    said: dict[str, Any] = {
        "text": "a",
        "thinking": "a",
        "tool_calls": (call,),
        "server_tools": (run,),
        "citations": (llm.Citation("https://host"),),
        "images": (llm.ImagePart(data=b"x"),),
        "audio": (llm.AudioPart(data=b"x"),),
        "usage": llm.Usage(1, 1),
    }
    assert set(said) == set(FOLDED), "give a new field a value here, and join it in call/continuation.py"
    whole = joined(llm.Response(**said), llm.Response(**said))
    for name, value in said.items():
        twice = llm.Usage(2, 2) if name == "usage" else value + value
        assert getattr(whole, name) == twice, name
