"""Ollama: models on one's own machine, or in its cloud, on its native wire."""

from urllib.parse import urlsplit

from ..dialects.ollama_chat import OllamaChat
from ..dialects.ollama_chat.encode import keep_alive
from ..errors import ConfigError
from .base import DsnOption, Provider

_ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}
_CLOUD = "ollama.com"


def base_from_env(value: str) -> str:
    """`OLLAMA_HOST` -> a base URL. People write `host`, `host:port`, `:port`, an address, or a whole URL there.

    The port is 11434, or the scheme's own behind a scheme, as the server and its command line read it; the address
    that means "listen everywhere" becomes this machine. Raises ConfigError.
    source: Ollama's environment configuration, read 2026-11.
    """
    text = value.strip().strip("\"'")
    scheme, marked, rest = text.partition("://")
    if not marked:
        scheme, rest = ("https" if text.partition("/")[0] == _CLOUD else "http"), text
    if rest.count(":") > 1 and not rest.startswith("["):  # a bare IPv6 address
        rest = f"[{rest}]"
    try:
        parts = urlsplit(f"//{rest}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ConfigError(f"OLLAMA_HOST is {value!r}, which is no host, host:port or URL") from None
    host = _ANY_ADDRESS.get(host, host)
    shown = f"[{host}]" if ":" in host else host
    if port is None and not marked and scheme == "http":
        port = 11434
    return f"{scheme}://{shown}{f':{port}' if port is not None else ''}{parts.path.rstrip('/')}"


PROVIDER = Provider(
    name="ollama",
    title="Ollama",
    base_url="http://127.0.0.1:11434",
    base_env="OLLAMA_HOST",  # ollama 0.6.3, _client.py, read 2026-11
    base_env_older=("OLLAMA_API_BASE",),  # litellm, read 2026-11
    base_from_env=base_from_env,
    strip_base=("/v1/chat/completions", "/api/chat", "/api/generate", "/api/tags", "/v1", "/api"),
    dialect=OllamaChat(),
    key_env=("OLLAMA_API_KEY",),
    key_needed=False,
    key_url="https://ollama.com/settings/keys",
    options=(
        DsnOption(
            "keep_alive",
            body=("keep_alive",),
            convert=keep_alive,
            about="how long the model stays in memory after the answer: 10m, 1h30m, seconds, negative for ever",
        ),
    ),
    docs="docs/providers/ollama.md",
)
