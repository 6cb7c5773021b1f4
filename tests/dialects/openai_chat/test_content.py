"""Content, reasoning and usage in the shapes that servers write them in."""

import base64
from typing import Any

import pytest
from attrs import evolve

from aikido_llm.dialects.openai_chat import OpenAIChat
from aikido_llm.types.parts import ImagePart
from tests.dialects.openai_chat.roads import WHOLE, answer_of, asked, both
from tests.dialects.openai_chat.transcripts import DONE, END, STOP, body, chunk, data, text
from tests.wire import Road

pytestmark = pytest.mark.deep  # cut anywhere (tests/wire.py)

PNG = b"\x89PNG\r\n\x1a\n rest"
PNG_URI = "data:image/png;base64," + base64.b64encode(PNG).decode()


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ("Hi", "Hi"),
        (["Hi ", "there"], "Hi there"),
        (["Hi ", {"type": "text", "text": "there"}, None, ""], "Hi there"),
        ([["Hi "], ["there"]], "Hi there"),
        ([{"type": "text", "text": {"value": "Hi"}}], "Hi"),
        ([{"type": "output_text", "text": "Hi"}], "Hi"),
        ([{"text": "Hi"}], "Hi"),
        ([{"content": "Hi"}], "Hi"),
        ({"type": "text", "text": "Hi"}, "Hi"),
        ({"name": "Ada", "age": 36}, '{"name":"Ada","age":36}'),  # a JSON mode whose JSON is not text
        ({"text": "Ada"}, '{"text":"Ada"}'),
        ([1, 2], "12"),
        (36, "36"),
        (False, "false"),
        ([{"type": "novel", "text": "Hi"}], "Hi"),
    ],
)
def test_content_of_any_shape_is_text(content: Any, shown: str) -> None:
    assert both({"content": content}).text == shown


def test_content_that_nobody_knows_is_kept_and_never_an_empty_stop() -> None:
    part = {"type": "hologram", "cube": 1}
    answer = both({"content": [part]})
    assert (answer.finish_reason, answer.raw_finish_reason, answer.text) == ("other", "stop", "")
    assert answer.provider_data == {"parts": [part]}


@pytest.mark.parametrize(
    ("fields", "thinking"),
    [
        ({"reasoning_content": "Hm"}, "Hm"),
        ({"reasoning_text": "Hm"}, "Hm"),
        ({"thinking": "Hm"}, "Hm"),
        ({"reasoning_content": [{"type": "thinking", "content": "Hm"}]}, "Hm"),
        ({"reasoning_content": ["H", {"type": "text", "text": "m"}]}, "Hm"),
        ({"reasoning": {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}}, "Hm"),
        ({"reasoning": {"summary": [{"text": "Hm"}]}, "reasoning_content": "Hm"}, "Hm"),
        ({"thinking_blocks": [{"type": "thinking", "thinking": "Hm"}]}, "Hm"),
        ({"reasoning_content": "Hm", "thinking_blocks": [{"type": "thinking", "thinking": "Hm"}]}, "Hm"),
    ],
)
def test_reasoning_under_every_key_and_in_every_shape(fields: dict[str, Any], thinking: str) -> None:
    answer = both({**fields, "content": "so"})
    assert (answer.thinking, answer.text, answer.provider_data) == (thinking, "so", {})


def test_what_stands_beside_reasoning_is_kept() -> None:
    signed = [{"type": "thinking", "thinking": "Hm", "signature": "c2ln"}]
    assert both({"content": "so", "thinking_blocks": signed}).provider_data == {"thinking_blocks": signed}
    assert both({"content": "so", "reasoning": {"state": 7}}).provider_data == {"reasoning": {"state": 7}}
    assert both({"content": "so", "reasoning_opaque": "SIG"}).provider_data == {"reasoning_opaque": "SIG"}
    encrypted = {"type": "reasoning.encrypted", "data": "AA", "index": 0}
    plain = {"type": "reasoning.text", "text": "Hm", "index": 1}
    said = both({"content": "so", "reasoning_details": [encrypted, plain]})
    assert said.provider_data == {"reasoning_details": [encrypted]}


@pytest.mark.parametrize(
    "sent",
    [
        {"prompt_tokens": 11, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 2}},
        {"input_tokens": 11, "output_tokens": 5, "input_tokens_details": {"cached_tokens": 2}},
        {"prompt_tokens": "11", "output_tokens": 5.0, "cache_read_input_tokens": 2},
    ],
)
def test_usage_under_either_wire_s_names(sent: dict[str, Any]) -> None:
    usage = both({"content": "Hi"}, usage=sent).usage
    assert (usage.input_tokens, usage.output_tokens, usage.cache_read_tokens) == (11, 5, 2)


def test_reasoning_counts_under_the_other_wire_s_names() -> None:
    sent = {"input_tokens": 11, "output_tokens": 5, "output_tokens_details": {"reasoning_tokens": 3}}
    assert both({"content": "Hi"}, usage=sent).usage.reasoning_tokens == 3


def test_a_picture_that_is_sent_as_text_by_a_host_that_draws() -> None:
    picture = ImagePart(data=PNG, content_type="image/png")
    draws = OpenAIChat(output_modalities=("text", "image"))
    streamed = answer_of(chunk({"content": PNG_URI}) + END, Road(draws))
    assert (streamed.images, streamed.text) == ((picture,), "")
    assert answer_of(body({"content": PNG_URI}), evolve(WHOLE, dialect=draws)) == streamed
    told = text("Here") + chunk({"content": PNG_URI}) + STOP + DONE
    assert answer_of(told, evolve(asked(modalities=("text", "image")), dialect=draws)).images == (picture,)
    assert both({"content": PNG_URI}).text == PNG_URI


def test_the_text_of_an_older_completion() -> None:
    assert answer_of(data({"choices": [{"index": 0, "text": "Hi", "finish_reason": "stop"}]})).text == "Hi"
