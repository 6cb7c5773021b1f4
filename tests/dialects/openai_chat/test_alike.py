"""Chunks that are written as the one before are taken without being read again: with the same outcome, whatever stands
in them. Beside each answer stands its twin, in which no two chunks begin alike, so that each is read."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from aikido_llm.dialects.openai_chat import OpenAIChat
from aikido_llm.types.events import Event
from aikido_llm.types.response import Response
from tests import deep
from tests.wire import Road, error_of, response_of

_DELTAS = {
    "text": {"content": "@"},
    "thinking": {"content": None, "reasoning_content": "@"},
    "both spellings": {"content": "", "reasoning": "@", "reasoning_content": "@"},
    "a call": {"tool_calls": [{"index": 0, "function": {"arguments": "@"}}]},
}
_PIECES = ("one", " two", "\n", 'say "no"', "\u00e9\u4e16\U0001f600", "\u2028\u00a0", "\\", "", " three", "m", "c")
_BEHIND: tuple[dict[str, Any], ...] = (
    {},
    {"obfuscation": "x7"},
    {"p": "abcdef", "usage": None},
    {"obfuscation": "x-7"},
)


def payloads(delta: dict[str, Any], behind: dict[str, Any], pieces: tuple[str, ...] = _PIECES) -> list[bytes]:
    head = {"id": "c", "created": 1, "model": "m", "system_fingerprint": "f"}
    call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": ""}}
    chunks: list[Any] = [{**head, "choices": [{"index": 0, "delta": {"role": "assistant", "tool_calls": [call]}}]}]
    for piece in pieces:
        said = json.loads(json.dumps(delta).replace("@", json.dumps(piece)[1:-1]))
        chunks.append({**head, "choices": [{"index": 0, "delta": said, "finish_reason": None}], **behind})
    chunks.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]})
    return [json.dumps(chunk, separators=(",", ":"), ensure_ascii=False).encode() for chunk in chunks]


def read(chunks: list[bytes], *, twin: bool) -> list[Event]:
    spaced = (b"{" + b" " * place * twin + chunk[1:] if chunk[:1] == b"{" else chunk
              for place, chunk in enumerate(chunks))  # fmt: skip
    return Road(OpenAIChat()).read([b"data: %b\n\n" % chunk for chunk in (*spaced, b"[DONE]")])


def outcome(events: list[Event]) -> tuple[list[Event], type, Response]:
    """Without what an error quotes of the bytes."""
    return events[: -2 if error_of(events) else -1], type(error_of(events)), response_of(events)


@pytest.mark.parametrize("behind", _BEHIND, ids=lambda behind: ",".join(behind) or "nothing")
@pytest.mark.parametrize("delta", _DELTAS.values(), ids=_DELTAS)
def test_alike_or_not_the_answer_is_the_same(delta: dict[str, Any], behind: dict[str, Any]) -> None:
    chunks = payloads(delta, behind)
    assert outcome(read(chunks, twin=False)) == outcome(read(chunks, twin=True))
    assert read(chunks, twin=False)[3:], "and it says something"


def spoiled(chunk: bytes) -> Iterator[bytes]:
    for place in range(len(chunk)):
        yield chunk[:place]
        yield chunk[:1] + chunk[place:]
        yield chunk[:place] + b'x"}'
        yield chunk[:place] + chunk[place + 1 :]
        for wrong in (b'"', b"\\", b"\0", b"\xff", b"}", b"x"):
            yield chunk[:place] + wrong + chunk[place + 1 :]


@pytest.mark.deep
@pytest.mark.parametrize("behind", _BEHIND[:3], ids=lambda behind: ",".join(behind) or "nothing")
@pytest.mark.parametrize("delta", list(_DELTAS.values())[::3], ids=list(_DELTAS)[::3])
def test_a_chunk_that_is_spoiled_anywhere_is_noticed_as_when_it_is_read(
    delta: dict[str, Any], behind: dict[str, Any]
) -> None:
    chunks = payloads(delta, behind, ("one", "two", "three", "four"))
    for wrong in deep.share([*spoiled(chunks[3])], 6, chunks[3]):
        if wrong:
            changed = [*chunks[:3], wrong, *chunks[4:]]
            assert outcome(read(changed, twin=False)) == outcome(read(changed, twin=True)), wrong


def test_what_changes_and_changes_back_is_told_each_time() -> None:
    one, other = (payloads({"content": "@"}, {}, ("ab", "cd", "ef"))[1:-1] for _ in range(2))
    head, end = payloads({}, {}, ())
    changed = [chunk.replace(b'"f"', b'"g"', 1) for chunk in other]
    for middle in ([*one, *changed, *one], [*one, changed[0], *one]):
        answer = response_of(read([head, *middle, end], twin=False))
        assert answer == response_of(read([head, *middle, end], twin=True))
        assert answer.provider_data == {"system_fingerprint": "f"}
