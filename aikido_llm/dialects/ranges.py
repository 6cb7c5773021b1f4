"""Numbers of a Request, fitted to what a wire takes. One rule for all wires:

- `temperature` and `top_p` outside a wire's range are sent as the nearest number that it takes, since ranges differ
  from wire to wire and the ends mean the same on each (steadiest, freest);
- what a caller relies on to the letter (max_tokens, stop, seed) is never changed: it is sent, or refused;
- thinking is asked for by effort or by budget on every wire; one that knows only efforts gets the nearest.
"""

from collections.abc import Sequence

from ..errors import InvalidRequestError
from ..types.request import EFFORTS, Effort, ThinkingConfig

_EFFORT_UP_TO: tuple[tuple[Effort, int], ...] = (("none", 0), ("low", 2048), ("medium", 8192))  # tokens of a budget


def nearest(name: str, value: float | None, low: float, high: float) -> float | None:
    """The value, or the end of the range that it lies beyond. Raises InvalidRequestError for what is no number."""
    if value is None:
        return None
    if value != value:
        raise InvalidRequestError(f"{name} is not a number")
    return low if value < low else high if value > high else value


def effort_of(thinking: ThinkingConfig, known: Sequence[str] = EFFORTS) -> str:
    """The effort (of a budget, the one that is nearest to it), or the nearest of those that the wire knows.

    Thinking that is wanted is never turned off for that, nor the other way round: "none" stays itself, also where the
    wire does not know the word. Of two that are as near, the lower one.
    """
    budget = thinking.budget_tokens or 0
    wanted: str = thinking.effort or next((effort for effort, most in _EFFORT_UP_TO if budget <= most), "high")
    if wanted in known or wanted == "none":
        return wanted
    order: tuple[str, ...] = EFFORTS
    levels = [level for level in order if level in known and level != "none"]
    return min(levels, key=lambda level: abs(order.index(level) - order.index(wanted))) if levels else wanted
