"""What differs between the hosts and models that speak the Responses wire, one field each."""

from typing import Literal

from attrs import field, frozen
from attrs.validators import in_

from ...types.request import Request
from ..late_system import LATE_SYSTEM, LateSystem
from ..verbs import Embedding, Reranking
from ..words import NO_WORDS, Words


@frozen
class Quirks:
    """The defaults are OpenAI's own. Source: OpenAI API reference, "Responses", read 2026-11."""

    path: str = "/responses"
    models_path: str = "/models"  # "": the host lists its models elsewhere, in a way of its own

    # OpenAI keeps every answer for 30 days unless told not to. A client that sends the whole conversation each time has
    # no use for that, so the default is the private one; then earlier output is replayed without its item ids, because
    # the server looks an id up and refuses the request when it kept nothing ("Items are not persisted"). None leaves
    # the field out, for servers that do not know it.
    store: bool | None = False

    # Without a stored answer, reasoning can only go on in the next turn when it came encrypted, and that must be asked
    # for with `include`. Models that do not reason refuse the value (400 "Encrypted content is not supported with this
    # model"), so "asked" sends it when the request sets thinking or replays reasoning; "always" and "never" for hosts
    # that serve only one kind or reject unknown values.
    encrypted_reasoning: Literal["asked", "always", "never"] = "asked"

    # Open models (DeepSeek, gpt-oss, llama.cpp) send their reasoning as plain text and some want it back with the tool
    # calls it led to; OpenAI's own servers take none back that is not encrypted.
    replays_open_reasoning: bool = False

    # The kind of summary that goes with an effort; "" asks for none (unverified organisations are refused one).
    reasoning_summary: str = "auto"

    # True: the system text that opens a conversation is `instructions`. False: it stays in the input, for servers that
    # do not read that field. Later ones are never part of it, which would change what was said before them.
    instructions: bool = True
    system_role: Literal["system", "developer"] = "system"
    late_system: LateSystem = field(default="role", validator=in_(LATE_SYSTEM))

    # OpenAI refuses a smaller `max_output_tokens`. 1 for servers without that rule.
    min_output_tokens: int = 16

    # OpenAI caches prompts by itself; marks are known to its newest models only (GPT-5.6 on), and a mere hint must not
    # make a request fail, so they are sent only where a row says that they are understood.
    cache_breakpoints: bool = False

    # OpenAI refuses a strict schema that leaves a property optional; engines that compile a grammar do not.
    strict_needs_required: bool = True

    # Pictures are drawn by a built-in tool; only OpenAI has it.
    draws_images: bool = True

    # Further verbs. count_path: "" where a request's tokens are not counted.
    embedding: Embedding | None = None
    reranking: Reranking | None = None
    count_path: str = ""

    # What the host's own codes and sentences mean.
    error_words: Words = NO_WORDS


def in_background(request: Request) -> bool:
    """Whether the answer is made whether or not its connection lasts."""
    return request.background or request.extra.get("background") is True


def is_stored(request: Request, quirks: Quirks) -> bool:
    """Whether the server keeps the answer, so that the ids of its items mean something to it."""
    return request.extra.get("store", in_background(request) or quirks.store) is not False
