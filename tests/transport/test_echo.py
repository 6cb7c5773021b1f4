"""The provider with no network."""

import aikido_llm as llm
from tests.wire import check_grammar


async def test_streams_the_last_user_message_word_by_word() -> None:
    async with llm.open("echo") as client:
        request = llm.Request(messages=[llm.user("first"), llm.assistant("x"), llm.user("one two  three\n")])
        events = [event async for event in client.stream(request)]
        check_grammar(events)
        assert [event.text for event in events if isinstance(event, llm.TextDelta)] == ["one", " two", "  three\n"]


async def test_stream_and_complete_give_equal_responses() -> None:
    async with llm.open("echo") as client:
        for text in ("hi", "", "  ", "a\u2028b \U0001f40b"):
            request = llm.Request(messages=[llm.user(text)])
            assert await llm.collect(client, request) == await client.complete(request)


async def test_parts_are_read() -> None:
    async with llm.open("echo") as client:
        assert (await client.chat(llm.user([llm.TextPart("a "), llm.TextPart("b")]))).text == "a b"


async def test_lists_itself() -> None:
    async with llm.open("echo") as client:
        assert [model.id for model in await client.list_models()] == ["echo"]
