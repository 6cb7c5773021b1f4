"""The test kit: what others test with who use aikido_llm, and what we test with ourselves. It needs no test framework.

    async with WireServer() as server:
        server.answer(Answer("Hello"), Answer(text="Hel", fault=Fault.reset(after_events=1)))
        async with llm.open("gemini", server.dsn("gemini")) as client:
            ...

Names are loaded when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .answer import Answer as Answer
    from .cassette import CassetteError as CassetteError
    from .cassette import record as record
    from .cassette import replay as replay
    from .conformance import check_client as check_client
    from .faults import Fault as Fault
    from .grammar import check_grammar as check_grammar
    from .promises import BrokenPromise as BrokenPromise
    from .server import WireServer as WireServer
    from .stub import StubClient as StubClient
    from .stub import StubExhausted as StubExhausted
    from .stub import TurnScript as TurnScript
    from .transcripts import Transcript as Transcript
    from .transcripts import check_dialect as check_dialect
    from .vectors import vector_of as vector_of
    from .wires.base import Received as Received

# Module -> its public names.
_HOMES = {
    "answer": "Answer",
    "cassette": "CassetteError record replay",
    "conformance": "check_client",
    "faults": "Fault",
    "grammar": "check_grammar",
    "promises": "BrokenPromise",
    "server": "WireServer",
    "stub": "StubClient StubExhausted TurnScript",
    "transcripts": "Transcript check_dialect",
    "vectors": "vector_of",
    "wires.base": "Received",
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
