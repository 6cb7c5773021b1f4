"""What looks at text that others wrote, and how its work grows. `python -m tests.growth` prints the table.

Each row makes a job of size n: its time at n and 4n must grow as n does. What is compared are times of the thread's own
processor, and only their ratio: a machine that is busy makes both slower. What disturbs a run makes it longer, so the
best of several is n's, lest a square be taken for a line; 4n's is measured once.
"""

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from attrs import frozen

import aikido_llm as llm
from aikido_llm.call.answer import AnswerParser
from aikido_llm.codecs import dense, json
from aikido_llm.dialects import embeddings, envelope, noise, paths, rankings, waits
from aikido_llm.dialects.base import ErrorReply
from aikido_llm.dialects.late_system import refused_late_system
from aikido_llm.dialects.restated import restated
from aikido_llm.dialects.status import page_text
from aikido_llm.dialects.verbs import Embedding
from aikido_llm.errors import LLMError, MalformedStream
from aikido_llm.framing import STRAY, Frame
from aikido_llm.framing.eventstream import EventStreamFramer
from aikido_llm.framing.json_array import JSONArrayFramer
from aikido_llm.framing.lines import LineSplitter
from aikido_llm.framing.ndjson import NDJSONFramer
from aikido_llm.framing.sse import SSEFramer
from aikido_llm.secret import Secret, hide, scrub
from aikido_llm.structured.growing import GrowingObject
from tests.binary import message as checked
from tests.faults import flood
from tests.faults.table import DIALECTS
from tests.speakers import row_of

Job: TypeAlias = Callable[[], object]
KEY = Secret("sk-canary-0123456789abcdef")
MANY = 1 << 40
LINEAR = 8.0  # most of t(4n) / t(n): 4 is linear, 16 the square
_SHORTEST = 0.002  # s: a shorter job is made larger before it is measured
_LONG = 0.02  # s: what takes so long is little disturbed
_LARGEST = 1 << 17


@frozen
class Growth:
    """One job. modules: those it measures, as `aikido_llm` has them. make: n -> what is timed. start: the first n."""

    name: str
    modules: tuple[str, ...]
    make: Callable[[int], Job]
    start: int = 1000


@frozen
class Measured:
    """Seconds at n and 4n."""

    n: int
    times: tuple[float, float]

    @property
    def ratio(self) -> float:
        return self.times[1] / self.times[0]


def measure(row: Growth, best_of: int = 1) -> Measured:
    """best_of: how often the longer one is run. What it takes of memory for the first time costs time too, which is no
    growth of the work: behind some size that is several times what the job itself takes."""
    n = row.start
    while (seconds := _seconds(row.make(n), 1)) < _SHORTEST and n < _LARGEST:
        n *= 2
    one = min(seconds, _seconds(row.make(n), 2)) if seconds < _LONG else seconds
    return Measured(n, (one, _seconds(row.make(4 * n), best_of)))


def _seconds(job: Job, best_of: int) -> float:
    best = float("inf")
    for _ in range(best_of):
        begun = time.thread_time()
        job()
        best = min(best, time.thread_time() - begun)
    return best


# ---------------------------------------------------------------- the jobs

# Beginnings of what the patterns look for, again and again: where a pattern may begin anywhere and run on, the work
# grows with the square.
UNITS = (
    "a-b_", "sk-canary", "sk-", "AIza", "http://", "http://a?", "http://a@", "authorization: ", "bearer a", "api_key=",
    "ab*", "sk-a.", "a" * 50, " ", "<title", "<script>", "<", "invalid model ", "models ", "try again in 1", "wrong ",
    "retry after 1m", "{", '{"error":', "rate limit of ", "1", "\\", '"', "%", "%25", "&amp;",
)  # fmt: skip


def _on_text(look: Callable[[str], object]) -> Callable[[int], Job]:
    """look at each of the units, repeated to n characters each."""

    def make(n: int) -> Job:
        texts = [(unit * (n // len(unit) + 1))[:n] for unit in UNITS]
        return lambda: [look(text) for text in texts]

    return make


def _strays(text: str) -> object:
    frame = (text.encode() + b"\n") * 2
    try:
        return list(noise.sift(STRAY, frame, noise.Marks(["choices"]), MalformedStream))
    except LLMError as error:
        return error


def _status(provider: str) -> Callable[[str], object]:
    dialect = row_of(provider).dialect

    def look(text: str) -> object:
        body = json.dumps({"error": {"message": text, "type": text, "code": text}, "message": text})
        return dialect.decode_error(ErrorReply(500, {"retry-after": text}, body)).scrubbed(KEY)

    return look


def _page(provider: str) -> Callable[[str], object]:
    dialect = row_of(provider).dialect
    return lambda text: dialect.decode_error(ErrorReply(500, {}, text.encode())).scrubbed(KEY)


def _inside(dialect: str) -> Callable[[str], object]:
    def look(text: str) -> object:
        error = {"type": "error", "error": {"message": text, "type": text, "code": text}}
        return _read(dialect, [_event(dialect, error)])

    return look


def _event(dialect: str, value: Any) -> bytes:
    line = json.dumps(value)
    return line + b"\n" if dialect == "ollama_chat" else b"data: " + line + b"\n\n"


def _read(dialect: str, pieces: list[bytes]) -> object:
    provider, media_type, head, *_ = flood.WIRES[dialect]
    request = llm.Request([llm.user("hi")], model="m", max_tokens=9)
    parser = AnswerParser(row_of(provider).dialect, request, stream=True, content_type=media_type, secrets=(KEY,))
    parser.feed(head.encode())
    for piece in pieces:
        parser.feed(piece)
    return parser.eof()


def _framed(make: Callable[[], Any], unit: bytes, size: int) -> Callable[[int], Job]:
    """unit, repeated to n pieces of `size` bytes, none of which ends a frame."""

    def job(n: int) -> Job:
        piece = (unit * (size // len(unit) + 1))[:size]

        def run() -> None:
            framer, out = make(), list[Frame]()
            for _ in range(n):
                framer.feed(piece, out)

        return run

    return job


def _message_by(size: int) -> Callable[[int], Job]:
    """One message of an event stream that n pieces make up."""

    def job(n: int) -> Job:
        body = checked(b"", bytes(n * size))

        def run() -> None:
            framer, out = EventStreamFramer(MANY), list[Frame]()
            for at in range(0, len(body), size):
                framer.feed(body[at : at + size], out)
            assert len(out) == 1

        return run

    return job


def _many_headers(n: int) -> Job:
    """n headers, as many in each message as there may be."""
    most = 26_000
    body = checked(b"\1h\7\0\0" * most, b"") * (n // most) + checked(b"\1h\7\0\0" * (n % most), b"")
    return lambda: EventStreamFramer(MANY).feed(body, [])


def _lines(n: int) -> Job:
    def run() -> None:
        lines = LineSplitter(MANY)
        for _ in range(n):
            lines.feed(b"xxxx")
        lines.close()

    return run


def _deltas(value: Callable[[int], Any], size: int) -> Callable[[int], Job]:
    def make(n: int) -> Job:
        text = json.text(value(n))

        def run() -> None:
            growing = GrowingObject()
            for at in range(0, len(text), size):
                growing.feed(text[at : at + size])
                growing.partial()

        return run

    return make


def _openai(delta: Callable[[int], Any]) -> Callable[[int], Job]:
    def make(n: int) -> Job:
        pieces = [_event("openai_chat", {"choices": [{"index": 0, "delta": delta(i)}]}) for i in range(n)]
        return lambda: _read("openai_chat", pieces)

    return make


def _text_detail(i: int) -> Any:
    return {"reasoning_details": [{"type": "reasoning.text", "text": "x", "index": i}]}


def _secret_detail(i: int) -> Any:
    return {"reasoning_details": [{"type": "reasoning.encrypted", "data": "x", "index": 0, "id": f"r{i}"}]}


def _repeated_name(first: str, rest: str) -> Callable[[int], Any]:
    return lambda i: {"tool_calls": [{"index": 0, "function": {"name": "f", "arguments": rest if i else first}}]}


def _encoded(provider: str, messages: Callable[[int], list[llm.Message]]) -> Callable[[int], Job]:
    dialect = row_of(provider).dialect

    def make(n: int) -> Job:
        tools = (llm.ToolDef("f", "", {"type": "object"}),)
        request = llm.Request([llm.user("hi"), *messages(n)], model="m", max_tokens=99, tools=tools)
        return lambda: dialect.encode(request, stream=True, provider=provider)

    return make


def _results(n: int) -> list[llm.Message]:
    """One turn with n calls, and their results."""
    calls = tuple(llm.ToolCall(f"c{i}", "f", "{}") for i in range(n))
    return [llm.Message(llm.Role.assistant, (), tool_calls=calls), *(llm.tool(f"c{i}", "ok") for i in range(n))]


def _turns(n: int) -> list[llm.Message]:
    """n turns with a call of one and the same id."""
    call = llm.Message(llm.Role.assistant, (), tool_calls=(llm.ToolCall("call_0", "f", "{}"),))
    return [call, llm.tool("call_0", "ok")] * n


def _tiny_events(dialect: str) -> Callable[[int], Job]:
    return lambda n: lambda: flood.read(dialect, empty=n, letters=n)


def _dense(n: int) -> Job:
    data = b'{"open": [' + b'{"a": [{}, "b"]},' * n + b'1], "z": [' + b"{}," * n + b"1]}"
    return lambda: dense.bounded(data, ("open",), (), MANY)


def _counted(n: int) -> Job:
    """A document in n pieces, most of them within one text."""
    pieces = [b'{"a": ["', *[b'a, b: {c} \\n \\\\ \\"d\\"'] * n, b'", {}]}']
    counter = dense.Counter()
    return lambda: [counter.feed(piece) for piece in pieces]


def _calls(dialect: str) -> Callable[[int], Job]:
    return lambda n: lambda: flood.read(dialect, calls=n)


def _vectors(n: int) -> Job:
    """n of them, told from the last to the first."""
    items = [{"index": index, "embedding": [index, 0.5]} for index in reversed(range(n))]
    body = json.dumps({"data": items})
    return lambda: embeddings.decode(body, n, Embedding())


def _ranking(n: int) -> Job:
    body = json.dumps({"results": [{"index": index, "relevance_score": index % 7} for index in range(n)]})
    return lambda: rankings.decode(body, n)


def _cited(dialect: str, answer: Callable[[Any, Any], Any]) -> Callable[[int], Job]:
    """n citations that share an object of n fields."""

    def make(n: int) -> Job:
        fields = {f"k{number}": number for number in range(n)}
        pieces = [_event(dialect, event) for event in answer(fields, n)]
        return lambda: _read(dialect, pieces)

    return make


def _one_source(fields: Any, n: int) -> Any:
    """One source of many fields, and one support, both cited n times."""
    grounding = {
        "groundingChunks": [{"web": {"uri": "u"}, **fields}],
        "groundingSupports": [{"segment": {"endIndex": 1}, **fields, "groundingChunkIndices": [0] * n}],
    }
    return [{"candidates": [{"content": {"parts": [{"text": "a"}]}, "groundingMetadata": grounding}]}]


def _one_citation(fields: Any, n: int) -> Any:
    """One citation of many fields with n sources."""
    citation = {"start": 0, "end": 1, "text": "a", **fields, "sources": [{"type": "document", "id": "d"}] * n}
    return [{"type": "citation-start", "index": 0, "delta": {"message": {"citations": citation}}}]


def _rows() -> Iterator[Growth]:
    yield Growth("scrub", ("secret",), _on_text(lambda text: scrub(text, KEY)))
    yield Growth(
        "hide, a key with other letters", ("secret",), _on_text(lambda text: hide(text, Secret("a-b_c.d+e/f=")))
    )
    yield Growth(
        "an error's texts",
        ("errors", "secret"),
        _on_text(lambda text: llm.LLMError(text, code=text).scrubbed(KEY)),
        16_000,
    )
    yield Growth("vectors", ("dialects.embeddings", "dialects.vectors"), _vectors)
    yield Growth("a ranking", ("dialects.rankings",), _ranking)
    yield Growth("stray lines", ("dialects.noise",), _on_text(_strays))
    yield Growth("arguments said again", ("dialects.restated",), _on_text(lambda text: restated("{" + text, [text])))
    yield Growth("the text of a page", ("dialects.status",), _on_text(page_text))
    yield Growth("a wait in words", ("dialects.waits",), _on_text(waits.of_text))
    yield Growth(
        "the words of an error",
        ("dialects.words", "dialects.wrong_wire", "dialects.envelope"),
        _on_text(lambda text: envelope.in_band({"error": {"message": text, "code": text}})),
        16_000,
    )
    yield Growth("a system message is refused", ("dialects.late_system",), _on_text(refused_late_system))
    yield Growth(
        "a cursor in a URL", ("dialects.paths",), _on_text(lambda text: (paths.cursor(text), paths.query(text)))
    )
    yield Growth("a document of small values", ("codecs.dense",), _dense, 100_000)
    yield Growth("values in pieces of text", ("codecs.dense",), _counted)
    for dialect, provider in DIALECTS.items():
        room = f"dialects.{dialect}"
        yield Growth(
            f"an HTTP error, {dialect}",
            (room, "dialects.envelope", "dialects.words"),
            _on_text(_status(provider)),
            16_000,
        )
        yield Growth(f"an error page, {dialect}", (room, "dialects.status"), _on_text(_page(provider)))
        yield Growth(f"an error inside, {dialect}", (room, "call.answer"), _on_text(_inside(dialect)), 16_000)
        yield Growth(f"tiny events, {dialect}", (room, "types.accumulate"), _tiny_events(dialect), 200)
        yield Growth(f"calls, {dialect}", (room, "dialects.toolcalls"), _calls(dialect), 100)
        yield Growth(f"encode n results, {dialect}", (room, "dialects.turns"), _encoded(provider, _results), 100)
        yield Growth(f"encode n turns, {dialect}", (room, "dialects.turns"), _encoded(provider, _turns), 100)
    for unit, size in ((b"x", 1), (b"x", 4000), (b"data:\n", 6), (b": x\n", 400), (b"x: y\n", 500), (b"\r", 1)):
        yield Growth(
            f"SSE, {unit!r} by {size}", ("framing.sse", "framing.lines"), _framed(lambda: SSEFramer(MANY), unit, size)
        )
    for unit, size in ((b"[", 1), (b'"', 1), (b"\\", 1), (b'"\\\\', 300), (b"[{", 300), (b'"a",', 300), (b'["', 3)):
        yield Growth(f"a list, {unit!r} by {size}", ("framing.json_array",), _list_of(unit, size))
    yield Growth("NDJSON by 3", ("framing.ndjson",), _framed(lambda: NDJSONFramer(MANY), b"x", 3))
    yield Growth("an event stream by 40", ("framing.eventstream",), _message_by(40))
    yield Growth("event stream headers", ("framing.eventstream",), _many_headers)
    yield Growth("a line by 4", ("framing.lines",), _lines)
    yield Growth(
        "stream_as, n objects", ("structured.growing",), _deltas(lambda n: {"a": [{"k": 1, "b": "c"}] * n}, 24), 200
    )
    yield Growth("stream_as, n letters", ("structured.growing",), _deltas(lambda n: {"a": "x" * n}, 4))
    yield Growth("stream_as, n digits", ("structured.growing",), _deltas(lambda n: {"a": ["1" * n]}, 4))
    yield Growth(
        "stream_as, n keys", ("structured.growing",), _deltas(lambda n: {f"k{i}": i for i in range(n)}, 4), 200
    )
    yield Growth("stream_as, n escapes", ("structured.growing",), _deltas(lambda n: {"a": '"\\\n' * n}, 4), 200)
    yield Growth("citations, gemini", ("dialects.gemini_generate",), _cited("gemini_generate", _one_source), 200)
    yield Growth("citations, cohere", ("dialects.cohere_chat",), _cited("cohere_chat", _one_citation), 200)
    yield Growth("reasoning details, n indexes", ("dialects.openai_chat",), _openai(_text_detail), 100)
    yield Growth("reasoning details, n ids", ("dialects.openai_chat",), _openai(_secret_detail), 100)
    yield Growth(
        "repeated names, broken",
        ("dialects.toolcalls", "dialects.brackets"),
        _openai(_repeated_name('{"a":[{}', "{}")),
        100,
    )
    yield Growth(
        "repeated names, cut",
        ("dialects.toolcalls", "dialects.brackets"),
        _openai(_repeated_name('{"a":"{}', "{}")),
        100,
    )
    yield Growth(
        "repeated names, whole",
        ("dialects.toolcalls", "dialects.brackets"),
        _openai(_repeated_name("{}", '{"a":1}')),
        100,
    )


def _list_of(unit: bytes, size: int) -> Callable[[int], Job]:
    def make() -> JSONArrayFramer:
        framer = JSONArrayFramer(MANY, MANY)
        framer.feed(b'[{"a": ', [])
        return framer

    return _framed(make, unit, size)


GROWTH = tuple(_rows())


def main() -> int:
    wanted = sys.argv[1:]
    print("| what | n | t(n), ms | t(4n), ms | t(4n) / t(n) |\n|---|---|---|---|---|")
    for row in GROWTH:
        if not wanted or any(word in row.name for word in wanted):
            measured = measure(row)
            times = " | ".join(f"{seconds * 1000:.1f}" for seconds in measured.times)
            print(f"| {row.name} | {measured.n:,} | {times} | {measured.ratio:.1f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
