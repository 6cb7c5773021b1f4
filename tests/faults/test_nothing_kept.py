"""What a stream was read with is freed when the stream is over, however it ended."""

import asyncio
import gc

import pytest

import aikido_llm as llm
from aikido_llm.call.answer import AnswerParser
from aikido_llm.testing import Answer, Fault, WireServer

STREAMS = 60
AT_ONCE = 20


@pytest.mark.parametrize(
    "fault",
    [Fault.stall(after_events=2), Fault.stall(), Fault.reset(after_events=2), Fault.close(after_events=2)],
    ids=str,
)
async def test_a_broken_stream_is_freed(fault: Fault) -> None:
    """aiohttp keeps the exception that ended a body; with its frames that would be all of ours."""
    request = llm.Request([llm.user("hi")], model="m")
    async with WireServer() as server:
        server.respond(lambda _: Answer("one two three", fault=fault))
        timeouts = llm.Timeouts(first_event=0.3, idle=0.3)
        async with llm.open("vllm", server.dsn("vllm"), retry=None, timeouts=timeouts) as client:

            async def read() -> None:
                for _ in range(STREAMS // AT_ONCE):
                    with pytest.raises(llm.ServerError):
                        await llm.collect(client.stream(request))

            await asyncio.gather(*(read() for _ in range(AT_ONCE)))
            await asyncio.sleep(0.05)
            gc.collect()
            left = sum(isinstance(thing, AnswerParser) for thing in gc.get_objects())
    assert left <= 1, f"{left} of {STREAMS} are still there"
