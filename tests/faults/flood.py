"""Much of little: `python -m tests.faults.flood NAME --events N --calls N` reads N tiny events and N tool calls.

In a process of its own, whose memory is limited, so that what grows without being kept ends it. Prints one JSON object:
seconds, peak MiB, and what was kept.
"""

import argparse
import json
import resource
import sys
import time
from typing import Any

from aikido_llm.call.answer import AnswerParser
from aikido_llm.types.events import EndEvent, ErrorEvent, Event
from aikido_llm.types.messages import user
from aikido_llm.types.request import Request
from tests.binary import event, wrapped
from tests.speakers import row_of

_REQUEST = Request((user("hi"),), model="m", max_tokens=9)
_PIECE = 64 * 1024  # bytes per read
MIB = 2**20

AWS = "application/vnd.amazon.eventstream"

# Name -> (provider, media type, head, an event without text, one with a letter, a tool call, tail); %d is a number.
WIRES: dict[str, tuple[str, str, str, str, str, str, str]] = {
    "openai_chat": (
        "vllm", "text/event-stream", "",
        'data: {"choices":[{"index":0,"delta":{}}]}\n\n',
        'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n',
        'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":%d,"id":"c%d","function":{"name":"f",'
        '"arguments":"{}"}}]}}]}\n\n',
        'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
    ),
    "openai_responses": (
        "openai-responses", "text/event-stream",
        'data: {"type":"response.created","response":{"id":"r"}}\n\n',
        'data: {"type":"response.in_progress","response":{"id":"r"}}\n\n',
        'data: {"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"a"}\n\n',
        'data: {"type":"response.output_item.done","output_index":%d,"item":{"type":"function_call","call_id":"c%d",'
        '"name":"f","arguments":"{}"}}\n\n',
        'data: {"type":"response.completed","response":{"id":"r","status":"completed"}}\n\n',
    ),
    "anthropic_messages": (
        "anthropic", "text/event-stream",
        'data: {"type":"message_start","message":{"id":"m"}}\n\n'
        'data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n',
        'data: {"type":"ping"}\n\n',
        'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}\n\n',
        'data: {"type":"content_block_start","index":%d,"content_block":{"type":"tool_use","id":"c%d","name":"f",'
        '"input":{}}}\n\n',
        'data: {"type":"message_delta","delta":{"stop_reason":"end_turn"}}\n\ndata: {"type":"message_stop"}\n\n',
    ),
    "gemini_generate": (
        "gemini", "text/event-stream", "",
        'data: {"candidates":[{"content":{"parts":[]}}]}\n\n',
        'data: {"candidates":[{"content":{"parts":[{"text":"a"}]}}]}\n\n',
        'data: {"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"n":%d},"id":"c%d"}}]}}]}\n\n',
        'data: {"candidates":[{"finishReason":"STOP"}]}\n\n',
    ),
    "cohere_chat": (
        "cohere", "text/event-stream",
        'data: {"type":"message-start","id":"m"}\n\n',
        'data: {"type":"content-end","index":0}\n\n',
        'data: {"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"a"}}}}\n\n',
        'data: {"type":"tool-call-start","index":%d,"delta":{"message":{"tool_calls":{"id":"c%d","function":'
        '{"name":"f","arguments":"{}"}}}}}\n\n',
        'data: {"type":"message-end","delta":{"finish_reason":"COMPLETE"}}\n\n',
    ),
    "ollama_chat": (
        "ollama", "application/x-ndjson", "",
        '{"message":{"content":""},"done":false}\n',
        '{"message":{"content":"a"},"done":false}\n',
        '{"message":{"tool_calls":[{"id":"c%d","function":{"index":%d,"name":"f","arguments":{}}}]},"done":false}\n',
        '{"message":{"content":""},"done":true,"done_reason":"stop"}\n',
    ),
    "bedrock_converse": (  # a line is an event: its type, and its JSON
        "bedrock-converse", AWS,
        'messageStart {"role":"assistant"}\n',
        'contentBlockStop {"contentBlockIndex":0}\n',
        'contentBlockDelta {"contentBlockIndex":0,"delta":{"text":"a"}}\n',
        'contentBlockStart {"contentBlockIndex":%d,"start":{"toolUse":{"toolUseId":"c%d","name":"f"}}}\n',
        'messageStop {"stopReason":"end_turn"}\nmetadata {"usage":{}}\n',
    ),
    "bedrock_invoke": (  # what a `chunk` holds
        "bedrock:invoke", AWS,
        'chunk {"type":"message_start","message":{"id":"m","usage":{"input_tokens":1}}}\n',
        'chunk {"type":"ping"}\n',
        'chunk {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}\n',
        'chunk {"type":"content_block_start","index":%d,"content_block":{"type":"tool_use","id":"c%d","name":"f",'
        '"input":{}}}\n',
        'chunk {"type":"message_delta","delta":{"stop_reason":"end_turn"}}\nchunk {"type":"message_stop"}\n',
    ),
}  # fmt: skip


def as_sent(media_type: str, written: str) -> bytes:
    """What stands in `WIRES`, as it goes over the wire."""
    if media_type != AWS:
        return written.encode()
    lines = (line.partition(" ") for line in written.splitlines())
    return b"".join(framed(kind, data.encode()) for kind, _, data in lines)


def framed(kind: str, data: bytes) -> bytes:
    """A message of a type; a `chunk` wraps what it holds."""
    return wrapped(data) if kind == "chunk" else event(kind, data)


def read(name: str, *, empty: int = 0, letters: int = 0, calls: int = 0) -> list[Event]:
    """The last events of an answer of so many events, which is made while it is read."""
    provider, media_type, head, nothing, letter, call, tail = WIRES[name]
    answer = AnswerParser(row_of(provider).dialect, _REQUEST, stream=True, content_type=media_type)
    answer.feed(as_sent(media_type, head))
    for one, count in ((as_sent(media_type, nothing), empty), (as_sent(media_type, letter), letters)):
        batch = max(1, _PIECE // len(one))
        for start in range(0, count, batch):
            answer.feed(one * min(batch, count - start))
    for start in range(1, calls + 1, 500):
        numbers = range(start, min(start + 500, calls + 1))
        answer.feed(as_sent(media_type, "".join(call % (number, number) for number in numbers)))
    events = answer.feed(as_sent(media_type, tail))
    return events if answer.ended else [*events, *answer.eof()]


def peak() -> float:
    """MiB that this process has taken at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=tuple(WIRES))
    parser.add_argument("--events", type=int, default=10_000_000, help="half of them hold a letter, half nothing")
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--memory", type=int, default=2048, help="MiB of address space")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (options.memory * MIB,) * 2)
    report: dict[str, Any] = {"start_mib": peak()}
    for what, counts in (
        ("events", {"empty": options.events // 2, "letters": options.events // 2}),
        ("calls", {"calls": options.calls}),
    ):
        started = time.perf_counter()
        last = read(options.name, **counts)
        end = last[-1]
        assert isinstance(end, EndEvent)
        report[what] = {
            "seconds": round(time.perf_counter() - started, 2),
            "peak_mib": peak(),
            "text": len(end.response.text),
            "calls": len(end.response.tool_calls),
            "error": next((type(e.error).__name__ for e in last if isinstance(e, ErrorEvent)), None),
        }
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()
