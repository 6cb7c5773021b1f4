"""What a server's refusal does not say: the option of ours that mends it."""

from ..dialects.late_system import comes_late, refused_late_system
from ..errors import LLMError
from ..providers.base import Provider
from ..types.request import Request
from .wires import told_of_the_right_one


def advised(provider: Provider, request: Request, error: LLMError) -> LLMError:
    """The error of a server for this request, whose message says what mends it, where that is known."""
    late = getattr(provider.dialect, "late_system", "")
    if late == "role" and refused_late_system(error.message) and comes_late(request.messages):
        error.message += " (for a system message that comes late: open the client with late_system=user)"
        return error
    said = error.message.lower()
    if mends := next((mends for words, mends in provider.advice.items() if words in said), ""):
        error.message += f" ({mends})"
    return told_of_the_right_one(provider, error)
