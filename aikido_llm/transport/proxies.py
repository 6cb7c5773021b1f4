"""Which proxy the environment names for a URL."""

import ipaddress
import re
from urllib.parse import unquote
from urllib.request import getproxies_environment

from ..codecs.base64 import encode
from ..errors import ConfigError
from ..secret import Secret
from . import addresses
from .addresses import Address
from .base import check_proxy


def proxy_for(url: str) -> Secret:
    """The proxy that the environment names for this URL, empty for loopback, sockets and what NO_PROXY lists.

    Raises ConfigError for one that is no HTTP proxy.
    """
    proxies = {name: Secret(value.strip()) for name, value in getproxies_environment().items()}
    address = addresses.read(url)
    if not proxies or address.is_loopback or ("no" in proxies and excepted(address, proxies["no"].reveal())):
        return Secret("")
    name = address.scheme if proxies.get(address.scheme) else "all"
    proxy = proxies.get(name, Secret(""))
    if proxy and "://" not in proxy.reveal():
        proxy = Secret(f"http://{proxy.reveal()}")
    return check_proxy(proxy, f"the environment variable {name.upper()}_PROXY")


def place(proxy: Secret) -> str:
    """A proxy's host and port, without its user and password; "" for none."""
    bare = proxy.reveal().rstrip("/").rpartition("://")[2].rpartition("@")[2]
    if not bare or _PORT.search(bare):
        return bare
    return f"{bare}:443" if proxy.reveal().lower().startswith("https:") else f"{bare}:80"


_PORT = re.compile(r":[0-9]+$")


def secrets_of(proxy: Secret) -> tuple[Secret, ...]:
    """What a proxy is told to be let through: the password, as it stands in the URL and as it is, and the base64 of
    user and password, which is what goes over the wire. An error page of the proxy's may repeat each."""
    who = proxy.reveal().partition("://")[2].rpartition("@")[0]
    if not who:
        return ()
    user, _, password = (unquote(part) for part in who.partition(":"))
    pairs = (f"{user}:{password}".encode(encoding, "replace") for encoding in ("latin-1", "utf-8"))
    told = (who.partition(":")[2], password, *(encode(pair).rstrip("=") for pair in pairs))
    return tuple(Secret(text) for text in dict.fromkeys(told) if text)


def excepted(address: Address, names: str) -> bool:
    """Whether NO_PROXY lists it, in any form that curl, Go or requests read, commas or blanks between them: a name with
    all below it (a leading dot or `*.` changes nothing), an address in any spelling, a range (`10.0.0.0/8`),
    stars for parts (`10.*`); with or without a port, IPv6 with or without brackets; `*` alone is everything."""
    return any(_lists(entry, address) for entry in re.split(r"[\s,;]+", names.strip("\"' ")) if entry)


def _lists(entry: str, address: Address) -> bool:
    entry = entry.rpartition("://")[2].rstrip("/").lower()
    match = _ENTRY.fullmatch(entry)
    if match is None:
        return False
    if match["port"] and int(match["port"]) != address.real_port:
        return False
    name: str = match["v6"] or match["name"]
    if match["range"]:
        return _in_range(address, name + match["range"])
    host = address.host.partition("%")[0]
    name = name.removeprefix("*.").strip(".")
    if "*" in name:
        return re.fullmatch(".*".join(map(re.escape, name.split("*"))), host) is not None
    try:
        name = addresses.host(name, "NO_PROXY").partition("%")[0]
    except ConfigError:
        return False
    return host == name or (host.endswith(f".{name}") and addresses.ip(host) is None)


_ENTRY = re.compile(
    r"(?:\[(?P<v6>[^\[\]]*)\]|(?P<name>[^/\[\]:]*|[^/\[\]]*:[^/\[\]]*:[^/\[\]]*))(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<range>/[0-9a-f.:]+)?"
)


def _in_range(address: Address, text: str) -> bool:
    ip = addresses.ip(address.host)
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return ip is not None and ip.version == network.version and ip in network
