"""A row of several wires over a real socket: errors name the wire that would do, turns go back to the one they came
from."""

import json
from typing import Any

import pytest

import aikido_llm as llm
from aikido_llm.testing import Answer, WireServer
from aikido_llm.types.messages import fingerprint

ROWS = ("openai", "azure", "openai-responses", "openai-chat")
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt "
SPOKEN = llm.user("What is it?", audio=[llm.AudioPart(data=WAV)])
CHAT_ALONE: dict[str, dict[str, Any]] = {
    "stop": {"stop": ("\n\n",)},
    "seed": {"seed": 7},
    "audio out": {"modalities": ("text", "audio")},
}
WRONG_WIRE = {
    "chat": "Function tools with reasoning_effort are not supported for m in /v1/chat/completions. To use function "
    "tools, use /v1/responses or set reasoning_effort to 'none'.",
    "responses": "The requested model 'm' is not supported with the Responses API.",
}
OTHER = {"chat": "responses", "responses": "chat"}


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("fields", CHAT_ALONE.values(), ids=CHAT_ALONE)
async def test_what_one_wire_has_no_word_for_names_the_other(row: str, fields: dict[str, Any]) -> None:
    async with WireServer() as server, llm.open(row, server.dsn(row, "responses")) as client:
        for ask in (client.chat("hi", **fields), client.chat_stream("hi", **fields).__anext__()):
            with pytest.raises(llm.UnsupportedFeatureError, match=r"\(wire=chat carries it\)"):
                await ask
        with pytest.raises(llm.UnsupportedFeatureError, match=r"\(wire=chat carries it\)"):
            await client.chat([SPOKEN])
        assert not server.received
    async with WireServer() as server, llm.open(row, server.dsn(row, "chat")) as client:
        await client.chat("hi", **fields)
        assert not server.refused
        with pytest.raises(llm.UnsupportedFeatureError, match=r"\(wire=responses carries it\)"):
            await client.chat([llm.user([llm.FilePart(url="https://x.example/a.pdf")])])


async def test_a_wire_is_named_only_when_it_would_do() -> None:
    async with WireServer() as server:
        async with llm.open("openai", server.dsn("openai", "responses")) as client:
            with pytest.raises(llm.UnsupportedFeatureError) as caught:
                await client.chat("hi", seed=7, modalities=("text", "image"))
            assert "wire=" not in str(caught.value)
        async with llm.open("vllm", server.dsn("vllm")) as client:
            with pytest.raises(llm.UnsupportedFeatureError) as caught:
                await client.chat("hi", modalities=("text", "audio"))
            assert "wire=" not in str(caught.value)


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("wire", WRONG_WIRE)
@pytest.mark.parametrize("status", [400, 404, 200])
async def test_the_wrong_wire_for_a_model_names_the_option(row: str, wire: str, status: int) -> None:
    """status 200: an error inside of it."""
    failure = Answer(message=WRONG_WIRE[wire], status=status)
    if status == 200:
        failure = Answer(message=WRONG_WIRE[wire], finish_reason=llm.FinishReason.error)
    hint = rf"the wrong wire for this model: open the client with wire={OTHER[wire]}"
    async with WireServer() as server, llm.open(row, server.dsn(row, wire), retry=None) as client:
        server.answer(failure)
        with pytest.raises(llm.InvalidRequestError, match=hint) as caught:
            await client.chat("hi")
        assert type(caught.value) is llm.InvalidRequestError
        assert str(caught.value).count("wire=") == 1
        server.answer(failure)
        with pytest.raises(llm.InvalidRequestError, match=hint):
            await llm.collect(client.chat_stream("hi"))


async def test_a_row_of_one_wire_repeats_what_the_server_said() -> None:
    async with WireServer() as server, llm.open("groq", server.dsn("groq"), retry=None) as client:
        server.answer(Answer(message=WRONG_WIRE["chat"], status=400))
        with pytest.raises(llm.InvalidRequestError) as caught:
            await client.chat("hi")
        assert "wire=" not in str(caught.value)


def turn(provider: str, wire: str, *items: Any) -> llm.Message:
    text = "Fourteen."
    return llm.Message("assistant", text, replay=llm.Replay(provider, items, fingerprint(text, ()), wire=wire))


REASONED: dict[str, Any] = {"type": "reasoning", "summary": [], "encrypted_content": "Z0FBQUE="}
SAID: dict[str, Any] = {
    "type": "message",
    "role": "assistant",
    "content": [{"type": "output_text", "text": "Fourteen."}],
}
HEARD: dict[str, Any] = {"audio": {"id": "audio_77"}}


@pytest.mark.parametrize(
    ("row", "wire", "written", "goes_back"),
    [
        ("openai", "responses", "openai_responses", True),
        ("openai", "responses", "openai_chat", False),
        ("openai", "responses", "", False),  # written by 0.1, when the row spoke chat alone
        ("openai", "chat", "openai_chat", True),
        ("openai", "chat", "openai_responses", False),
        ("openai", "chat", "", True),
        ("azure", "responses", "", False),
        ("azure", "chat", "", True),
        ("openai-responses", "responses", "", True),
        ("openai-responses", "chat", "", False),
        ("openai-chat", "chat", "openai_chat", True),
        ("openai-chat", "chat", "", False),  # there was no such row
    ],
)
async def test_a_turn_goes_back_to_the_wire_that_it_came_from(
    row: str, wire: str, written: str, goes_back: bool
) -> None:
    of_responses = written == "openai_responses" or (not written and row == "openai-responses")
    items: tuple[dict[str, Any], ...] = (REASONED, SAID) if of_responses else (HEARD,)
    mark = b"Z0FBQUE=" if of_responses else b"audio_77"
    messages = [llm.user("How many?"), turn(row, written, *items), llm.user("And now?")]
    async with WireServer() as server, llm.open(row, server.dsn(row, wire)) as client:
        await client.chat(messages)
        await llm.collect(client.chat_stream(messages))
        assert not server.refused
        for request in server.received:
            assert (mark in request.raw) is goes_back
            assert b"Fourteen." in request.raw or "audio" in json.loads(request.raw)["messages"][1]
    assert messages[1].replay is not None, "the caller's own messages stay as they are"
