"""Conversations that grow, unit by unit, and what it means that a request goes on from an earlier one."""

from typing import Any

from hypothesis import strategies as st

import aikido_llm as llm
from aikido_llm.dialects.values import as_list, is_object
from aikido_llm.types.messages import ThinkingPart
from tests.dialects import received

Unit = tuple[llm.Message, ...]
"""A message with all the results of its calls, in the order in which the program appended them."""

PNG = llm.ImagePart(data=b"\x89PNG\r\n\x1a\nrest")
TEXTS = st.sampled_from(["", "hi", "two\nlines ", "é🐋"])
MARK_KEYS = ("cache_control", "prompt_cache_breakpoint")
MARK_BLOCKS = ({"cachePoint"},)  # blocks that are nothing but a mark
MARKS = st.sampled_from([None, None, llm.CacheBreakpoint()])
IDS = st.sampled_from(["call_0", "functions.add:0", "a" * 70, "get-weather_x7"])
CALLS = st.lists(
    st.builds(llm.ToolCall, IDS, st.sampled_from(["get-weather", "add"]), st.sampled_from(["{}", '{"a": 1}', "[1]"])),
    max_size=3,
    unique_by=lambda call: call.id,
)
RESULTS = st.one_of(TEXTS, st.lists(st.one_of(st.builds(llm.TextPart, TEXTS), st.just(PNG)), max_size=2))
THOUGHTS = st.lists(
    st.builds(
        ThinkingPart,
        st.sampled_from(["", "Hm."]),
        signature=st.sampled_from(["", "c2ln"]),
        provider=st.sampled_from(["", *received.ANSWERS]),
    ),
    max_size=2,
)
ANSWERS = st.one_of(
    st.builds(llm.assistant, TEXTS, tool_calls=CALLS, thinking=THOUGHTS, name=st.sampled_from([None, "Zoë"])),
    st.builds(llm.assistant, TEXTS, tool_calls=CALLS, images=st.just([PNG])),
    st.builds(received.message_from, st.sampled_from(tuple(received.ANSWERS))),
    st.builds(received.message_from, st.sampled_from(tuple(received.PICTURES)), picture=st.just(True)),
)
INSTRUCTIONS = st.builds(llm.system, st.sampled_from(["", "Be kind.", "In French."]), cache=MARKS)
WORDS = st.one_of(
    st.builds(llm.user, TEXTS, name=st.sampled_from([None, None, "ann"]), cache=MARKS),
    st.builds(llm.user, TEXTS, images=st.just([PNG])),
)


@st.composite
def answered(draw: st.DrawFn) -> Unit:
    """A turn of the assistant with its results, or with some of them; what is said between them comes in between."""
    said = draw(ANSWERS)
    results = [llm.tool(call.id, draw(RESULTS), is_error=draw(st.booleans())) for call in said.tool_calls]
    if results and draw(st.integers(0, 5)) == 0:
        results.pop()
    between = draw(st.lists(st.one_of(INSTRUCTIONS, WORDS), max_size=1)) if results else []
    return (said, *draw(st.permutations([*results, *between])))


@st.composite
def conversations(draw: st.DrawFn) -> list[Unit]:
    """Units in any order behind an opening."""
    opening: list[Unit] = [(message,) for message in draw(st.lists(INSTRUCTIONS, max_size=2))]
    begun: Unit = (llm.user("begin"),)
    alone = st.one_of(INSTRUCTIONS, WORDS).map(lambda message: (message,))
    return [*opening, begun, *draw(st.lists(st.one_of(alone, answered()), min_size=1, max_size=6))]


def without_marks(value: Any) -> Any:
    """The JSON value without cache marks."""
    if is_object(value):
        return {key: without_marks(item) for key, item in value.items() if key not in MARK_KEYS}
    kept = [item for item in as_list(value) if not (is_object(item) and item.keys() in MARK_BLOCKS)]
    return [without_marks(item) for item in kept] if isinstance(value, list) else value


def as_parts(content: Any) -> list[Any]:
    """Content that some wires write as a string when it is text alone."""
    if not isinstance(content, str):
        return list(content or [])
    return [{"text": content}] if content else []


def goes_on(before: Any, after: Any) -> bool:
    """Whether the list of messages goes on from the earlier one: all as they were, and the last one at most longer."""
    if not before:
        return True
    if len(after) < len(before) or before[:-1] != after[: len(before) - 1]:
        return False
    return _grew(before[-1], after[len(before) - 1])


def _grew(before: dict[str, Any], after: dict[str, Any]) -> bool:
    key = "parts" if "parts" in before else "content"
    if {**before, key: None} != {**after, key: None}:
        return False
    old, new = as_parts(before.get(key)), as_parts(after.get(key))
    if len(new) < len(old) or [_bare(part) for part in old[:-1]] != [_bare(part) for part in new[: len(old) - 1]]:
        return False
    return not old or _longer(_bare(old[-1]), _bare(new[len(old) - 1]))


def _bare(part: dict[str, Any]) -> dict[str, Any]:
    """A part of text without the name of its type, which a string has not."""
    return {"text": part["text"]} if isinstance(part.get("text"), str) and set(part) <= {"type", "text"} else part


def _longer(before: dict[str, Any], after: dict[str, Any]) -> bool:
    if before == after:
        return True
    return before.keys() == after.keys() == {"text"} and str(after["text"]).startswith(str(before["text"]))
