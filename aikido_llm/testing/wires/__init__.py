"""The wires that the test server speaks, by name or by a request's path. Each is imported when it is first used."""

from functools import cache
from importlib import import_module
from typing import cast
from urllib.parse import urlsplit

from attrs import evolve

from ...errors import ConfigError
from ...providers import find
from ...providers.base import PLACE
from .base import Received, Wire, verb_of

MOUNT = "/as/"

# Name -> class, in the order in which a path is offered to them.
_CLASSES = {
    "openai_chat": "OpenAIChat",
    "anthropic_messages": "AnthropicMessages",
    "gemini_generate": "GeminiGenerate",
    "cohere_chat": "CohereChat",
    "ollama_chat": "OllamaChat",
    "openai_responses": "OpenAIResponses",
    "bedrock_converse": "BedrockConverse",
    "bedrock_invoke": "BedrockInvoke",
}
NAMES = tuple(_CLASSES)


def wire(name: str) -> Wire:
    """The wire of a dialect, or the one of a provider that a client of this server speaks unasked.

    Raises ConfigError for a name nobody knows."""
    return _wire(name if name in _CLASSES else find(name).dialect.name)


def wires(name: str) -> tuple[Wire, ...]:
    """All wires of a dialect's or a provider's name, the one of `wire` first. Raises ConfigError."""
    others = () if name in _CLASSES else (one.dialect.name for one in find(name).wires.values())
    spoken = wire(name)
    return (spoken, *(_wire(other) for other in others if other != spoken.name))


@cache
def _wire(dialect: str) -> Wire:
    if dialect not in _CLASSES:
        raise ConfigError(f"the test server does not speak {dialect!r}; it speaks {', '.join(NAMES)}")
    return cast(Wire, getattr(import_module(f"{__name__}.{dialect}"), _CLASSES[dialect])())


def base_path(name: str, wire_name: str = "") -> str:
    """What stands between the host and the routes: for a provider the path of its own base URL, on that wire of it."""
    spoken = wire(name)
    row = None if name in _CLASSES else find(name)
    url = "" if row is None else (row.speaking(wire_name) if wire_name else row).base_url
    return PLACE.sub(r"a-\1", urlsplit(url).path.rstrip("/")) if url else spoken.base_path


def request_id_headers(name: str) -> tuple[str, ...]:
    """The headers in which the host of that name tells its id of a request."""
    if not name or name in _CLASSES:
        return ("x-request-id", "request-id")
    return find(name).request_id_headers[:1]


def find_wire(method: str, path: str, query: dict[str, str], headers: dict[str, str]) -> tuple[Received, Wire | None]:
    """The request, its path without the mount, and the wire it is for; None when no wire has such a route.

    Under `/as/NAME` it is that name's wire. Elsewhere several may have the route (a model list); the first one whose
    key is in the request gets it.
    """
    name, path = _unmounted(path)
    request = Received(method, path, query, headers, provider=name)
    named = _known(name) if name else map(wire, NAMES)
    serving = [one for one in named if verb_of(one, method, path)]
    found = next((one for one in serving if one.key(request)), serving[0] if serving else None)
    return request if found is None else evolve(request, verb=verb_of(found, method, path)), found


def _unmounted(path: str) -> tuple[str, str]:
    if not path.startswith(MOUNT):
        return "", path
    name, slash, rest = path[len(MOUNT) :].partition("/")
    return name, slash + rest


def _known(name: str) -> tuple[Wire, ...]:
    try:
        return wires(name)
    except ConfigError:
        return ()
