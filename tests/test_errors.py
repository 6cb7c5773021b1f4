import copy
import inspect
import pickle
import re
from typing import Any

import pytest

from aikido_llm import errors
from aikido_llm.errors import Cause, LLMError, ModelNotFoundError, RateLimitedError, TimedOutError, TooLargeError
from aikido_llm.types.response import Response

TREE = """
LLMError
    ConfigError
    BudgetExceededError
    InvalidRequestError
        UnsupportedFeatureError
        ContextLengthError
        ModelNotFoundError
        InvalidAnswer
        InvalidToolArguments
    AuthError
        InsufficientCreditsError
    RateLimitedError
    ContentFilteredError
    ServerError
        OverloadedError
        ConnectError
        TimedOutError
        StreamError
            StreamTruncated
            MalformedStream
            TooLargeError
"""

CLASSES: list[type[LLMError]] = [
    value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, LLMError)
]
FACTS: dict[str, Any] = {
    "provider": "acme",
    "model": "m",
    "status": 429,
    "code": "slow_down",
    "request_id": "req_1",
    "retry_after": 1.5,
    "partial": Response(text="so far"),
    "attempts": 3,
    "body": "{}",
    "permanent": True,
}


def drawn(kind: type[LLMError], depth: int = 0) -> str:
    children = [child for child in CLASSES if child.__bases__[0] is kind]
    return "    " * depth + kind.__name__ + "\n" + "".join(drawn(child, depth + 1) for child in children)


def test_the_tree_is_the_promised_one() -> None:
    assert drawn(LLMError) == TREE.lstrip("\n")


def test_the_tree_at_the_top_of_the_file_is_the_real_one() -> None:
    names = re.findall(
        r"^(?:[│ ]*[├└]── )?(\w+Error|Stream\w+|MalformedStream|Invalid\w+)\b", errors.__doc__ or "", re.M
    )
    assert names == [line.strip() for line in TREE.split()]


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_carries_the_facts_and_survives_copies(kind: type[LLMError]) -> None:
    error = kind("what happened", **FACTS)
    for twin in (error, copy.copy(error), copy.deepcopy(error), pickle.loads(pickle.dumps(error))):
        assert type(twin) is kind
        assert vars(twin) == vars(error)
        assert {name: getattr(twin, name) for name in FACTS} == FACTS
        assert twin.message == "what happened"
        assert str(twin) == str(error)
        assert twin.args == error.args


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_can_be_made_with_nothing(kind: type[LLMError]) -> None:
    error = kind()
    assert str(error) == kind.__name__
    assert (error.status, error.retry_after, error.partial, error.attempts) == (None, None, None, 1)
    assert inspect.getdoc(kind)


def test_facts_of_some_classes_survive_copies_too() -> None:
    for error, facts in (
        (ModelNotFoundError("x", available=("a", "b")), {"available": ("a", "b")}),
        (TimedOutError("x", phase="idle"), {"phase": "idle"}),
        (TooLargeError("x", cap="event_bytes", limit=5), {"cap": "event_bytes", "limit": 5}),
    ):
        twin = pickle.loads(pickle.dumps(copy.deepcopy(error)))
        assert {name: getattr(twin, name) for name in facts} == facts


def test_the_text_says_who_what_and_the_facts() -> None:
    error = RateLimitedError(
        "slow down", provider="acme", status=429, code="rpm", request_id="r1", retry_after=2.5, attempts=3
    )
    assert str(error) == "acme: slow down (HTTP 429, rpm, request r1, retry after 2.5 s, after 3 attempts)"
    assert str(LLMError("only this")) == "only this"
    assert str(LLMError(retry_after=0)) == "LLMError (retry after 0 s)"


def test_near_names_are_in_the_text() -> None:
    assert str(ModelNotFoundError("no such model", available=("a", "b"))) == "no such model; among its models: a, b"


def test_the_body_and_the_partial_answer_are_not_in_the_text() -> None:
    error = LLMError("x", body="BODY", partial=Response(text="PARTIAL"))
    assert "BODY" not in f"{error}{error!r}"
    assert "PARTIAL" not in f"{error}{error!r}"


def test_a_cause_keeps_class_and_scrubbed_text_only() -> None:
    original = ConnectionError("GET https://host/v1?key=canary failed")
    original.add_note("canary")
    cause = Cause.of(original)
    assert str(cause) == "ConnectionError: GET https://host/v1?*** failed"
    assert "canary" not in repr(vars(cause)) + repr(cause)
    assert cause.__cause__ is cause.__context__ is None
    assert str(Cause.of(TimeoutError())) == "TimeoutError"
    assert str(pickle.loads(pickle.dumps(cause))) == str(copy.copy(cause)) == str(cause)
