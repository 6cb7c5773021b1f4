"""The grammar checker: each wrong order is found and named by the promise that it breaks."""

from pathlib import Path

import pytest

import aikido_llm as llm
from aikido_llm.testing import BrokenPromise, check_grammar
from aikido_llm.testing.promises import PAGE, PROMISES
from aikido_llm.types.events import Event

CALL = llm.ToolCall("c", "look", "{}")
ERROR = llm.ServerError("it broke")


def end(reason: llm.FinishReason = llm.FinishReason.stop, response: llm.Response | None = None) -> llm.EndEvent:
    return llm.EndEvent(reason, response or llm.Response(finish_reason=reason))


@pytest.mark.parametrize(
    ("promise", "events"),
    [
        ("one-end", []),
        ("one-end", [llm.TextDelta("x")]),
        ("one-end", [end(), end()]),
        ("events", ["text", end()]),
        ("events", [llm.TextDelta(""), end()]),
        ("order", [llm.ErrorEvent(ERROR), llm.TextDelta("x"), end()]),
        ("calls", [llm.ToolCallEvent(0, CALL), end()]),
        ("calls", [llm.ToolCallStart(0, "c", "look"), end()]),
        ("fold", [llm.TextDelta("x"), end()]),
        ("fold", [end(llm.FinishReason.stop, llm.Response(finish_reason=llm.FinishReason.other))]),
        ("fold", [end(response=llm.Response(usage=llm.Usage(1, 1), finish_reason=llm.FinishReason.stop))]),
        ("failure", [end(llm.FinishReason.error)]),
        ("failure", [llm.ErrorEvent(ERROR), end()]),
        ("failure", [llm.ErrorEvent(ERROR), end(llm.FinishReason.error)]),
    ],
)
def test_what_breaks_which_promise(promise: str, events: list[Event]) -> None:
    with pytest.raises(BrokenPromise) as broken:
        check_grammar(events)
    assert broken.value.promise == promise
    assert f"promise {promise!r}: {PROMISES[promise]} ({PAGE})" in str(broken.value)


def test_usage_may_come_more_than_once_and_the_last_one_counts() -> None:
    last = llm.Usage(output_tokens=2)
    usage: list[Event] = [llm.UsageEvent(llm.Usage(output_tokens=1)), llm.TextDelta("x"), llm.UsageEvent(last)]
    check_grammar([*usage, end(response=llm.Response(text="x", usage=last, finish_reason=llm.FinishReason.stop))])


def test_the_page_has_every_promise() -> None:
    page = " ".join((Path(__file__).parents[2] / PAGE).read_text("utf-8").split())
    assert not [name for name, text in PROMISES.items() if f"**{name}**: {text}" not in page]
