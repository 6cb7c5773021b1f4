"""What JSON values are taken for, and that every wire takes its counts for the same."""

import ast
import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

import aikido_llm
from aikido_llm.dialects import values
from aikido_llm.providers import find
from tests.wire import Road, response_of

KINDS: tuple[Any, ...] = (None, True, 3, 2.5, "text", [1, {}], {"a": 1})


@pytest.mark.parametrize("value", KINDS, ids=repr)
def test_a_value_is_of_one_kind(value: Any) -> None:
    kind = type(value).__name__
    assert values.is_object(value) is values.is_mapping(value) is (kind == "dict")
    assert values.is_list(value) is (kind == "list")
    assert values.as_object(value) == (value if kind == "dict" else {})
    assert values.as_list(value) == (value if kind == "list" else [])
    assert values.as_objects(value) == ([{}] if kind == "list" else [])
    assert values.as_text(value) == (value if kind == "str" else "")


NUMBERS = [
    # value, number, count
    (0, 0.0, 0),
    (12, 12.0, 12),
    (12.0, 12.0, 12),
    (7.5, 7.5, 7),
    ("12", 12.0, 12),
    (" 12.0 ", 12.0, 12),
    ("0.0000004", 4e-7, 0),
    ("4e-7", 4e-7, 0),
    (2**53 - 1, 2.0**53 - 1, 2**53 - 1),
    (2**53, None, None),
    (10**20, None, None),
    (1e20, None, None),
    (10**400, None, None),
    ("1" * 5000, None, None),
    (-1, None, None),
    ("-1", None, None),
    (-0.5, None, None),
    (float("nan"), None, None),
    (float("inf"), None, None),
    ("nan", None, None),
    ("inf", None, None),
    ("", None, None),
    ("many", None, None),
    (True, None, None),
    (False, None, None),
    (None, None, None),
    ([3], None, None),
    ({"n": 3}, None, None),
]


@pytest.mark.parametrize(("value", "number", "count"), NUMBERS, ids=lambda value: repr(value)[:20])
def test_numbers_and_counts(value: Any, number: float | None, count: int | None) -> None:
    assert values.as_number(value) == number
    assert values.as_count(value) == count
    assert type(values.as_count(value)) in (int, type(None))


def test_a_number_has_the_bound_that_its_reader_names() -> None:
    assert values.as_number(59, 60) == 59
    assert values.as_number(60, 60) is None


@pytest.mark.parametrize(
    ("value", "status"),
    [(429, 429), ("429", 429), (429.0, 429), (399, None), (600, None), (200, None), (True, None), ("rate_limit", None)],
)
def test_statuses_of_errors(value: Any, status: int | None) -> None:
    assert values.as_error_status(value) == status


@pytest.mark.parametrize(("part", "whole", "told"), [(3, 5, 3), (9, 5, 5), (9, None, 9), (None, 5, None)])
def test_a_part_is_within_its_whole(part: int | None, whole: int | None, told: int | None) -> None:
    assert values.within(part, whole) == told


@pytest.mark.parametrize(
    ("said", "listed", "held"),
    [
        ({}, ["more"], {"more": 1}),
        ({"name": None}, ["more"], {"more": 1}),
        ({"name": 3}, [3, "more"], {"name": 3, "more": 1}),
        ({"name": [3]}, [3, "more"], {"name": [3], "more": 1}),
        ({"name": {"a": 3}}, [{"a": 3}, "more"], {"a": 3, "more": 1}),
    ],
    ids=repr,
)
def test_what_is_gathered_under_a_name_stands_beside_what_a_server_said_there(
    said: dict[str, Any], listed: list[Any], held: dict[str, Any]
) -> None:
    kept = deepcopy(said)
    values.list_in(kept, "name").append("more")
    assert kept == {"name": listed}
    kept = deepcopy(said)
    values.object_in(kept, "name")["more"] = 1
    assert kept == {"name": held}


def test_nothing_is_gathered_among_what_a_server_said_without_looking() -> None:
    """`setdefault` would take the server's own value, of whatever type, for what was gathered."""
    folder = Path(values.__file__).parent
    unlooked = [
        f"{file.relative_to(folder)}:{number}"
        for file in folder.rglob("*.py")
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if "provider_data.setdefault(" in line
    ]
    assert unlooked == []


# ---------------------------------------------------------------- on every wire

BODIES: dict[str, str] = {
    "vllm": '{"choices": [{"message": {"content": "x"}, "finish_reason": "stop"}],'
    ' "usage": {"prompt_tokens": READ, "completion_tokens": WRITTEN}}',
    "openai-responses": '{"status": "completed", "output": [],'
    ' "usage": {"input_tokens": READ, "output_tokens": WRITTEN}}',
    "anthropic": '{"type": "message", "content": [], "stop_reason": "end_turn",'
    ' "usage": {"input_tokens": READ, "output_tokens": WRITTEN}}',
    "gemini": '{"candidates": [{"content": {"parts": [{"text": "x"}]}, "finishReason": "STOP"}],'
    ' "usageMetadata": {"promptTokenCount": READ, "candidatesTokenCount": WRITTEN}}',
    "cohere": '{"message": {"content": []}, "finish_reason": "COMPLETE",'
    ' "usage": {"tokens": {"input_tokens": READ, "output_tokens": WRITTEN}}}',
    "bedrock-converse": '{"output": {"message": {"content": [{"text": "x"}]}}, "stopReason": "end_turn",'
    ' "usage": {"inputTokens": READ, "outputTokens": WRITTEN}}',
    "ollama": '{"message": {"content": "x"}, "done": true, "done_reason": "stop",'
    ' "prompt_eval_count": READ, "eval_count": WRITTEN}',
}


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("7", 7),
        ("7.0", 7),
        ("7.5", 7),
        ('"7"', 7),
        ("-1", None),
        ("1e20", None),
        (f"1{'0' * 20}", None),
        ("true", None),
    ],
)
def test_every_wire_reads_a_count_alike(name: str, sent: str, told: int | None) -> None:
    road = Road(find(name).dialect, stream=False, content_type="application/json")
    body = BODIES[name]
    read = response_of(road.read(body.replace("READ", sent).replace("WRITTEN", "4").encode())).usage
    assert (read.input_tokens, read.output_tokens) == (told, 4)
    written = response_of(road.read(body.replace("READ", "4").replace("WRITTEN", sent).encode())).usage
    assert (written.input_tokens, written.output_tokens) == (4, told)


# ---------------------------------------------------------------- in one place

FOLDERS = Path(aikido_llm.__file__).parent / "dialects"

KIND_CHECK = re.compile(r"(?:return|return (?P<name>\w+) if) isinstance\((?P<of>\w+), [\w| ]+\)(?: else .*)?")


def is_kind_check(step: ast.AST) -> bool:
    """Whether a function ends by saying what kind of value its argument is, or by giving it back if so."""
    found = KIND_CHECK.fullmatch(ast.unparse(step.body[-1])) if isinstance(step, ast.FunctionDef) else None
    return found is not None and found["name"] in (None, found["of"])


def test_no_dialect_asks_for_kinds_in_its_own_words() -> None:
    own = [
        f"{file.parent.name}/{file.name}: {step.name}"
        for file in sorted(FOLDERS.glob("*/*.py"))
        for step in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(step, ast.FunctionDef) and is_kind_check(step)
    ]
    assert not own, "dialects/values.py has it"


def test_the_guard_sees_what_it_shall() -> None:
    own = ast.parse('def _text(value):\n    """Text."""\n    return value if isinstance(value, str) else \'\'').body[0]
    assert isinstance(own, ast.FunctionDef)
    assert is_kind_check(own)
