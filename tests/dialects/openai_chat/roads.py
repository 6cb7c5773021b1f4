"""The roads of this wire, and what holds for every answer that is read on them."""

import re
from typing import Any

from aikido_llm.dialects.openai_chat import OpenAIChat
from aikido_llm.errors import StreamTruncated
from aikido_llm.types.events import Event
from aikido_llm.types.messages import user
from aikido_llm.types.request import Request
from aikido_llm.types.response import Response
from tests.dialects.openai_chat.transcripts import DONE, body, chunk
from tests.wire import Road, comparable, error_of, response_of

ROAD = Road(OpenAIChat())
WHOLE = Road(OpenAIChat(), stream=False, content_type="application/json")


def events_of(answer: bytes, road: Road = ROAD) -> list[Event]:
    """Read every way; cut anywhere before the end mark it is StreamTruncated. With a key in each chunk that no type
    names, so that all are read key by key, it says the same."""
    events = road.read_every_way(answer)
    rare = re.sub(rb'^(data: ?\{)"', rb'\1"rare":null,"', answer, flags=re.MULTILINE)
    assert comparable(road.read(rare)) == comparable(events), "read key by key it differs"
    if len(answer) < 6000:
        road.check_prefixes(answer, end_of(answer), error=StreamTruncated)
    assert error_of(events) is None, error_of(events)
    return events


def end_of(answer: bytes) -> int:
    """How many bytes hold the end: the line with the finish reason, or what stands for it; all of a document."""
    if answer.lstrip()[:1] == b"{":
        return len(answer.rstrip())
    mark = re.search(rb'"finish_reason": ?"[^"]|"expires_at": ?[1-9]|\[DONE\]', answer)
    assert mark is not None
    return mark.end() if mark[0] == b"[DONE]" else len(answer[: answer.index(b"\n", mark.start())].rstrip())


def answer_of(answer: bytes, road: Road = ROAD) -> Response:
    return response_of(events_of(answer, road))


def whole(message: dict[str, Any], finish: str | None = "stop", **top: Any) -> Response:
    return answer_of(body(message, finish, **top), WHOLE)


def asked(**fields: Any) -> Road:
    return Road(OpenAIChat(), request=Request((user("hi"),), model="m", **fields))


def both(message: dict[str, Any], finish: str = "stop", **top: Any) -> Response:
    """A message as a whole body and as the one delta of a stream: one answer."""
    streamed = answer_of(chunk(message, finish, **top) + DONE)
    assert streamed == whole(message, finish, **top)
    return streamed
