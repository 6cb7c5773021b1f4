"""Where answers are kept: what a run asks of its log. A CallStore is one."""

from collections.abc import Sequence
from typing import Protocol

from ..errors import LLMError
from ..store import Asked, Call
from ..types.response import Response


class Log(Protocol):
    """Calls by their keys. See `CallStore`, whose methods these are."""

    async def claim(self, several: Sequence[Asked]) -> list[Call | bool]:
        """For each, in order: the Call that settles it, True when it is now this caller's to ask, False while another
        has it."""
        ...

    async def holds(self, asked: Asked) -> bool:
        """Whether what was claimed is still this caller's."""
        ...

    async def put(
        self, asked: Asked, outcome: Response | LLMError, *, at: float, seconds: float | None, final: bool
    ) -> None:
        """Keep what came of it: durable when this returns. final: nobody needs to ask again."""
        ...

    async def release(self, several: Sequence[Asked]) -> None:
        """Give claims back, unasked."""
        ...

    async def aclose(self) -> None:
        """No more is asked of it."""
        ...
