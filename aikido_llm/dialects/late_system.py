"""Where a system message goes that comes after the conversation has begun, and how servers refuse one there."""

import re
from collections.abc import Iterable
from typing import Literal, TypeAlias

from ..types.messages import Message, Role

LateSystem: TypeAlias = Literal["role", "user", "front"]
"""A field of the quirks of each wire.

role:  where it was said, in the wire's own role for it.
user:  where it was said, as words of the user that say what they are; for wires and templates that know the role at
       the top alone.
front: to the others at the top. What was sent before changes then: caches miss, and signed thinking is refused.
"""

LATE_SYSTEM: tuple[LateSystem, ...] = ("role", "user", "front")

# In the words of services, of their compatible hosts, and of chat templates, read 2026-11. Patterns are bounded.
_REFUSALS = (
    r"role .?system.? is not supported",
    r"unexpected role .{0,3}system",
    r"unknown variant .?system.?, expected",
    r"system (?:message|turn|role|prompt)s? (?:must|should|has to|can only) be (?:at )?(?:the )?(?:first|begin|start)",
)
_REFUSED = re.compile("|".join(_REFUSALS), re.IGNORECASE)


def refused_late_system(message: str) -> bool:
    """Whether a server's message refuses a system message for its place."""
    return _REFUSED.search(message) is not None


def comes_late(messages: Iterable[Message]) -> bool:
    """Whether a system message stands behind one that is none."""
    begun = False
    for message in messages:
        if message.role is not Role.system:
            begun = True
        elif begun:
            return True
    return False
