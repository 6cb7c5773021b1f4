"""Events out to a page or another program: a stream of them in, a protocol's bytes out. See docs/guides/bridges.md.

    return StreamingResponse(bridges.vercel_ui(client.stream(request)), headers=bridges.vercel_ui.HEADERS)

Names are loaded when they are first used; no file is called like what it holds.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .agent_ui import ag_ui as ag_ui
    from .base import Bridge as Bridge
    from .chat_chunks import openai_sse as openai_sse
    from .kept import Resumable as Resumable
    from .own import sse as sse
    from .ui_messages import vercel_ui as vercel_ui

_HOMES = {
    "agent_ui": "ag_ui",
    "base": "Bridge",
    "chat_chunks": "openai_sse",
    "kept": "Resumable",
    "own": "sse",
    "ui_messages": "vercel_ui",
}
_HOME = {name: module for module, names in _HOMES.items() for name in names.split()}

if not TYPE_CHECKING:  # a type checker shall find a misspelt name
    __all__ = sorted(_HOME)  # `from ... import *` asks for nothing else

    def __getattr__(name: str) -> Any:
        if name in _HOME:
            value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
            globals()[name] = value  # found at once the next time
            return value
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(_HOME)
