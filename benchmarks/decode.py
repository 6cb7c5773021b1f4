"""Frames to events: CPU per event and dialect, against untyped JSON and a walk to the text, which makes no event."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from aikido_llm.framing import Frame
from aikido_llm.providers import find
from aikido_llm.types.events import Event
from aikido_llm.types.messages import user
from aikido_llm.types.request import Request

from . import answers
from .measure import Row, Setting, median, pure

_BATCH = 60  # frames at a time, as reads of 16 KiB bring them


def run(setting: Setting) -> Iterator[Row]:
    count = setting.size(5000, 100)
    for dialect, provider in answers.PROVIDERS.items():
        batches = _batches(dialect, provider, f"text{count}")
        runs: dict[str, Callable[[], object]] = {"ours": _ours(provider, batches), "floor": _floor(dialect, batches)}
        times = pure(runs, setting.rounds(20), count)
        value, spread = median([mine / base for mine, base in zip(times["ours"], times["floor"], strict=True)])
        details = {"ns": median(times["ours"])[0], "floor ns": median(times["floor"])[0]}
        yield Row("decode", dialect, "ours", value, "× floor", spread, details=details)


def _batches(dialect: str, provider: str, answer: str) -> list[list[Frame]]:
    kind = answers.stream_type(dialect)
    framer = find(provider).dialect.framer(kind, stream=True, event_bytes=1 << 26, body_bytes=1 << 28)
    frames: list[Frame] = []
    framer.feed(b"".join(answers.events(dialect, answer)), frames)
    framer.close(frames)
    return [frames[at : at + _BATCH] for at in range(0, len(frames), _BATCH)]


def _ours(provider: str, batches: list[list[Frame]]) -> Callable[[], object]:
    dialect, request = find(provider).dialect, Request(messages=[user("hi")], model="m")

    def read() -> None:
        decoder = dialect.decoder(request)
        for frames in batches:
            out: list[Event] = []
            decoder.feed(frames, out)

    return read


def _floor(dialect: str, batches: list[list[Frame]]) -> Callable[[], object]:
    payloads = [data for frames in batches for _, data in frames if data[:1] == b"{"]
    decode, text_of = msgspec.json.decode, _WALKS[dialect]

    def read() -> None:
        texts: list[str] = []
        for payload in payloads:
            text = text_of(decode(payload))
            if text:
                texts.append(text)

    return read


def _responses(event: Any) -> Any:
    return event["delta"] if event["type"] == "response.output_text.delta" else None


def _anthropic(event: Any) -> Any:
    return event["delta"].get("text") if event["type"] == "content_block_delta" else None


def _cohere(event: Any) -> Any:
    return event["delta"]["message"]["content"].get("text") if event["type"] == "content-delta" else None


_WALKS: dict[str, Callable[[Any], Any]] = {
    "openai_chat": lambda chunk: chunk["choices"] and chunk["choices"][0]["delta"].get("content"),
    "openai_responses": _responses,
    "anthropic_messages": _anthropic,
    "gemini_generate": lambda chunk: chunk["candidates"][0]["content"]["parts"][0].get("text"),
    "cohere_chat": _cohere,
    "ollama_chat": lambda line: line["message"].get("content"),
}
