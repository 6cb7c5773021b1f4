import copy
import json
import subprocess
import sys
import traceback
from array import array
from contextlib import suppress
from typing import Any, cast, get_args

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aikido_llm import errors
from aikido_llm.codecs.plain import OMIT
from aikido_llm.errors import (
    ConfigError,
    InvalidRequestError,
    LLMError,
    ModelNotFoundError,
    RateLimitedError,
    StreamError,
    TimedOutError,
    TooLargeError,
)
from aikido_llm.serialize import from_dict, to_dict
from aikido_llm.types import embeddings as embeddings_of
from aikido_llm.types import exchange, ranking, usage
from aikido_llm.types import messages as m
from aikido_llm.types import parts as parts_of
from aikido_llm.types import request as q
from aikido_llm.types import response as r
from aikido_llm.types import tools as tools_of
from aikido_llm.types.citations import Citation
from aikido_llm.types.embeddings import Embeddings
from aikido_llm.types.events import (
    AudioEvent,
    CitationEvent,
    EndEvent,
    ErrorEvent,
    Event,
    ImageEvent,
    RunEvent,
    ServerToolEvent,
    ServerToolStart,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallEvent,
    ToolCallStart,
    ToolResultEvent,
    UsageEvent,
)
from aikido_llm.types.logprobs import TokenLogprob
from aikido_llm.types.messages import Message
from aikido_llm.types.parts import Part
from aikido_llm.types.ranking import Ranking, RerankResult
from aikido_llm.types.request import Options, Request
from aikido_llm.types.response import Response
from aikido_llm.types.server_tools import ServerTool, ServerToolCall

# ---------------------------------------------------------------- strategies for every value

texts = st.text(max_size=8)
some_text = st.none() | texts
counts = st.integers(0, 10**12)
scalars = st.none() | st.booleans() | st.integers() | st.floats(-1e9, 1e9) | texts | st.binary(max_size=5)
names = st.sampled_from(["a", "type", "kind", "$bytes", "$$bytes", "bytes", ""])
free = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2), max_leaves=4
)
free_objects = st.dictionaries(names, free, max_size=2)
free_tuples = st.lists(free, max_size=2).map(tuple)
caches = st.none() | st.builds(parts_of.CacheBreakpoint, st.sampled_from(["5m", "1h"]))
bytes_or_url: dict[str, Any] = {
    "data": st.binary(max_size=12),
    "content_type": st.sampled_from(["", "image/png", "x/y"]),
}
urls: dict[str, Any] = {"url": st.sampled_from(["https://host/a", "", "data:image/png;base64,AAEC"])}


def tuples(items: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(items, max_size=2).map(tuple)


text_parts = st.builds(parts_of.TextPart, texts, caches)
images = st.builds(parts_of.ImagePart, **bytes_or_url) | st.builds(parts_of.ImagePart, **urls)
audio = st.builds(parts_of.AudioPart, **bytes_or_url, transcript=texts) | st.builds(
    parts_of.AudioPart, transcript=st.just("said")
)
files = st.builds(parts_of.FilePart, **bytes_or_url, name=texts) | st.builds(parts_of.FilePart, **urls, name=texts)
parts = text_parts | images | audio | files
thoughts = st.builds(m.ThinkingPart, texts, texts, texts, texts)
kinds_of_calls = st.sampled_from(["function", "custom", "computer"])
calls = st.builds(tools_of.ToolCall, texts, texts, texts, st.none() | free_objects, kind=kinds_of_calls)
custom_tools = st.builds(tools_of.CustomTool, texts, texts, st.none() | free_objects)
server_tools = st.builds(ServerTool, texts, free_objects)
tools = st.builds(tools_of.ToolDef, texts, texts, free_objects, caches) | custom_tools | server_tools
replays = st.builds(m.Replay, texts, free_tuples, texts, wire=texts)
turns = st.builds(
    Message,
    st.sampled_from(m.Role),
    texts | tuples(parts),
    tuples(images),
    tuples(audio),
    tuples(calls),
    some_text,
    some_text,
    st.booleans(),
    tuples(thoughts),
    caches,
    st.none() | replays,
)
thinking = st.builds(q.ThinkingConfig.by_effort, st.sampled_from(q.EFFORTS)) | st.builds(
    q.ThinkingConfig.by_budget, counts
)
formats = st.builds(q.ResponseFormat, st.none() | free_objects, texts, st.booleans())
image_configs = st.builds(q.ImageConfig, texts, texts)
numbers = st.none() | st.floats(0, 2) | st.sampled_from([0, 1])
shared: dict[str, Any] = {
    "model": some_text,
    "temperature": numbers,
    "top_p": numbers,
    "max_tokens": st.none() | st.integers(1, 10**12),
    "stop": tuples(texts),
    "tools": tuples(tools),
    "tool_choice": some_text,
    "response_format": st.none() | formats,
    "thinking": st.none() | thinking,
    "extra": free_objects,
}
options = st.builds(Options, **shared)
requests = st.builds(
    Request,
    messages=tuples(turns),
    seed=st.none() | st.integers(),
    modalities=tuples(texts),
    image_config=st.none() | image_configs,
    parallel_tool_calls=st.none() | st.booleans(),
    metadata=free_objects,
    extra_headers=st.dictionaries(st.sampled_from(["x-team", "X-Trace_1", "~"]), st.text("aZ9 ~\té"), max_size=2),
    top_k=st.none() | st.integers(1, 99),
    n=st.none() | st.integers(1, 9),
    logprobs=st.booleans() | st.integers(1, 9),
    background=st.booleans(),
    previous_response_id=some_text,
    conversation=some_text,
    **shared,
)
maybe = st.none() | counts
usages = st.builds(usage.Usage, maybe, maybe, maybe, maybe, maybe, numbers, st.none() | free_objects)
citations = st.builds(Citation, texts, texts, texts, texts, maybe, maybe, free_objects)
runs = st.builds(
    ServerToolCall, texts, texts, texts, texts, st.sampled_from(["completed", "failed", "open"]), texts, free_objects
)
likely = st.builds(TokenLogprob, texts, st.floats(-50, 0))
logprobs = st.builds(TokenLogprob, texts, st.floats(-50, 0), tuples(likely))
timings = st.builds(exchange.Timing, numbers, numbers)
rate_limits = st.builds(exchange.RateLimits, numbers, numbers, numbers)
resumes = st.builds(exchange.ResumeToken, texts, maybe)
hops = st.builds(exchange.Hop, texts, texts, st.none(), usages)  # an error is compared by identity: see below
float32 = st.lists(st.floats(width=32, allow_nan=False), max_size=3).map(lambda numbers: array("f", numbers))
embeddings = st.lists(float32, max_size=3).flatmap(
    lambda rows: st.builds(
        Embeddings, st.just(rows), texts, usages, indexes=st.none() | st.just(tuple(range(2, 2 + len(rows))))
    )
)
rankings = st.builds(Ranking, tuples(st.builds(RerankResult, st.integers(0, 9), st.floats(-9, 9))), usages, model=texts)
of_the_exchange: dict[str, Any] = {
    "headers": st.dictionaries(texts, texts, max_size=2),
    "rate_limits": st.none() | rate_limits,
    "route": tuples(hops),
}
further: dict[str, Any] = {
    "wire": texts,
    "complete": st.booleans(),
    "server_tools": tuples(runs),
    "citations": tuples(citations),
    "logprobs": tuples(logprobs),
    "continuations": st.integers(0, 9),
    "cached": st.booleans(),
    "timing": st.none() | timings,
    **of_the_exchange,
}
responses = st.builds(
    Response,
    texts,
    texts,
    tuples(calls),
    tuples(images),
    tuples(audio),
    usages,
    st.sampled_from(r.FinishReason),
    some_text,
    texts,
    texts,
    texts,
    texts,
    st.integers(1, 9),
    free,
    free_objects,
    free_tuples,
    choices=tuples(st.builds(Response, texts, citations=tuples(citations))),
    **further,
)
models = st.builds(r.ModelInfo, texts, texts, maybe, maybe, numbers, numbers, free_objects)
indexes = st.integers(0, 9)
facts: dict[str, Any] = {
    "message": texts,
    "provider": texts,
    "model": texts,
    "status": st.none() | st.integers(100, 599),
    "code": texts,
    "request_id": texts,
    "retry_after": st.none() | st.floats(0, 100),
    "partial": st.none() | responses,
    "attempts": st.integers(1, 9),
    "body": texts,
    "permanent": st.booleans(),
    "resume": st.none() | resumes,
    "partial_embeddings": st.none() | embeddings,
    **of_the_exchange,
}
CLASSES = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, LLMError)]
OF_SOME: dict[type[LLMError], dict[str, Any]] = {
    ModelNotFoundError: {"available": tuples(texts)},
    TimedOutError: {"phase": st.none() | st.sampled_from(["connect", "first_event", "idle", "total"])},
    TooLargeError: {"cap": texts, "limit": maybe},
}
failures = st.sampled_from(CLASSES).flatmap(lambda kind: st.builds(kind, **facts, **OF_SOME.get(kind, {})))
reasons = st.sampled_from(r.FinishReason)
plain_events = st.one_of(
    st.builds(TextDelta, texts),
    st.builds(ThinkingDelta, texts),
    st.builds(ToolCallStart, indexes, texts, texts),
    st.builds(ToolCallDelta, indexes, texts),
    st.builds(ToolCallEvent, indexes, calls),
    st.builds(ImageEvent, images),
    st.builds(AudioEvent, audio),
    st.builds(CitationEvent, citations),
    st.builds(ServerToolStart, indexes, texts, texts),
    st.builds(ServerToolEvent, indexes, runs),
    st.builds(UsageEvent, usages),
    st.builds(EndEvent, reasons, responses),
)
values = st.one_of(
    requests, options, turns, parts, thoughts, calls, tools, replays, thinking, formats, image_configs, usages,
    responses, models, plain_events, citations, runs, logprobs, timings, rate_limits, resumes, hops, embeddings,
    rankings,
)  # fmt: skip

# ---------------------------------------------------------------- the way there and back


def stored(value: Any) -> Any:
    """What comes out of a JSON file."""
    return json.loads(json.dumps(to_dict(value), allow_nan=False))


def all_fields(value: object) -> Any:
    """The value with the fields that `==` leaves out."""
    return (value, {a.name: getattr(value, a.name) for a in attrs.fields(cast("type[Any]", type(value))) if not a.eq})


@settings(max_examples=300, deadline=None)
@given(values)
def test_every_value_comes_back_as_it_was(value: Any) -> None:
    kind = cast("type[object]", type(value))
    back = from_dict(stored(value), kind)
    assert type(back) is kind
    assert all_fields(back) == all_fields(value)
    assert repr(back) == repr(value), "numbers keep their type too"
    assert from_dict(to_dict(value), kind) == value, "without JSON in between as well"


@settings(max_examples=100, deadline=None)
@given(plain_events)
def test_an_event_is_told_by_its_kind(event: Event) -> None:
    plain = stored(event)
    assert plain["kind"] == event.kind.value
    assert from_dict(plain, Event) == event


@settings(max_examples=100, deadline=None)
@given(parts)
def test_a_part_is_told_by_its_type(part: Part) -> None:
    assert from_dict(stored(part), Part) == part


@settings(max_examples=100, deadline=None)
@given(failures, reasons)
def test_an_error_comes_back_with_all_its_facts(error: LLMError, reason: r.FinishReason) -> None:
    back = from_dict(stored(ErrorEvent(error, reason)), Event)
    assert (type(back.error), vars(back.error), back.finish_reason) == (type(error), vars(error), reason)
    assert str(back.error) == str(error)
    assert vars(from_dict(stored(error), LLMError)) == vars(error)
    assert type(from_dict(stored(error), type(error))) is type(error)


@settings(max_examples=30, deadline=None)
@given(st.lists(turns, max_size=3))
def test_a_conversation_comes_back_from_a_list(conversation: list[Message]) -> None:
    assert from_dict([stored(turn) for turn in conversation], list[Message]) == conversation
    assert from_dict([to_dict(turn) for turn in conversation], tuple[Message, ...]) == tuple(conversation)


def test_a_hop_keeps_its_error() -> None:
    hop = exchange.Hop("openai", "gpt", RateLimitedError("slow", retry_after=2.0))
    back = from_dict(stored(Response(route=(hop,))), Response).route[0]
    assert isinstance(back.error, RateLimitedError)
    assert (back.provider, back.model, back.error.message, back.error.retry_after) == ("openai", "gpt", "slow", 2.0)


def test_the_result_of_a_tool_is_an_event_of_a_run() -> None:
    event = ToolResultEvent(tools_of.ToolCall("1", "f"), m.tool("1", "sunny"))
    assert stored(event)["kind"] == "tool_result"
    assert from_dict(stored(event), RunEvent) == event


def test_a_function_of_the_first_release_needs_no_type() -> None:
    asked = from_dict({"messages": [], "tools": [{"name": "f"}]}, Request)
    assert asked.tools == (tools_of.ToolDef("f"),)


def test_what_shall_be_left_out_comes_back_as_the_same_mark() -> None:
    asked = Request("hi", extra={"a": OMIT, "b": {"$omit": True}})
    back = from_dict(stored(asked), Request)
    assert back.extra["a"] is OMIT
    assert back.extra["b"] == {"$omit": True}


def test_the_strategies_know_every_field_and_every_class() -> None:
    assert set(shared) == {a.name for a in attrs.fields(Options)}
    assert {f"{name}" for name in vars(LLMError())} == set(facts)
    modules = (m, q, r, parts_of, tools_of, exchange, embeddings_of, ranking)
    written = {
        value for module in modules for value in vars(module).values() if isinstance(value, type) and attrs.has(value)
    }
    drawn = {
        Request,
        Options,
        Message,
        Response,
        parts_of.CacheBreakpoint,
        usage.Usage,
        r.ModelInfo,
        m.Replay,
        m.ThinkingPart,
    }
    drawn |= {Citation, ServerTool, ServerToolCall, TokenLogprob, tools_of.CustomTool}
    drawn |= {exchange.Timing, exchange.RateLimits, exchange.ResumeToken, exchange.Hop}
    drawn |= {Embeddings, Ranking, RerankResult}
    drawn |= {tools_of.ToolCall, tools_of.ToolDef, q.ThinkingConfig, q.ImageConfig, q.ResponseFormat, *get_args(Part)}
    assert written == drawn


# ---------------------------------------------------------------- what it looks like


def test_what_stands_at_its_default_is_left_out() -> None:
    assert to_dict(m.user("hi")) == {"role": "user", "content": "hi"}
    assert to_dict(Request([m.user("hi")], temperature=0)) == {
        "messages": [{"role": "user", "content": "hi"}],
        "temperature": 0,
    }
    assert to_dict(Response()) == {}


def test_parts_bytes_and_errors() -> None:
    message = m.user(
        [parts_of.TextPart("a"), parts_of.ImagePart(data=b"\0\1")], images=[parts_of.ImagePart(url="https://host")]
    )
    assert to_dict(message) == {
        "role": "user",
        "content": [{"type": "text", "text": "a"}, {"type": "image", "data": "AAE="}],
        "images": [{"type": "image", "url": "https://host"}],
    }
    assert to_dict(ErrorEvent(RateLimitedError("slow", retry_after=1))) == {
        "kind": "error",
        "error": {"error": "RateLimitedError", "message": "slow", "retry_after": 1},
    }


def test_bytes_in_free_json_are_marked_and_a_lookalike_is_told_apart() -> None:
    raw = {"picture": b"\0\1", "lookalike": {"$bytes": "AAE="}}
    plain = to_dict(Response(raw=raw))
    assert plain["raw"] == {"picture": {"$bytes": "AAE="}, "lookalike": {"$$bytes": "AAE="}}
    assert from_dict(plain, Response).raw == raw


def test_the_tag_of_a_part_may_be_missing_where_its_class_is_known() -> None:
    assert from_dict({"role": "user", "images": [{"url": "https://host"}]}, Message).images == (
        parts_of.ImagePart(url="https://host"),
    )


def test_a_subclass_of_an_error_is_kept_as_the_class_it_comes_from() -> None:
    class Mine(RateLimitedError):
        pass

    error = Mine("x")
    error.__dict__["secret"] = object()
    assert to_dict(error) == {"error": "RateLimitedError", "message": "x"}


def test_the_plain_data_is_not_the_value_s_own() -> None:
    request = Request([m.user("a")], extra={"a": {"b": [1]}})
    plain = to_dict(request)
    before = copy.deepcopy(request)
    plain["extra"]["a"]["b"].append(2)
    assert request == before


# ---------------------------------------------------------------- strictness: nothing is bent to fit

CANARY = "canary-9f"
TURN: dict[str, Any] = {"role": "user", "content": "hi"}


MISFITS: list[tuple[Any, Any, str]] = [
    (TURN | {"role": CANARY}, Message, "$.role: one of system, user, assistant, tool was expected"),
    (TURN | {"content": None}, Message, "$.content: a list was expected"),
    (TURN | {"content": [{"type": CANARY}]}, Message, "$.content[0]: an object was expected whose type is one of"),
    (TURN | {"content": [{"text": CANARY}]}, Message, "$.content[0]: an object was expected whose type is one of"),
    (TURN | {"content": [CANARY]}, Message, "$.content[0]: an object was expected whose type is one of"),
    (TURN | {"name": 5}, Message, "$.name: text was expected"),
    (TURN | {"is_error": "false"}, Message, "$.is_error: true or false was expected"),
    (TURN | {"is_error": 1}, Message, "$.is_error: true or false was expected"),
    (TURN | {"images": "ab"}, Message, "$.images: a list was expected"),
    (TURN | {"images": {"0": CANARY}}, Message, "$.images: a list was expected"),
    (TURN | {"images": [{"type": "audio", "url": CANARY}]}, Message, "$.images[0]: type must be 'image' here"),
    (TURN | {"images": [{"data": CANARY + "!"}]}, Message, "$.images[0].data: base64 text was expected"),
    (TURN | {"images": [{"data": [1, 2]}]}, Message, "$.images[0].data: base64 text was expected"),
    (TURN | {"images": [{}]}, Message, "$.images[0]: ImagePart needs a url or data"),
    (TURN | {"images": [{"url": f"data:image/png;base64,{CANARY}!"}]}, Message, "$.images[0]: "),
    (TURN | {"cache": {"ttl": CANARY}}, Message, "$.cache.ttl: one of 5m, 1h was expected"),
    (TURN | {"cache": []}, Message, "$.cache: an object was expected"),
    (TURN | {"extra": CANARY}, Message, "$: there is no field extra"),
    (TURN | {"replay": {"provider": "a", "items": {"a": 1}}}, Message, "$.replay.items: a list was expected"),
    (
        TURN | {"tool_calls": [{"id": "1", "name": "f", "arguments": {"a": 1}}]},
        Message,
        "$.tool_calls[0].arguments: text",
    ),
    ({"content": CANARY}, Message, "$.role: this field is missing"),
    (CANARY, Message, "$: an object was expected"),
    (None, Message, "$: an object was expected"),
    ([TURN], Message, "$: an object was expected"),
    ({"messages": [TURN, TURN | {"role": 1}]}, Request, "$.messages[1].role: one of system"),
    ({"messages": [], "temperature": CANARY}, Request, "$.temperature: a number was expected"),
    ({"messages": [], "temperature": True}, Request, "$.temperature: a number was expected"),
    ({"messages": [], "max_tokens": 1.9}, Request, "$.max_tokens: an integer was expected"),
    ({"messages": [], "max_tokens": "12"}, Request, "$.max_tokens: an integer was expected"),
    ({"messages": [], "max_tokens": False}, Request, "$.max_tokens: an integer was expected"),
    ({"messages": [], "stop": "END"}, Request, "$.stop: a list was expected"),
    ({"messages": [], "stop": [None]}, Request, "$.stop[0]: text was expected"),
    ({"messages": [], "extra": [CANARY]}, Request, "$.extra: an object was expected"),
    ({"messages": [], "extra": {"a": {"$bytes": CANARY + "!"}}}, Request, "$.extra: base64 text was expected"),
    ({"messages": [], "extra": {"a": object()}}, Request, "$.extra: a JSON value was expected"),
    ({"messages": [], "extra": {1: 2}}, Request, "$.extra: an object's names must be text"),
    ({"messages": [], "extra_headers": {"a": 1}}, Request, "$.extra_headers: text was expected"),
    ({"messages": [], "extra_headers": [1]}, Request, "$.extra_headers: an object was expected"),
    ({"messages": [], "thinking": {}}, Request, "$.thinking: ThinkingConfig takes an effort or a budget"),
    (
        {"messages": [], "thinking": {"effort": CANARY}},
        Request,
        "$.thinking.effort: one of none, minimal, low, medium, high, xhigh, max",
    ),
    ({"finish_reason": CANARY}, Response, "$.finish_reason: one of stop, tool_calls"),
    ({"kind": CANARY}, Event, "$: an object was expected whose kind is one of text_delta"),
    ({"kind": ["a"]}, Event, "$: an object was expected whose kind is one of text_delta"),
    ({"text": CANARY}, Event, "$: an object was expected whose kind is one of text_delta"),
    ({"kind": "thinking", "text": "a"}, TextDelta, "$: kind must be 'text_delta' here"),
    ({"kind": "text_delta", "text": 1}, Event, "$.text: text was expected"),
    ({"kind": "error", "error": {"error": CANARY}}, Event, "$.error: error must be the name of a LLMError"),
    ({"kind": "error", "error": {"error": "Phase"}}, Event, "$.error: error must be the name of a LLMError"),
    ({"kind": "error", "error": {"error": "AuthError", "cap": CANARY}}, Event, "$.error: AuthError has no cap"),
    ({"error": "AuthError"}, StreamError, "$: error must be the name of a StreamError"),
    ([TURN, {"role": CANARY}], list[Message], "$[1].role: one of system"),
    (TURN, list[Message], "$: a list was expected"),
]


@pytest.mark.parametrize(("data", "kind", "problem"), MISFITS)
def test_a_misfit_is_named_with_its_place_and_never_repeated(data: Any, kind: Any, problem: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        from_dict(data, kind)
    assert f"no valid {kind.__name__ if isinstance(kind, type) else ''}".strip() in str(caught.value)
    assert problem in str(caught.value)
    shown = "".join(traceback.format_exception(caught.value))
    assert CANARY not in shown
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_every_wrong_place_is_named_up_to_ten() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        from_dict({"messages": [{"role": 1}] * 50, "seed": "x", "top_p": "y"}, Request)
    assert str(caught.value).count("$") == 10


def test_nesting_too_deep_is_a_typed_error_both_ways() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(InvalidRequestError, match="too deep"):
        from_dict({"raw": deep}, Response)
    with pytest.raises(InvalidRequestError, match="too deep"):
        to_dict(Response(raw=deep))


@pytest.mark.parametrize("value", [5, "a", None, {"a": 1}, ConfigError, Request, object()])
def test_only_our_values_are_written(value: Any) -> None:
    with pytest.raises(InvalidRequestError, match="to_dict writes values of this package"):
        to_dict(value)


@pytest.mark.parametrize("value", [{1, 2}, object(), {1: 2}])
def test_what_json_has_no_word_for_is_a_typed_error(value: Any) -> None:
    with pytest.raises(InvalidRequestError, match="this Response cannot be written"):
        to_dict(Response(raw=[value]))


junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.floats()
    | st.sampled_from(["user", "text", "text_delta", "AAEC", "x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["role", "content", "type", "kind", "text", "messages", "error", "images", "data", "raw", "extra"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(junk, st.sampled_from([Request, Message, Response, Event, Part, LLMError, list[Message]]))
def test_any_data_gives_a_value_or_the_typed_error(data: Any, kind: Any) -> None:
    with suppress(InvalidRequestError):
        from_dict(data, kind)


def test_the_package_does_not_load_cattrs() -> None:
    code = "import sys, aikido_llm, aikido_llm.call.answer, aikido_llm.types.events; sys.exit('cattrs' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
