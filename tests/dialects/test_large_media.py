"""Pictures and sound that are decoded while they come, against the plain road: the same events, for every wire."""

import base64
import json
import random
import sys
from typing import Any

import pytest
from attrs import evolve, frozen

from aikido_llm.dialects.gemini_generate import GeminiGenerate
from aikido_llm.dialects.ollama_chat import OllamaChat
from aikido_llm.dialects.openai_chat import OpenAIChat
from aikido_llm.dialects.openai_responses import OpenAIResponses
from aikido_llm.errors import StreamTruncated
from tests import deep
from tests.wire import ErrorFacts, Road, bytewise, comparable, error_of, random_pieces, response_of

PNG = b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(1500)
OTHER = b"GIF89a" + random.Random(2).randbytes(700)
WAV = b"RIFF    WAVEfmt " + random.Random(3).randbytes(600)


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def uri(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{text(data)}"


@frozen
class Case:
    road: Road
    frames: list[Any]
    images: tuple[bytes, ...] = ()
    audio: bytes = b""
    says: str = ""

    @property
    def body(self) -> bytes:
        if not self.road.stream:
            return json.dumps(self.frames[0]).encode()
        lines = [frame if isinstance(frame, str) else json.dumps(frame) for frame in self.frames]
        if self.road.content_type == "application/x-ndjson":
            return "\n".join(lines).encode()
        return "".join(f"data: {line}\n\n" for line in lines).encode()


CHAT, GEMINI = Road(OpenAIChat()), Road(GeminiGenerate())
RESPONSES, OLLAMA = Road(OpenAIResponses()), Road(OllamaChat(), content_type="application/x-ndjson")


def whole(road: Road) -> Road:
    return evolve(road, stream=False, content_type="application/json")


def chat(message: dict[str, Any], key: str = "delta") -> dict[str, Any]:
    return {"id": "c", "model": "m", "choices": [{"index": 0, key: message, "finish_reason": "stop"}]}


def gemini(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"candidates": [{"content": {"parts": list(parts)}, "finishReason": "STOP"}], "responseId": "r"}


def blob(data: bytes, kind: str = "image/png") -> dict[str, Any]:
    return {"inlineData": {"mimeType": kind, "data": text(data)}}


def drawn(data: bytes, kind: str = "image_generation_call") -> dict[str, Any]:
    return {"id": "i", "type": kind, "status": "completed", "output_format": "png", "result": text(data)}


def completed(*items: dict[str, Any]) -> dict[str, Any]:
    return {"id": "r", "object": "response", "status": "completed", "model": "m", "output": list(items)}


def events(*items: dict[str, Any]) -> list[Any]:
    done = [{"type": "response.output_item.done", "output_index": i, "item": item} for i, item in enumerate(items)]
    partial = {"type": "response.image_generation_call.partial_image", "partial_image_b64": text(OTHER)}
    return [partial, *done, {"type": "response.completed", "response": completed(*items)}]


MARK = "<1508 bytes of it>"  # a text that looks like one of our marks
CALL = {"index": 0, "id": "x", "function": {"name": "f", "arguments": json.dumps({"url": uri(PNG), "data": text(PNG)})}}
TWO = [{"type": "image_url", "image_url": {"url": uri(PNG)}}, {"image_url": uri(OTHER, "image/gif")}]

CASES = {
    "chat images": Case(CHAT, [chat({"content": "see", "images": TWO}), "[DONE]"], (PNG, OTHER), says="see"),
    "chat whole": Case(whole(CHAT), [chat({"content": "see", "images": TWO}, "message")], (PNG, OTHER), says="see"),
    "chat bare": Case(CHAT, [chat({"images": [{"b64_json": text(PNG)}, uri(OTHER)]}), "[DONE]"], (PNG, OTHER)),
    "chat parts": Case(CHAT, [chat({"content": [{"type": "text", "text": text(PNG)}, *TWO]}), "[DONE]"],
                       (PNG, OTHER), says=text(PNG)),
    "chat sound": Case(CHAT, [chat({"audio": {"data": text(WAV), "transcript": "hi"}}), "[DONE]"], audio=WAV),
    "chat text": Case(CHAT, [chat({"content": uri(PNG), "images": [TWO[0]]}), "[DONE]"], (PNG,), says=uri(PNG)),
    "chat call": Case(CHAT, [chat({"tool_calls": [CALL], "images": [{"url": "https://h/" + "a" * 900}]}), "[DONE]"]),
    "chat url": Case(CHAT, [chat({"images": [{"url": text(PNG)}]}), "[DONE]"]),
    "chat unknown part": Case(CHAT, [chat({"content": [{"type": "x", "data": text(PNG)}]}), "[DONE]"]),
    "gemini": Case(GEMINI, [gemini({"text": "see"}), gemini(blob(PNG), blob(OTHER))], (PNG, OTHER), says="see"),
    "gemini whole": Case(whole(GEMINI), [gemini(blob(PNG), {"text": MARK}, blob(OTHER))], (PNG, OTHER), says=MARK),
    "gemini list": Case(whole(GEMINI), [[gemini(blob(PNG)), gemini(blob(OTHER))]], (PNG, OTHER)),
    "gemini sound": Case(GEMINI, [gemini(blob(WAV, "audio/wav"))], audio=WAV),
    "gemini signed": Case(GEMINI, [gemini({**blob(PNG), "thoughtSignature": text(OTHER), "new": text(PNG)})], (PNG,)),
    "gemini call": Case(GEMINI, [gemini({"functionCall": {"name": "f", "args": {"data": text(PNG), **blob(PNG)}}})]),
    "gemini sketch": Case(GEMINI, [gemini({**blob(OTHER), "thought": True}, blob(PNG))], (PNG,)),
    "responses": Case(RESPONSES, events(drawn(PNG), drawn(OTHER)), (PNG, OTHER)),
    "responses whole": Case(whole(RESPONSES), [completed(drawn(PNG), drawn(OTHER))], (PNG, OTHER)),
    "responses at the end": Case(RESPONSES, events(drawn(PNG))[-1:], (PNG,)),
    "responses other item": Case(RESPONSES, events(drawn(PNG, "new_call"), drawn(OTHER)), (OTHER,)),
    "ollama": Case(OLLAMA, [{"model": "m", "message": {"content": "see", "images": [text(PNG), text(OTHER)]}},
                            {"model": "m", "done": True, "done_reason": "stop"}], (PNG, OTHER), says="see"),
    "ollama whole": Case(whole(OLLAMA), [{"model": "m", "message": {"images": [text(PNG)]}, "done": True,
                                          "done_reason": "stop"}], (PNG,)),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_both_roads_say_the_same(name: str) -> None:
    case = CASES[name]
    plain = evolve(case.road, media_from=sys.maxsize).read(case.body)
    response = response_of(plain)
    assert error_of(plain) is None
    if "url" not in name and "call" not in name:
        assert tuple(image.data for image in response.images) == case.images
        assert b"".join(sound.data or b"" for sound in response.audio) == case.audio
        assert response.text == case.says
    small = evolve(case.road, media_from=64)
    for pieces in (
        bytewise(case.body),
        *(random_pieces(case.body, seed, most) for seed in (1, 2) for most in (30, 900)),
    ):
        events = small.read(pieces)
        assert comparable(events) == comparable(plain)
        assert response_of(events).message == response.message


@pytest.mark.parametrize("name", CASES)
def test_pictures_do_take_the_road(name: str) -> None:
    """By the one difference that is meant: the raw body of a complete answer says how many bytes there were."""
    case = CASES[name]
    if case.road.stream:
        return
    raw = json.dumps(response_of(evolve(case.road, media_from=64).read(random_pieces(case.body, 5, 100))).raw)
    for image in case.images:
        assert f"<{len(image)} bytes " in raw
        assert text(image) not in raw
    plain = json.dumps(response_of(case.road.read(random_pieces(case.body, 5, 100))).raw)
    assert all(text(image) in plain for image in case.images), "small ones stay as they came"


@pytest.mark.deep
@pytest.mark.parametrize("name", CASES)
def test_a_broken_answer_reads_the_same(name: str) -> None:
    case = CASES[name]
    rng = random.Random(name)
    outside = [at for at, byte in enumerate(case.body) if byte in b'"{}[]:, ']
    for _ in deep.share(range(60), 4):
        at = rng.choice(outside)
        body = (
            case.body[:at]
            + rng.choice([b"", b'"', b"\\", b"}", b"\xff", b'\xff"', b"\n\n", b"1"])
            + case.body[at + 1 :]
        )
        pieces = list(random_pieces(body, at, rng.choice([5, 90, 900])))
        plain = evolve(case.road, media_from=sys.maxsize).read(pieces)
        assert kinds(evolve(case.road, media_from=64).read(pieces)) == kinds(plain)


def kinds(events: list[Any]) -> list[object]:
    """Events, and errors without their texts: those may say where the JSON is broken, and show some of it."""
    return [
        (fact.kind, fact.status, fact.code, fact.partial) if isinstance(fact, ErrorFacts) else fact
        for fact in comparable(events)
    ]


@pytest.mark.deep
@pytest.mark.parametrize("name", CASES)
def test_an_answer_that_breaks_off_inside_a_picture_is_truncated(name: str) -> None:
    case = CASES[name]
    body = case.body
    small = evolve(case.road, media_from=64)
    for data in (PNG, OTHER, WAV):
        start = body.find(text(data).encode())
        for size in deep.share(range(start, start + len(text(data)), 37), 4, data) if start >= 0 else ():
            assert isinstance(error_of(small.read(random_pieces(body[:size], size, 80))), StreamTruncated)
            plain = evolve(case.road, media_from=sys.maxsize).read(body[:size])
            assert comparable(small.read(random_pieces(body[:size], size, 80))) == comparable(plain)
