"""Model names that a provider has listed before, for the completion of shells. Names alone are kept."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from aikido_llm.errors import ConfigError
from aikido_llm.providers import find

from . import places


def read(provider: str) -> list[str]:
    """[] when it was never asked, or nothing can be read."""
    try:
        held: Any = json.loads(_path(provider).read_bytes())
    except (OSError, ValueError, ConfigError):
        return []
    match held:
        case [*names]:
            return [name for name in names if isinstance(name, str) and name.isprintable()]
        case _:
            return []


def keep(provider: str, names: list[str]) -> None:
    """What cannot be kept is not."""
    with suppress(OSError):
        places.write(_path(provider), json.dumps(sorted(names), ensure_ascii=False))


def _path(provider: str) -> Path:
    return places.cache() / "models" / f"{find(provider).name}.json"
