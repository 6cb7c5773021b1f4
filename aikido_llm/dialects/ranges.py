"""Numbers of a Request, fitted to what a wire takes. One rule for all wires:

- `temperature` and `top_p` outside a wire's range are sent as the nearest number that it takes, since ranges differ
  from wire to wire and the ends mean the same on each (steadiest, freest);
- what a caller relies on to the letter (max_tokens, stop, seed) is never changed: it is sent, or refused;
- thinking is asked for by effort or by budget on every wire; one that knows only efforts gets the nearest.
"""

from ..errors import InvalidRequestError
from ..types.request import ThinkingConfig

_EFFORT_UP_TO = (("none", 0), ("low", 2048), ("medium", 8192))  # tokens of a budget


def nearest(name: str, value: float | None, low: float, high: float) -> float | None:
    """The value, or the end of the range that it lies beyond. Raises InvalidRequestError for what is no number."""
    if value is None:
        return None
    if value != value:
        raise InvalidRequestError(f"{name} is not a number")
    return low if value < low else high if value > high else value


def effort_of(thinking: ThinkingConfig) -> str:
    """none, low, medium or high: the effort, or the one that is nearest to the budget."""
    budget = thinking.budget_tokens or 0
    return thinking.effort or next((effort for effort, most in _EFFORT_UP_TO if budget <= most), "high")
