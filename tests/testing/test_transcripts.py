"""check_dialect: every dialect of ours passes on what the test server writes; broken ones do not."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from attrs import evolve, frozen

import aikido_llm as llm
from aikido_llm.dialects.base import ErrorReply, ModelPage, WireRequest
from aikido_llm.dialects.ollama_chat import OllamaChat
from aikido_llm.providers import find
from aikido_llm.providers.base import Provider
from aikido_llm.testing import Answer, BrokenPromise, Transcript, check_dialect
from aikido_llm.testing.wires import wire
from aikido_llm.testing.wires.base import Received

CALL = llm.ToolCall("call_ab1", "look", '{"at":"é"}')
USAGE = llm.Usage(11, 7)
ANSWER = Answer("Grüße, 世界", thinking="Hm, hm", tool_calls=[CALL], usage=USAGE)


def transcripts(name: str) -> list[Transcript]:
    """A stream, a body and an error, as the test server writes them."""
    provider = find(name).with_options({}).provider
    speaking = wire(name)
    found: list[Transcript] = []
    for stream in (True, False):
        sent = provider.dialect.encode(Transcript(b"").request, stream=stream, provider=name)
        request = Received("POST", sent.path.partition("?")[0], {"alt": "sse"}, {}, sent.body)
        body = b"".join(speaking.stream(ANSWER, request)) if stream else speaking.body(ANSWER, request)
        kind = speaking.stream_type if stream else "application/json"
        end = len(body.rstrip())
        if stream and name == "cohere":
            end -= len(b"data: [DONE]\n\n")  # its own end mark stands before this
        elif stream and name in ("openai", "vllm"):
            end = len(body[: body.index(b"\n", body.index(b'"finish_reason":"'))])
        found.append(Transcript(body, stream=stream, content_type=kind, whole_from=end))
    limited = speaking.error(429, "Slow down.")
    return [*found, Transcript(limited, status=429, content_type="application/json", error=llm.RateLimitedError)]


@pytest.mark.parametrize("name", ["vllm", "openai", "openai-responses", "anthropic", "gemini", "cohere", "ollama"])
def test_our_dialects_pass(name: str) -> None:
    check_dialect(find(name), transcripts(name))


# ---------------------------------------------------------------- broken ones

BODY = (
    b'{"model":"m","message":{"role":"assistant","content":"Hello"},"done":true,"done_reason":"stop",'
    b'"prompt_eval_count":3,"eval_count":1}\n'
)
HELLO = llm.Response(text="Hello", usage=llm.Usage(3, 1), finish_reason=llm.FinishReason.stop)
GOOD = Transcript(BODY, content_type="application/x-ndjson", response=HELLO)


@frozen
class Broken(OllamaChat):
    """A dialect with one verb exchanged."""

    verb: str = ""
    does: Callable[..., Any] | None = None

    def encode(self, request: llm.Request, *, stream: bool, provider: str) -> WireRequest:
        wire = OllamaChat.encode(self, request, stream=stream, provider=provider)
        return self.does(wire) if self.verb == "encode" and self.does else wire

    def decode_error(self, reply: ErrorReply) -> llm.LLMError:
        error = OllamaChat.decode_error(self, reply)
        return self.does(error) if self.verb == "decode_error" and self.does else error

    def decode_models(self, body: bytes) -> ModelPage:
        return self.does(body) if self.verb == "decode_models" and self.does else OllamaChat.decode_models(self, body)


def row(verb: str = "", does: Callable[..., Any] | None = None) -> Provider:
    return evolve(find("ollama"), dialect=Broken(verb=verb, does=does))


def test_the_unbroken_one_passes() -> None:
    check_dialect(row(), [GOOD])


def without_slash(wire: WireRequest) -> WireRequest:
    return evolve(wire, path="api")


def with_an_object(wire: WireRequest) -> WireRequest:
    return evolve(wire, body={"x": object()})


def fails(_: object) -> None:
    raise ZeroDivisionError


NUMBERS = count()


def numbered(wire: WireRequest) -> WireRequest:
    return evolve(wire, body={"id": next(NUMBERS)})


def untyped(_: llm.LLMError) -> llm.LLMError:
    return llm.LLMError("no")


@pytest.mark.parametrize(
    ("verb", "does", "why"),
    [
        ("encode", without_slash, "the path for a request with text is 'api'"),
        ("encode", with_an_object, "cannot be written as JSON"),
        ("encode", fails, "encode raised ZeroDivisionError"),
        ("encode", numbered, "encoding text twice differs"),
        ("decode_error", untyped, "HTTP 400 .* is LLMError, which is no InvalidRequestError"),
        ("decode_error", fails, "decode_error raised ZeroDivisionError"),
        ("decode_models", fails, "decode_models raised ZeroDivisionError"),
    ],
)
def test_a_broken_verb_is_found(verb: str, does: Callable[..., Any], why: str) -> None:
    with pytest.raises((AssertionError, TypeError), match=why):
        check_dialect(row(verb, does), [GOOD])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"response": evolve(HELLO, text="Bye")}, "transcript 1: its text is read as 'Hello', not 'Bye'"),
        ({"response": evolve(HELLO, usage=llm.Usage(1, 1))}, "its usage is read as"),
        ({"error": llm.OverloadedError, "response": None}, "not the OverloadedError that it is"),
        ({"status": 500, "error": llm.AuthError}, "not the AuthError that it is"),
        ({"whole_from": len(BODY) + 1, "body": BODY * 2}, "passed for a whole answer"),
    ],
)
def test_a_wrong_reading_is_found(change: dict[str, Any], why: str) -> None:
    with pytest.raises(AssertionError, match=why):
        check_dialect(row(), [evolve(GOOD, **change)])


def test_the_transcript_and_the_promise_are_named() -> None:
    with pytest.raises(BrokenPromise, match=r"(?s)transcript 2: its first \d+ of .* promise 'failure'") as broken:
        check_dialect(row(), [GOOD, evolve(GOOD, whole_from=len(BODY) + 1, body=BODY * 2)])
    assert broken.value.promise == "failure"
