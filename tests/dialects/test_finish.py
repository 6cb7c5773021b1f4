"""The words for why an answer ended: all that a reference lists are known, on every wire, however they are written."""

from importlib import import_module
from pathlib import Path

import pytest

import aikido_llm
from aikido_llm.dialects.finish import OVERRIDING, reason_of
from aikido_llm.types.response import FinishReason

DIALECTS = sorted(path.parent.name for path in (Path(aikido_llm.__file__).parent / "dialects").glob("*/finish.py"))

# As the references list them, read 2026-11.
DOCUMENTED = {
    "openai_chat": "stop length tool_calls content_filter function_call eos model_length error end_turn "
    "insufficient_system_resource sensitive network_error model_context_window_exceeded abort repetition",
    "openai_responses": "max_output_tokens content_filter",
    "anthropic_messages": "end_turn max_tokens stop_sequence tool_use pause_turn compaction refusal "
    "model_context_window_exceeded",
    "gemini_generate": "FINISH_REASON_UNSPECIFIED STOP MAX_TOKENS SAFETY RECITATION LANGUAGE OTHER BLOCKLIST "
    "PROHIBITED_CONTENT SPII MALFORMED_FUNCTION_CALL IMAGE_SAFETY IMAGE_PROHIBITED_CONTENT IMAGE_OTHER NO_IMAGE "
    "IMAGE_RECITATION UNEXPECTED_TOOL_CALL TOO_MANY_TOOL_CALLS MISSING_THOUGHT_SIGNATURE MALFORMED_RESPONSE "
    "MODEL_ARMOR",
    "cohere_chat": "COMPLETE STOP_SEQUENCE MAX_TOKENS TOOL_CALL ERROR TIMEOUT",
    "ollama_chat": "stop length load unload",
    "bedrock_converse": "end_turn tool_use max_tokens stop_sequence guardrail_intervened content_filtered "
    "malformed_model_output malformed_tool_use model_context_window_exceeded",
}


def table_of(dialect: str) -> dict[str, FinishReason]:
    table: dict[str, FinishReason] = import_module(f"aikido_llm.dialects.{dialect}.finish").FINISH
    return table


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_is_documented_is_known(dialect: str) -> None:
    assert not set(DOCUMENTED[dialect].split()) - set(table_of(dialect))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_words_are_read_in_any_case(dialect: str) -> None:
    table = table_of(dialect)
    for word, reason in table.items():
        assert reason_of(word, table) is reason_of(word.lower(), table) is reason_of(word.upper(), table) is reason
        assert reason_of(word.capitalize(), table) is reason


ANYWHERE = {
    FinishReason.stop: "stop end_turn STOP COMPLETE stop_sequence eos",
    FinishReason.length: "length max_tokens MAX_TOKENS max_output_tokens model_context_window_exceeded",
    FinishReason.tool_calls: "tool_calls tool_use TOOL_CALL function_call",
    FinishReason.content_filter: "content_filter content_filtered refusal SAFETY guardrail_intervened",
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_words_of_the_other_wires_mean_the_same_here(dialect: str) -> None:
    for reason, words in ANYWHERE.items():
        for word in words.split():
            assert reason_of(word, table_of(dialect)) is reason, word


@pytest.mark.parametrize("word", ["", "brand_new", "stop!", "STOPPED"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_any_other_word_is_other(dialect: str, word: str) -> None:
    assert reason_of(word, table_of(dialect)) is FinishReason.other


def test_only_failures_override_what_was_said_before() -> None:
    assert set(OVERRIDING) == {FinishReason.error, FinishReason.content_filter}
