"""Many requests, each answered once: from a thousand rows to a cluster. See docs/guides/bulk.md.

    async for row in bulk.map(client, ["why is the sky blue?", ...], "answers.db"):
        ...

Names are loaded when they are first used; no file is called like the function that it holds.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .batches import Batch as Batch
    from .batches import Results as Results
    from .batches import batch as batch
    from .batches import list_batches as list_batches
    from .batches import submit as submit
    from .datasets import ray as ray
    from .exports import export as export
    from .log import Log as Log
    from .parts import Parts as Parts
    from .polling import BatchProgress as BatchProgress
    from .progress import Progress as Progress
    from .rows import Row as Row
    from .run import Run as Run
    from .run import map as map
    from .tables import arrow as arrow

_HOMES = {
    "batches": "Batch Results batch list_batches submit",
    "datasets": "ray",
    "exports": "export",
    "log": "Log",
    "parts": "Parts",
    "polling": "BatchProgress",
    "progress": "Progress",
    "rows": "Row",
    "run": "Run map",
    "tables": "arrow",
}
_HOME = {name: module for module, names in _HOMES.items() for name in names.split()}

if not TYPE_CHECKING:  # a type checker shall find a misspelt name

    def __getattr__(name: str) -> Any:
        if name in _HOME:
            value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
            globals()[name] = value  # found at once the next time
            return value
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(_HOME)
