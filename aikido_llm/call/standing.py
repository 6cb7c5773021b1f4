"""Whether an answer would be whole if its bytes ended here: for servers that say all of it and never end their HTTP."""

from copy import deepcopy

from ..dialects.base import Decoder
from ..errors import LLMError, StreamError
from ..framing import Frame, Framer
from ..framing.media import MediaFramer


def stands(framer: Framer | MediaFramer, decoder: Decoder) -> bool:
    """Whether the body that `framer` has been fed is a whole answer, or an error. framer: is left as it is.
    decoder: a fresh one."""
    framer = deepcopy(framer)
    frames: list[Frame] = []
    framer.close(frames)
    if isinstance(framer, MediaFramer):
        decoder.arrived = framer.arrived
    try:
        decoder.feed(frames, [])
        decoder.close([])
    except (StreamError, RecursionError):
        return False
    except LLMError:
        return True
    return decoder.complete
