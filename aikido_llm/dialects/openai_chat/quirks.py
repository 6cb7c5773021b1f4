"""What differs between the hosts that speak this wire. A row sets what is not the common case at its host."""

from collections.abc import Mapping
from typing import Any, Literal

from attrs import field, frozen
from attrs.validators import in_

from ..late_system import LATE_SYSTEM, LateSystem
from ..verbs import Embedding, Reranking
from ..words import NO_WORDS, Words


def _ask_usage() -> dict[str, Any]:
    return {"include_usage": True}


def _efforts() -> dict[str, str]:
    return {}


@frozen
class Quirks:
    """The defaults are the common dialect, which a server that is not listed most probably speaks."""

    # -- request: names of keys
    max_tokens_field: str = "max_tokens"  # newer OpenAI models refuse the old name, strict hosts the new one
    seed_field: str | None = "seed"  # None: the host has no seed
    stop_field: str | None = "stop"  # None: the host has no stop strings
    top_k_field: str | None = None  # None: the host has no top_k, or does not say so
    several_answers: bool = True  # `n` may be more than 1
    # flag: `logprobs: true`, and `top_logprobs` beside it. count: `logprobs` is how many. None: the host tells none.
    logprobs: Literal["flag", "count"] | None = "flag"
    stream_options: Mapping[str, Any] | None = field(factory=_ask_usage)  # None: strict hosts refuse the key
    metadata: bool = False  # most hosts have no place for labels, or want other keys beside them
    system_role: str = "system"  # "developer" where a host insists

    # -- request: reasoning
    # switch: `thinking.type` alone, on or off; thinking: an effort beside it. enable_thinking: a flag at the top.
    thinking: Literal[
        "reasoning_effort", "reasoning", "thinking", "switch", "enable_thinking", "chat_template_kwargs",
        "chat_template_args", "none",
    ] = "reasoning_effort"  # fmt: skip
    thinking_on: str = "enabled"  # the word of `thinking.type` that lets a model think
    efforts: Mapping[str, str] = field(factory=_efforts)  # our effort -> the host's word, where it has fewer
    thinking_budget_field: str = ""  # a key that takes a number of tokens; "" maps a budget to an effort
    # What an assistant turn carries back of the reasoning it came with:
    # details: its reasoning_details list, unchanged.
    # content: reasoning_content on turns with calls; for engines, whose templates look at it there or nowhere.
    # turn:    reasoning_content from the first call of a user's turn on, the closing words too, the key also when there
    #          was none (from another provider): a request without it is refused.
    # always:  reasoning_content on every turn, and the key on turns with calls even when there was none.
    # source: Z.ai, "Thinking Mode", and reports of Moonshot's "reasoning_content is missing in assistant tool call
    # message" for `always`; MiniMax, "OpenAI API", for `details`; DeepSeek, "Thinking Mode", for `turn`; read 2026-11.
    reasoning_replay: Literal["details", "content", "turn", "always", "none"] = "none"

    # -- request: messages
    late_system: LateSystem = field(default="role", validator=in_(LATE_SYSTEM))  # see dialects/late_system.py
    image_input: bool = True
    audio_input: Literal["object", "string"] | None = "object"  # {data, format}, bare base64, or not at all
    file_input: Literal["file", "document_url"] | None = "file"
    file_urls: bool = False  # file_data may be an http(s) URL too
    tool_result_images: bool = False  # else they follow in a user message, behind the results of all calls
    assistant_images: bool = False  # a turn may carry the pictures it drew; else the next user message shows them
    speaker_names: bool = True  # `name` on messages; strict hosts refuse it
    tool_names: bool = False  # `name` on tool results
    null_content: bool = True  # `content: null` beside tool calls; False leaves the key out (nulls are refused)
    prefill_field: str = ""  # a key that a last assistant message needs to be continued
    call_id_pattern: str = ""  # what a call id must look like as a whole; others become a stable digest
    call_id_length: int = 40  # length of that digest
    cache_marks: bool = False  # cache_control on parts and tools

    # -- request: tools and formats
    custom_tools: bool = False  # tools that take free text, and calls of them in the conversation
    # Tools that the host runs stand among the others by their type: the common name -> the host's word for it; other
    # names go as they are. None: it has no such tools, or has them elsewhere.
    server_tools: Mapping[str, str] | None = None
    required_word: str = "required"  # "any" on hosts that know only that
    none_omits_tools: bool = False  # tools beside tool_choice none garble the text: leave them out
    json_schema: bool = True
    strict_needs_required: bool = False  # a strict schema that leaves a property optional is refused (OpenAI's rule)
    output_modalities: tuple[str, ...] = ("text",)  # what `modalities` may ask for

    # -- answer
    citations: bool = False  # answers may say what they stand on (read at every host, where it stands)
    told_tools: bool = False  # answers tell which tools the host ran
    drop_repeated_reasoning: bool = False  # older Grok models sent each reasoning delta twice
    error_words: Words = NO_WORDS  # what the host's own numbers and sentences mean

    # -- further verbs
    embedding: Embedding | None = None
    reranking: Reranking | None = None
    count_path: str = ""  # where a request's tokens are counted, "" where they are not

    # -- model list
    models_path: str = "/models"  # "": the host lists its models elsewhere, in a way of its own
    price_scale: float = 1e6  # times the listed price = US dollars per million tokens
