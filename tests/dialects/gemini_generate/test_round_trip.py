"""Answers that go back in the next request: verbatim to their provider, adapted for another."""

import base64
import json
from typing import Any

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from aikido_llm.codecs import json as _json
from aikido_llm.dialects.gemini_generate import GeminiGenerate
from aikido_llm.types.messages import Message, assistant, system, tool, user
from aikido_llm.types.request import Request
from aikido_llm.types.response import Response
from aikido_llm.types.tools import ToolCall
from tests.dialects.rules import gemini_generate as rules
from tests.wire import Road, response_of

DIALECT = GeminiGenerate()
SKIP = "skip_thought_signature_validator"
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()
THOUGHT: dict[str, Any] = {"text": "hm", "thought": True}
SIGNED: dict[str, Any] = {"text": "Look.", "thoughtSignature": "S1"}
CALL: dict[str, Any] = {
    "functionCall": {"name": "f", "id": "fc1", "args": {"b": 1, "a": 2.5}},
    "thoughtSignature": "S2",
}
SECOND: dict[str, Any] = {"functionCall": {"name": "g", "id": "fc2", "args": {}}}
CODE: dict[str, Any] = {"executableCode": {"language": "PYTHON", "code": "1"}}
IMAGE: dict[str, Any] = {"inlineData": {"mimeType": "image/png", "data": PNG}, "thoughtSignature": "S3"}


def answer(*parts: dict[str, Any]) -> Response:
    body = {"candidates": [{"content": {"parts": parts}, "finishReason": "STOP"}], "responseId": "r1"}
    road = Road(DIALECT, stream=False, content_type="application/json")
    return evolve(response_of(road.read(_json.dumps(body))), provider="gemini")


def contents_of(*messages: Message, provider: str = "gemini") -> Any:
    body = DIALECT.encode(Request(messages, model="m"), stream=True, provider=provider).body
    assert body is not None
    rules.check(body)
    return json.loads(_json.dumps(body))["contents"]


def turn_of(message: Message, provider: str = "gemini") -> Any:
    results = [tool(call.id, "ok") for call in message.tool_calls]
    return contents_of(user("go"), message, *results, provider=provider)[1]["parts"]


def test_a_signed_turn_goes_back_verbatim() -> None:
    parts = [THOUGHT, SIGNED, CODE, CALL, SECOND, {"text": "", "thoughtSignature": "S4"}]
    assert turn_of(answer(*parts).message) == parts


def test_pictures_go_back_in_their_place_and_are_kept_once() -> None:
    response = answer(SIGNED, IMAGE, {"text": "!"})
    assert turn_of(response.message) == [SIGNED, IMAGE, {"text": "!"}]
    assert PNG not in json.dumps(response.replay)


def test_a_turn_that_lost_its_pictures_is_encoded_afresh() -> None:
    message = evolve(answer(SIGNED, IMAGE).message, images=())
    assert turn_of(message) == [{"text": "Look."}]


def test_pieces_of_one_sound_go_back_as_one() -> None:
    sound = {"inlineData": {"mimeType": "audio/wav", "data": "eA=="}}
    assert turn_of(answer(sound, sound).message) == [{"inlineData": {"mimeType": "audio/wav", "data": "eHg="}}]


def test_results_carry_the_servers_ids() -> None:
    message = answer(CALL, SECOND).message
    results = contents_of(user("go"), message, tool("fc2", "2"), tool("fc1", "1"))[2]["parts"]
    assert [part["functionResponse"]["id"] for part in results] == ["fc1", "fc2"]


def test_a_call_without_id_goes_back_without_one_and_unsigned() -> None:
    message = answer({"functionCall": {"name": "f", "args": {}}}).message
    assert message.replay is None
    contents = contents_of(user("go"), message, tool(message.tool_calls[0].id, "1"))
    assert contents[1]["parts"] == [{"functionCall": {"name": "f", "args": {}}}]
    assert "id" not in contents[2]["parts"][0]["functionResponse"]


def test_an_edited_turn_keeps_its_calls_signatures() -> None:
    message = evolve(answer(SIGNED, CALL).message, content="Other.")
    assert turn_of(message) == [{"text": "Other."}, CALL]


def test_another_provider_gets_words_and_calls_without_signatures_and_ids() -> None:
    call = {"functionCall": {"name": "f", "args": {"b": 1, "a": 2.5}}, "thoughtSignature": SKIP}
    message = answer(THOUGHT, SIGNED, CALL, SECOND).message
    assert turn_of(message, "vertex") == [{"text": "Look."}, call, {"functionCall": {"name": "g", "args": {}}}]


def test_the_order_of_keys_in_arguments_is_kept() -> None:
    assert list(turn_of(answer(CALL).message)[0]["functionCall"]["args"]) == ["b", "a"]
    assert answer(CALL).tool_calls[0].arguments == '{"b":1,"a":2.5}'


# ---------------------------------------------------------------- any conversation keeps the wire's rules

_TEXTS = st.sampled_from(["", " ", "hi", "grüß\U0001f600"])
_IDS = st.sampled_from(["a", "b", "call_0", "we:ird id", ""])
_ARGUMENTS = st.sampled_from(["{}", '{"x": [1]}', "", "[1]", "{broken"])
_REPLIES = [answer(CALL, SECOND), answer(SIGNED, IMAGE), answer({"functionCall": {"name": "f"}}), answer(CODE, CALL)]


@st.composite
def _turns(draw: st.DrawFn) -> list[Message]:
    kind = draw(st.sampled_from(["system", "user", "assistant", "reply"]))
    if kind == "system":
        return [system(draw(_TEXTS))]
    if kind == "user":
        return [user(draw(_TEXTS))]
    if kind == "reply":
        said = draw(st.sampled_from(_REPLIES)).message
    else:
        made = [ToolCall(id, "f", draw(_ARGUMENTS)) for id in draw(st.lists(_IDS, max_size=3))]
        said = assistant(draw(_TEXTS), tool_calls=made)
    results = [tool(call.id, draw(_TEXTS), is_error=draw(st.booleans())) for call in said.tool_calls]
    between = [user(draw(_TEXTS))] if draw(st.booleans()) else []
    return [said, *between, *draw(st.permutations(results))]


@settings(max_examples=150, deadline=None)
@given(st.lists(_turns(), max_size=6), st.sampled_from(["gemini", "another"]))
def test_any_conversation_keeps_the_rules(turns: list[list[Message]], provider: str) -> None:
    contents_of(*(message for turn in turns for message in turn), provider=provider)
