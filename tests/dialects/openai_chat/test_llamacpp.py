"""Our bodies are what a real engine takes, and its bytes what we read: both roads against llama.cpp's own server."""

import re
import urllib.error
import urllib.request
from typing import Any

import pytest

from aikido_llm.codecs import json
from aikido_llm.dialects.base import ErrorReply
from aikido_llm.errors import AuthError, ContextLengthError, InvalidRequestError, LLMError
from aikido_llm.providers.llamacpp import PROVIDER
from aikido_llm.types.messages import assistant, system, tool, user
from aikido_llm.types.parts import ImagePart
from aikido_llm.types.request import Request, ResponseFormat, ThinkingConfig
from aikido_llm.types.response import Response
from aikido_llm.types.tools import ToolDef
from tests.engines import llamacpp as engine
from tests.engines.llamacpp import LlamaCpp
from tests.wire import Road, error_of, response_of

TOOL = ToolDef(engine.TOOL_NAME, "the weather", engine.TOOL_SCHEMA)
SCHEMA = {
    "type": "object",
    "properties": {"answer": {"type": "string"}, "n": {"type": "integer"}},
    "required": ["answer", "n"],
}


def sent(server: LlamaCpp, path: str, body: dict[str, Any] | None, key: str | None) -> tuple[str, bytes]:
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
    raw = None if body is None else json.dumps(body)
    with urllib.request.urlopen(urllib.request.Request(server.base_url + path, raw, headers), timeout=60) as reply:
        return reply.headers.get_content_type(), reply.read()


def ask(server: LlamaCpp, request: Request, *, stream: bool, key: str | None = None) -> Response:
    wire = PROVIDER.dialect.encode(request, stream=stream, provider="llamacpp")
    content_type, raw = sent(server, wire.path, wire.body, key)
    road = Road(PROVIDER.dialect, stream=stream, content_type=content_type, request=request)
    events = road.read_every_way(raw)
    assert error_of(events) is None
    if stream:
        reason = re.search(rb'"finish_reason":"[a-z_]+".*', raw)  # behind it the answer is whole, whatever comes
        assert reason is not None
        road.check_prefixes(raw, reason.end(), range(0, len(raw), 97))
    return response_of(events)


def refused(server: LlamaCpp, request: Request, key: str | None = None) -> LLMError:
    with pytest.raises(urllib.error.HTTPError) as caught:
        ask(server, request, stream=True, key=key)
    reply = ErrorReply(caught.value.code, {}, caught.value.read())
    caught.value.close()
    return PROVIDER.dialect.decode_error(reply)


def about(word: str, **fields: Any) -> Request:
    return Request((user(word),), model=engine.MODEL, **fields)


STREAM = pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])


@pytest.mark.deep
@STREAM
def test_text_unicode_and_thinking(llamacpp: LlamaCpp, stream: bool) -> None:
    everything = about("hi", max_tokens=100, temperature=0, top_p=0.9, stop=["never"], seed=7, metadata={"a": "b"})
    answer = ask(llamacpp, everything, stream=stream)
    assert (answer.text, answer.finish_reason) == (engine.TEXT, "stop")
    assert answer.usage.output_tokens == 11
    assert ask(llamacpp, about("%unicode%"), stream=stream).text == engine.UNICODE
    for thinking in (None, ThinkingConfig.by_effort("low"), ThinkingConfig.by_budget(5000)):
        thought = ask(llamacpp, about("%think%", thinking=thinking), stream=stream)
        assert (thought.thinking, thought.text) == (engine.THINKING, engine.THOUGHT_ANSWER)
    assert ask(llamacpp, about("hi", thinking=ThinkingConfig.by_budget(0)), stream=stream).thinking == ""


@pytest.mark.deep
@STREAM
def test_calls_and_their_results(llamacpp: LlamaCpp, stream: bool) -> None:
    one = ask(llamacpp, about("%tool%", tools=[TOOL], tool_choice="auto"), stream=stream)
    assert one.finish_reason == "tool_calls"
    assert [call.parsed() for call in one.tool_calls] == [{"city": "Paris", "unit": "celsius"}]
    two = ask(llamacpp, about("%twotools%", tools=[TOOL], parallel_tool_calls=True), stream=stream)
    assert [call.parsed()["city"] for call in two.tool_calls] == ["Rome", "Oslo"]
    thought = ask(llamacpp, about("%thinktool%", tools=[TOOL]), stream=stream)
    assert thought.thinking == engine.TOOL_THINKING
    for answer in (one, two, thought):
        results = [tool(call.id, "18 degrees") for call in answer.tool_calls]
        history = (system("be brief"), user("weather?"), answer.message, *results)
        assert ask(llamacpp, Request(history, model="m", tools=(TOOL,)), stream=stream).text == engine.AFTER_TOOL


@pytest.mark.deep
@STREAM
def test_formats_length_and_old_turns(llamacpp: LlamaCpp, stream: bool) -> None:
    wanted = ResponseFormat.json_schema(SCHEMA)
    assert ask(llamacpp, about("json", response_format=wanted), stream=stream).text == engine.JSON_ANSWER
    assert ask(llamacpp, about("%loop%", max_tokens=20), stream=stream).finish_reason == "length"
    history = (system("be brief"), user("a", name="Ann"), assistant("b"), assistant(""), user("c"))
    assert ask(llamacpp, Request(history, model="m"), stream=stream).text == engine.TEXT


def test_refusals(llamacpp: LlamaCpp) -> None:
    assert isinstance(refused(llamacpp, about("word " * 2000)), ContextLengthError)
    picture = Request((user("?", images=[ImagePart(data=b"\x89PNG\r\n\x1a\n")]),), model="m")
    assert type(refused(llamacpp, picture)) is InvalidRequestError


@pytest.mark.deep
def test_keys(llamacpp_with_key: LlamaCpp) -> None:
    assert isinstance(refused(llamacpp_with_key, about("hi"), "wrong"), AuthError)
    assert ask(llamacpp_with_key, about("hi"), stream=True, key=llamacpp_with_key.api_key).text == engine.TEXT


def test_models(llamacpp: LlamaCpp) -> None:
    _, raw = sent(llamacpp, PROVIDER.dialect.encode_models(None).path, None, None)
    (model,) = PROVIDER.dialect.decode_models(raw).models
    assert (model.id, model.context_length) == (engine.MODEL, engine.CONTEXT_LENGTH)
