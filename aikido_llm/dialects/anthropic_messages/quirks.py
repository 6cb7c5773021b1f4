"""What differs between hosts that speak this wire, and between the generations of models behind it."""

from collections.abc import Mapping

from attrs import field, frozen
from attrs.validators import in_

from ..late_system import LATE_SYSTEM, LateSystem
from ..words import NO_WORDS, Words


@frozen
class Quirks:
    """Each field has the value that Anthropic's own API wants; a row for another host changes a field.

    Thinking has two styles on this wire, and no model takes both for long: models up to the 4.5 family take a budget
    (`{"type": "enabled", "budget_tokens": N}`), newer ones an effort (`{"type": "adaptive"}` beside
    `output_config.effort`). Nothing here looks at a model's name, which would be stale within weeks: the caller
    chooses with `ThinkingConfig.by_budget` for the older models and `by_effort` for the newer, and a model that does
    not know the style says so with a 400.
    """

    # The wire has no default for max_tokens and refuses a request without it. Thinking counts into it, so the customary
    # 4,096 would often cut the answer; above the model's own limit is refused: 64,000 tokens and more for the models in
    # service, 32,000 for the Opus 4 before them.
    default_max_tokens: int = 32_000
    # When a caller sets a thinking budget and no max_tokens, this much is kept for the answer behind the budget,
    # because the wire wants budget_tokens < max_tokens and thinking spends from max_tokens.
    answer_room: int = 8_192
    # A smaller budget is refused by the server.
    min_thinking_budget: int = 1_024
    # Since Opus 4.7 the thinking text is left out unless it is asked for; "" sends no such field.
    thinking_display: str = "summarized"
    # For a host with older models only: the budgets that stand for the efforts. None: an effort is sent as an effort.
    effort_budgets: Mapping[str, int] | None = None
    # The version of the API; the row's option of that name sets it, and the header.
    version: str = "2023-06-01"
    # From this version on, temperature, top_p and top_k are a 400 for every model, at their defaults too. (Reports of
    # "temperature: Extra inputs are not permitted" under 2026-10-21, which anthropic 2.0 sends; read 2026-11.)
    no_sampling_since: str = "2026-10-21"
    # Callers bring 0..2 from other wires; above 1 is a 400 here, so it is sent as 1.
    max_temperature: float = 1.0
    # The models that still take sampling parameters take temperature or top_p, not both.
    temperature_or_top_p: bool = True
    # More breakpoints are a 400: the last ones are kept.
    cache_breakpoints: int = 4
    # A tool result without content is refused by some models.
    empty_tool_result: str = "(no output)"
    # Models since Opus 4.8 take a system message among the others; older ones, and most hosts of other models, refuse
    # it: "user" for those. (Claude Platform docs, "Mid-conversation system messages", read 2026-11.)
    late_system: LateSystem = field(default="role", validator=in_(LATE_SYSTEM))
    # Where a request goes; a path with {model} takes the model out of the body. stream_path: "" for the same one.
    path: str = "/v1/messages"
    stream_path: str = ""
    # What names the API in the body, on hosts that read no header for it. "" sends no such field.
    body_version: str = ""
    # Where tokens are counted; the model is in the body there. "": the host has no such place.
    count_path: str = "/v1/messages/count_tokens"
    models_path: str = "/v1/models"  # "": the host has no list on this wire
    # What a host's own codes and sentences mean.
    error_words: Words = NO_WORDS
