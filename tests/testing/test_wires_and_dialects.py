"""The wires of the test server against the dialects: written apart from each other, they must understand each other."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from attrs import evolve

from aikido_llm.codecs import json as _json
from aikido_llm.dialects.base import ErrorReply
from aikido_llm.dialects.bedrock_converse import BedrockConverse
from aikido_llm.errors import (
    AuthError,
    InvalidRequestError,
    LLMError,
    RateLimitedError,
    ServerError,
    UnsupportedFeatureError,
)
from aikido_llm.providers import find
from aikido_llm.testing.answer import Answer
from aikido_llm.testing.verbs import VERBS
from aikido_llm.testing.wires import NAMES, wire
from aikido_llm.testing.wires.base import Received, verb_of
from aikido_llm.types.messages import Message, system, tool, user
from aikido_llm.types.parts import ImagePart
from aikido_llm.types.request import Request, ResponseFormat, ThinkingConfig
from aikido_llm.types.response import FinishReason, Response
from aikido_llm.types.tools import ToolCall, ToolDef
from tests.wire import Road, error_of, response_of

from .shapes import ANSWERS, CALLS, FULL, IMAGES

MODELS = {
    "anthropic": "claude-haiku-4-5",
    "gemini": "gemini-3-flash-preview",
    "cohere": "command-a-reasoning-08-2025",
    "openai-responses": "gpt-5-mini",
    "bedrock-converse": "us.anthropic.claude-haiku-4-5-20251001-v1:0",
}
PICTURES = ("gemini", "openai-responses")
UNCOUNTED = {  # what these have no count for
    "gemini": ("cache_write_tokens",),
    "cohere": ("cache_write_tokens",),
    "bedrock-converse": ("reasoning_tokens",),
}
EMPTIED = ("anthropic", "bedrock-converse")
FAILED_WITHOUT = ("anthropic", "openai-responses")  # the counts of an answer that failed are not all sent
TOOL = ToolDef("geo", "Look up", {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]})


def received(name: str, request: Request, *, stream: bool) -> Received:
    """The request as the server gets it."""
    provider = find(name).with_options({}).provider
    sent = provider.dialect.encode(request, stream=stream, provider=name)
    url = urlsplit(f"{provider.base_url}{sent.path}")
    raw = _json.dumps(sent.body)
    headers = {key.lower(): value for key, value in {**provider.headers, **sent.headers}.items()}
    return Received(sent.method, url.path, dict(parse_qsl(url.query)), headers, json.loads(raw), raw)


def read(name: str, request: Request, answer: Answer, *, stream: bool) -> tuple[Response, bool]:
    """What our client makes of the answer, and whether it is an error."""
    speaking, got = wire(name), received(name, request, stream=stream)
    assert verb_of(speaking, got.method, got.path) == "chat"
    assert speaking.wants_stream(got) == stream
    assert speaking.check(got) is None
    body = b"".join(speaking.stream(answer, got)) if stream else speaking.body(answer, got)
    kind = speaking.stream_type.partition(";")[0] if stream else "application/json"
    events = Road(find(name).dialect, stream=stream, content_type=kind, request=request).read(body)
    return response_of(events), error_of(events) is not None


def asked(name: str, *messages: Message, **fields: Any) -> Request:
    return Request(messages=messages or (user("Where is Oslo?"),), model=MODELS[name], **fields)


def expected_usage(name: str, answer: Answer) -> Any:
    return evolve(answer.usage, **dict.fromkeys(UNCOUNTED.get(name, ())))


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "body"])
@pytest.mark.parametrize("case", [*ANSWERS, "image"])
@pytest.mark.parametrize("name", MODELS)
def test_what_the_server_says_is_what_the_client_reads(name: str, case: str, stream: bool) -> None:
    answer = ANSWERS[case] if case in ANSWERS else Answer(text="A cat:", images=IMAGES, usage=FULL)
    if answer.images and name not in PICTURES:
        return
    response, failed = read(name, asked(name), answer, stream=stream)
    wanted = answer.finish_reason or (FinishReason.tool_calls if answer.tool_calls else FinishReason.stop)
    assert failed == (wanted in (FinishReason.content_filter, FinishReason.error))
    assert response.finish_reason is wanted
    if wanted is FinishReason.error and name in FAILED_WITHOUT:
        return
    cut = wanted is FinishReason.length and bool(answer.tool_calls)
    assert (response.text, response.thinking) == (answer.text, answer.thinking)
    if not (cut and name in EMPTIED and not stream):  # a body holds {} of a call that was cut
        assert [(call.name, call.parsed()) for call in response.tool_calls] == [
            (call.name, call.parsed()) for call in answer.tool_calls if not cut
        ]
    assert [image.data for image in response.images] == [image.data for image in answer.images]
    assert evolve(response.usage, raw=None) == expected_usage(name, answer)


@pytest.mark.parametrize("name", MODELS)
def test_a_stream_and_a_body_are_the_same_response(name: str) -> None:
    answer = Answer(text="Hello there.", thinking="Let me see.", tool_calls=CALLS, usage=FULL)
    streamed, _ = read(name, asked(name), answer, stream=True)
    whole, _ = read(name, asked(name), answer, stream=False)
    assert evolve(streamed, usage=FULL) == evolve(whole, usage=FULL)
    assert evolve(streamed.usage, raw=None) == evolve(whole.usage, raw=None)


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "body"])
@pytest.mark.parametrize("name", MODELS)
def test_a_conversation_with_calls_is_accepted_turn_by_turn(name: str, stream: bool) -> None:
    fields: dict[str, Any] = {"tools": (TOOL,), "max_tokens": 4000, "thinking": ThinkingConfig.by_effort("low")}
    history = [system("Be short."), user("Where is Oslo?"), user("And Rome?")]
    for number in range(3):
        calls = tuple(ToolCall(f"call_{number}_{call.id}", "geo", call.arguments) for call in CALLS)
        answer = Answer(thinking="Look it up.", signature="c2lnbmVk", tool_calls=calls)
        response, _ = read(name, asked(name, *history, **fields), answer, stream=stream)
        results = [tool(call.id, "" if number else "there", is_error=number > 0) for call in response.tool_calls]
        history += [response.message, *results]
    response, _ = read(name, asked(name, *history, **fields), Answer(text="There.", signature="c2ln"), stream=stream)
    read(name, asked(name, *history, response.message, user("Thanks"), **fields), Answer(text="Bye"), stream=stream)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(
    "fields",
    [
        {"tools": (TOOL,), "tool_choice": "required"},
        {"tools": (TOOL, evolve(TOOL, name="other")), "tool_choice": "geo"},
        {"tools": (TOOL,), "tool_choice": "none"},
        {"temperature": 0, "stop": ("###",), "max_tokens": 100},
        {"temperature": 1.0, "top_p": 0.5},
        {"thinking": ThinkingConfig.by_budget(2000), "max_tokens": 4000},
        {
            "response_format": ResponseFormat.json_schema(
                {
                    "type": "object",
                    "properties": {"city": {"type": "string"}},
                    "required": ["city"],
                    "additionalProperties": False,
                }
            )
        },
    ],
    ids=["required", "named", "none", "zero", "sampling", "budget", "schema"],
)
def test_what_the_client_sends_is_accepted(name: str, fields: dict[str, Any]) -> None:
    try:
        got = received(name, asked(name, **fields), stream=True)
    except UnsupportedFeatureError:
        return
    assert wire(name).check(got) is None


@pytest.mark.parametrize("name", [name for name in MODELS if name != "cohere"])
def test_pictures_are_accepted(name: str) -> None:
    shown = user("What is this?", images=(*IMAGES, ImagePart(data=b"\xff\xd8\xff" + bytes(9))))
    assert wire(name).check(received(name, asked(name, shown), stream=False)) is None


@pytest.mark.parametrize("name", NAMES)
def test_a_wire_has_routes_for_verbs_that_the_server_knows(name: str) -> None:
    verbs = {route.verb for route in wire(name).routes}
    assert {"chat", "models"} <= verbs
    assert verbs <= set(VERBS), f"{name}: give each a row in aikido_llm/testing/verbs.py"


@pytest.mark.parametrize("name", MODELS)
def test_every_page_of_a_model_list_is_read(name: str) -> None:
    names, speaking = tuple(f"model-{number}" for number in range(2500)), wire(name)
    dialect = BedrockConverse() if name == "bedrock-converse" else find(name).dialect  # the row has no list
    got: list[str] = []
    cursor: str | None = None
    while True:
        sent = dialect.encode_models(cursor)
        url = urlsplit(f"{find(name).base_url}{sent.path}")
        request = Received(sent.method, url.path, dict(parse_qsl(url.query)), {})
        assert verb_of(speaking, request.method, request.path) == "models"
        page = dialect.decode_models(speaking.models(names, request))
        got += [model.id for model in page.models]
        cursor = page.cursor
        if cursor is None:
            break
    assert tuple(got) == names


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "", InvalidRequestError),
        (401, "", AuthError),
        (404, "", InvalidRequestError),
        (429, "", RateLimitedError),
        (500, "", ServerError),
        (503, "", ServerError),
    ],
)
@pytest.mark.parametrize("name", MODELS)
def test_errors_have_their_class(name: str, status: int, code: str, kind: type[LLMError]) -> None:
    body = wire(name).error(status, "No.", code)
    error = find(name).dialect.decode_error(ErrorReply(status, {"content-type": "application/json"}, body))
    assert isinstance(error, kind)
    assert error.message.endswith("No.")


@pytest.mark.parametrize("name", MODELS)
def test_an_error_inside_a_stream_is_one_error_event(name: str) -> None:
    speaking, request = wire(name), asked(name)
    events = speaking.stream(Answer(text="one two three"), received(name, request, stream=True))
    body = b"".join(events[:3]) + speaking.error_event("It broke.")
    error = error_of(Road(find(name).dialect, request=request).read(body))
    assert isinstance(error, ServerError)
    assert "It broke." in str(error)
