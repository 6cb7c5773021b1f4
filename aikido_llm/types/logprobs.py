"""How sure the model was of its words."""

from attrs import field, frozen

from .checks import each, of


@frozen
class TokenLogprob:
    """One token of the answer. logprob: the natural logarithm of its probability. top_logprobs: the likeliest there."""

    token: str = field(validator=of(str))
    logprob: float = field(validator=of(float))
    top_logprobs: "tuple[TokenLogprob, ...]" = field(default=(), validator=lambda o, a, v: each(TokenLogprob)(o, a, v))
