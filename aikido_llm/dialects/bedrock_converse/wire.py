"""The fields that are read of a delta. The quick type refuses every other field, so that none gets lost."""

from typing import Any

import msgspec

OF_THE_SERVER = "server_tool_use"
"""The type of a `toolUse` that the service answers itself; the client's have none, or `tool_use`."""


class Text(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    text: str


class TextDelta(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    """What nearly every event is. p: padding that hides how long the token is."""

    delta: Text
    contentBlockIndex: int = 0
    p: Any = None
