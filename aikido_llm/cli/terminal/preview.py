"""Pictures inside the terminal, where its own variables say that it can show them. Pure.

Sixel is left out: a terminal says so only when it is asked, and one that does not understand prints the question.
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from aikido_llm import ImagePart
from aikido_llm.codecs.base64 import encode

Protocol: TypeAlias = Literal["kitty", "iterm2", ""]

_MOST_BYTES = 8_000_000
_CHUNK = 4096  # characters of base64 that kitty takes at a time


def protocol(environment: Mapping[str, str]) -> Protocol:
    """How this terminal shows pictures, "" when it does not say that it can. Inside tmux and screen they get lost."""
    if environment.get("TMUX") or environment.get("STY") or environment.get("TERM", "").startswith(("tmux", "screen")):
        return ""
    program = environment.get("TERM_PROGRAM", "")
    if environment.get("KITTY_WINDOW_ID") or environment.get("TERM") == "xterm-kitty" or program == "ghostty":
        return "kitty"
    if program in ("iTerm.app", "WezTerm") or environment.get("LC_TERMINAL") == "iTerm2":
        return "iterm2"
    return ""


def escape(image: ImagePart, how: Protocol) -> str:
    """What makes the terminal draw the picture; "" when it cannot (kitty's protocol takes PNG alone)."""
    if not image.data or len(image.data) > _MOST_BYTES:
        return ""
    if how == "iterm2":
        size = len(image.data)
        return f"\x1b]1337;File=inline=1;size={size};preserveAspectRatio=1:{encode(image.data)}\a\n"
    if how == "kitty" and image.content_type == "image/png":
        text = encode(image.data)
        pieces = [text[at : at + _CHUNK] for at in range(0, len(text), _CHUNK)]
        last = len(pieces) - 1
        return "".join(
            f"\x1b_G{'a=T,f=100,' if number == 0 else ''}m={0 if number == last else 1};{piece}\x1b\\"
            for number, piece in enumerate(pieces)
        ) + "\n"  # fmt: skip
    return ""
