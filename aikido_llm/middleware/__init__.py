"""What a service puts around a client: a Client in, a Client out.

    from aikido_llm.middleware import fallback, hooked

    client = hooked(fallback(llm.open("anthropic", model=...), llm.open("openai", model=...)), after=print)

Each maker has a file of its own, which is never called by the maker's name: a module that is imported becomes an
attribute of its package, and would stand in the function's place. Names are loaded when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .base import Middleware as Middleware
    from .budgets import Budget as Budget
    from .budgets import budgeted as budgeted
    from .caches import cached as cached
    from .failover import fallback as fallback
    from .gating import limited as limited
    from .hedging import hedged as hedged
    from .hooks import Outcome as Outcome
    from .hooks import hooked as hooked
    from .limits.limiter import Limiter as Limiter
    from .limits.redis import RedisStore as RedisStore
    from .logs import CallStore as CallStore
    from .logs import logged as logged
    from .prices import priced as priced
    from .telemetry.observe import observed as observed

# Module -> its public names; tests/middleware/test_names.py holds this against the imports above.
_HOMES = {
    "base": "Middleware",
    "caches": "cached",
    "budgets": "Budget budgeted",
    "failover": "fallback",
    "gating": "limited",
    "hedging": "hedged",
    "hooks": "Outcome hooked",
    "limits.limiter": "Limiter",
    "limits.redis": "RedisStore",
    "logs": "CallStore logged",
    "telemetry.observe": "observed",
    "prices": "priced",
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
