"""What every bridge is asked to carry: one table of runs, and the bridges with what is random in them held still."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

from attrs import frozen

import aikido_llm as llm
from aikido_llm.bridges import ag_ui, openai_sse, sse, vercel_ui
from aikido_llm.bridges.base import Bridge
from aikido_llm.types.accumulate import Accumulator
from aikido_llm.types.logprobs import TokenLogprob

GOLDEN = Path(__file__).parent / "golden"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)
ADD = llm.ToolCall("call_1", "add", '{"a":1}')
TWICE = llm.ToolCall("call_2", "add", '{"a":2}')
SEARCH = llm.ServerToolCall("run_1", "web_search", "web_search", '{"query":"whales"}', output='{"hits":2}')

Run: TypeAlias = Sequence[llm.RunEvent]


def answer(*events: llm.Event | str, reason: str = "stop", usage: tuple[int, int] = (11, 7), **facts: object) -> Run:
    """One whole answer. Text becomes a delta a word; its end is made."""
    said: list[llm.Event] = []
    for event in events:
        said += [llm.TextDelta(word) for word in event.split("|")] if isinstance(event, str) else [event]
    said.append(llm.UsageEvent(llm.Usage(*usage)))
    folded = Accumulator()
    for event in said:
        folded.add(event)
    finish_reason = llm.FinishReason(reason)
    response = folded.response(finish_reason=finish_reason, model="a-model", provider="a-host", **facts)
    failed = finish_reason in ("error", "content_filter")
    kind = llm.ContentFilteredError if reason == "content_filter" else llm.StreamTruncated
    errors = [llm.ErrorEvent(kind("it broke at the socket", partial=response), finish_reason)] if failed else []
    return [*said, *errors, llm.EndEvent(finish_reason, response)]


def call(index: int, made: llm.ToolCall, *, cut: bool = False) -> list[llm.Event]:
    half = len(made.arguments) // 2
    begun: list[llm.Event] = [
        llm.ToolCallStart(index, made.id, made.name),
        llm.ToolCallDelta(index, made.arguments[:half]),
    ]
    return begun if cut else [*begun, llm.ToolCallDelta(index, made.arguments[half:]), llm.ToolCallEvent(index, made)]


def result(made: llm.ToolCall, text: str, *, is_error: bool = False) -> llm.ToolResultEvent:
    return llm.ToolResultEvent(made, llm.tool(made, text, is_error=is_error))


# Name -> the events of a run.
SCENARIOS: dict[str, Run] = {
    "text": answer('Grüße |🐋, with\nlines |and "quotes" \u2028.'),
    "thinking": answer(llm.ThinkingDelta("Two "), llm.ThinkingDelta("and two."), "So: |4."),
    "one_tool": answer("I add.", *call(0, ADD), reason="tool_calls"),
    "two_tools": answer(*call(0, ADD), *call(1, TWICE), reason="tool_calls", usage=(12, 9)),
    "tool_results": [
        *answer("I add.", *call(0, ADD), *call(1, TWICE), reason="tool_calls"),
        result(ADD, '{"sum":2}'),
        result(TWICE, "KeyError: no such number", is_error=True),
        *answer("2 |in all.", usage=(30, 4)),
    ],
    "pictures": answer("Here: ", llm.ImageEvent(llm.ImagePart(data=PNG)), "there."),
    "sources": answer(
        llm.ServerToolStart(0, SEARCH.id, SEARCH.name),
        llm.ServerToolEvent(0, SEARCH),
        "Whales sing.",
        llm.CitationEvent(llm.Citation("https://host/a", "A page", "they sing", start=0, end=12)),
        llm.CitationEvent(llm.Citation(title="My notes", cited_text="sing", document="notes.txt", start=0, end=6)),
        llm.CitationEvent(llm.Citation("https://host/a", "A page", "and again", start=7, end=12)),
    ),
    "sound": answer(
        llm.AudioEvent(llm.AudioPart(data=b"ID3a", content_type="audio/mpeg", transcript="Hel")),
        llm.AudioEvent(llm.AudioPart(data=b"ID3b", content_type="audio/mpeg", transcript="lo")),
    ),
    "length": answer("It |began", reason="length"),
    "cut_call": answer("I add.", *call(0, ADD, cut=True), reason="length"),
    "content_filter": answer("It |began", reason="content_filter"),
    "broken": answer("It |began", reason="error"),
    "choices": answer(
        "Heads",
        choices=(llm.Response("Tails", tool_calls=(ADD,), finish_reason=llm.FinishReason.tool_calls),),
        logprobs=(TokenLogprob("Heads", -0.5, (TokenLogprob("Tails", -0.75),)),),
    ),
}


async def played(events: Iterable[llm.RunEvent]) -> AsyncIterator[llm.RunEvent]:
    for event in events:
        yield event


@frozen
class Row:
    """A bridge, as the tests make it."""

    name: str
    make: Callable[..., Bridge]

    async def bytes(self, events: Iterable[llm.RunEvent], *, thinking: bool = True, errors: bool = False) -> bytes:
        events = list(events)
        options = {"thinking": thinking, "errors": errors}
        if self.name == "openai_sse":
            options["run"] = any(isinstance(event, llm.ToolResultEvent) for event in events)
        return b"".join([chunk async for chunk in self.make(played(events), **options)])

    @property
    def golden(self) -> Path:
        return GOLDEN / f"{self.name}.txt"

    async def written(self) -> str:
        """What it makes of every scenario, in one text."""
        made = [(name, await self.bytes(events)) for name, events in SCENARIOS.items()]
        return "".join(f"=== {name}\n{text.decode()}" for name, text in made)

    def read(self) -> dict[str, str]:
        """That text -> scenario and its bytes, as text."""
        _, *parts = self.golden.read_text("utf-8").split("=== ")
        return dict(part.split("\n", 1) for part in parts)


def _chunks(events: AsyncIterator[llm.RunEvent], **options: bool) -> Bridge:
    return openai_sse(events, model="a-model", id="chatcmpl-1", created=1764460800, **options)


def _run(events: AsyncIterator[llm.RunEvent], **options: bool) -> Bridge:
    return ag_ui(events, "thread_1", "run_1", **options)


ROWS = (Row("openai_sse", _chunks), Row("vercel_ui", vercel_ui), Row("ag_ui", _run), Row("sse", sse))
