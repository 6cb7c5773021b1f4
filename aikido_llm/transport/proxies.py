"""Which proxy the environment names for a URL."""

from urllib.parse import urlsplit
from urllib.request import getproxies_environment

from ..secret import Secret
from .base import check_proxy


def proxy_for(url: str) -> Secret:
    """The proxy that the environment names for this URL, empty for loopback and for what NO_PROXY lists.

    Raises ConfigError for one that is no HTTP proxy.
    """
    proxies = {name: Secret(value) for name, value in getproxies_environment().items()}
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not proxies or host == "localhost" or host.startswith("127.") or host == "::1":
        return Secret("")
    if "no" in proxies and _excepted(host, parts.port, proxies["no"].reveal()):
        return Secret("")
    name = parts.scheme if proxies.get(parts.scheme) else "all"
    return check_proxy(proxies.get(name, Secret("")), f"the environment variable {name.upper()}_PROXY")


def _excepted(host: str, port: int | None, names: str) -> bool:
    """Whether NO_PROXY lists the host: by its name or a domain above it, with or without the port, or by `*`."""
    listed = [name.strip().lower().lstrip(".") for name in names.split(",")]
    return any(
        name == "*" or (name and f".{place}".endswith(f".{name}"))
        for name in listed
        for place in (host, f"{host}:{port}")
    )
