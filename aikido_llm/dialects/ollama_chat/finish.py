"""Why an answer ended (source: the server's DoneReason, read 2026-11)."""

from ...types.response import FinishReason

FINISH: dict[str, FinishReason] = {
    "stop": FinishReason.stop,
    "length": FinishReason.length,
    # The model was loaded into memory, or dropped from it, as an empty conversation asks for.
    "load": FinishReason.stop,
    "unload": FinishReason.stop,
}
