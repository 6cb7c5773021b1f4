"""Where a URL leads, in one form, before anything is judged by it: scheme, host and port. Pure; asks no resolver.

Two spellings of one place become one text here (`HTTP://LocalHost.:80`, `http://127.1`, `http://[::ffff:127.0.0.1]`),
so that what is judged, what is compared with NO_PROXY and what is connected to cannot differ.

source: RFC 3986 (URI), RFC 6874 (zone ids), RFC 6890 (special addresses), RFC 6761 (names); WHATWG URL, "IPv4 parser",
for hosts that are numbers; all read 2026-11.
"""

import ipaddress
import re
from typing import TypeAlias
from urllib.parse import quote, unquote

from attrs import evolve, field, frozen

from ..errors import ConfigError

IP: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

UNIX = "http+unix"
_DEFAULT_PORTS = {"http": 80, "https": 443}


@frozen
class Address:
    """scheme: http, https or http+unix, in lower case. host: in lower case and ASCII, an address in its shortest form
    (IPv6 without brackets, with its zone); the path of a socket for http+unix. port: None for the scheme's own.
    path: percent-encoded, "" or with a leading slash, without slashes at its end."""

    scheme: str
    host: str
    port: int | None = None
    path: str = ""
    query: str = field(default="", repr=False)  # it may hold what must not be shown

    def __str__(self) -> str:
        """The URL again, without its query."""
        return f"{self.scheme}://{self.place}{self.path}"

    @property
    def place(self) -> str:
        """Host and port as a URL has them."""
        if self.scheme == UNIX:
            return quote(self.host, safe="", errors="surrogateescape")
        host = f"[{self.host.replace('%', '%25')}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    @property
    def real_port(self) -> int | None:
        """The port that is connected to; None for a socket's path."""
        return self.port or _DEFAULT_PORTS.get(self.scheme)

    @property
    def is_loopback(self) -> bool:
        """Whether what is sent there stays on this machine."""
        address = ip(self.host)
        if self.scheme == UNIX or address is None:
            return self.scheme == UNIX or self.host == "localhost" or self.host.endswith(".localhost")
        return address.is_loopback

    @property
    def is_private(self) -> bool:
        """Loopback, a private or a link-local address, or a name that no public resolver knows."""
        if self.is_loopback:
            return True
        address = ip(self.host)
        if address is None:
            return _is_dotless(self.host) or self.host.endswith(_PRIVATE_ENDINGS)
        return any(address in network for network in _PRIVATE if network.version == address.version)


def _is_dotless(name: str) -> bool:
    """A name of one label, as containers and searched domains have. One of two letters may be a country's, and some of
    those are hosts of the public internet (`http://ai/`); other top-level names may be none (ICANN, 2013-08-13)."""
    return "." not in name and len(name) != 2


_PRIVATE_ENDINGS = (".localhost", ".local", ".internal", ".lan", ".home.arpa")
_PRIVATE = tuple(
    ipaddress.ip_network(network)
    # not `is_private` of the standard library, which also says so of reserved, of documentation's and of tunnels'
    # addresses: behind some of these stand public ones
    for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10")
)


def read(url: str, what: str = "the base URL") -> Address:
    """A URL as people write it. Its query is kept apart; user, password and fragment are refused.

    what:   what it is, for the message.
    raises: ConfigError, which never repeats the URL: it may hold a key.
    """
    text = url.strip()
    if _CONTROL.search(text):
        raise ConfigError(f"{what} holds a blank, a control character or a backslash")
    match = _URL.fullmatch(text)
    if match is None:
        raise ConfigError(f"{what} must begin with http:// or https:// and name a host")
    if match["fragment"] is not None:
        raise ConfigError(f"{what} has no fragment: write # in a value as %23")
    if "@" in match["place"]:
        raise ConfigError(f"{what} holds a user or a password: give the key as api_key instead")
    path = _encoded(match["path"] or "").rstrip("/")
    query = _encoded(match["query"] or "")
    scheme = match["scheme"].lower()
    if scheme in (UNIX, "unix"):
        return evolve(_socket(match["place"], path, what), query=query)
    name, port = _split(match["place"], what)
    return Address(scheme, host(name, what), None if port == _DEFAULT_PORTS[scheme] else port, path, query)


def host(text: str, what: str = "the base URL") -> str:
    """A host, without brackets, in the one form of `Address.host`. Raises ConfigError for what is no host."""
    if ":" in text:
        return _ipv6(text, what)
    name = _ascii(text, what).lower()
    if name.endswith(".") and ("." in name[:-1] or name == "localhost."):
        name = name[:-1]  # but `ai.` is a public name, which `ai` need not be
    if not _NAME.fullmatch(name) or len(name) > 253:
        raise ConfigError(f"{what} names no host that can exist")
    if _ENDS_IN_NUMBER.search(name):
        address = _ipv4(name)
        if address is None:
            raise ConfigError(f"{what} has a number for a host that is no IPv4 address")
        return _THIS_MACHINE.get(str(address), str(address))
    return name


def ip(host: str) -> IP | None:
    """The address that a normalised host is, without its zone; None for a name."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


# What servers print for "every address of this machine", and people copy. A client reaches them over loopback.
_THIS_MACHINE = {"0.0.0.0": "127.0.0.1", "::": "::1"}

_CONTROL = re.compile(r"[\s\\\x00-\x20\x7f-\x9f\ud800-\udfff\ufeff\u200b]")
_URL = re.compile(
    r"(?P<scheme>https?|(?:http\+)?unix)://(?P<place>[^/?#]*)(?P<path>/[^?#]*)?(?:\?(?P<query>[^#]*))?(?P<fragment>#.*)?",
    re.IGNORECASE | re.ASCII,  # else the long s of old print is an s, and `https` in it a scheme
)
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_ENDS_IN_NUMBER = re.compile(r"(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)\.?$")
_PLACE = re.compile(r"(?:\[(?P<v6>[^\[\]]*)\]|(?P<name>[^:\[\]]*))(?::(?P<port>[0-9]{0,5}))?", re.ASCII)
_ZONE = re.compile(r"[A-Za-z0-9._~-]{1,64}")
# Characters that two standards of internationalised names read differently: another host, perhaps another owner.
_TWO_READINGS = re.compile("[\u00df\u03c2\u200c\u200d]")


def _split(place: str, what: str) -> tuple[str, int | None]:
    """Host, without brackets, and port."""
    match = _PLACE.fullmatch(place)
    if match is None:
        raise ConfigError(f"{what} is no URL: host and port have the form host:port, an IPv6 address stands in [ ]")
    v6: str | None = match["v6"]
    port = int(match["port"]) if match["port"] else None
    if port is not None and not 0 < port < 65536:
        raise ConfigError(f"{what} has a port that does not exist")
    if v6 is not None and ":" not in v6:
        raise ConfigError(f"{what} has no IPv6 address between its brackets")
    return (match["name"] if v6 is None else v6), port


def _ascii(name: str, what: str) -> str:
    if name.isascii():
        return name
    if _TWO_READINGS.search(name):
        raise ConfigError(f"{what}: write this host in its ASCII form (xn--...), its letters have two readings")
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        raise ConfigError(f"{what} names no host that can exist") from None


def _ipv4(name: str) -> ipaddress.IPv4Address | None:
    """One to four numbers, decimal, octal or hexadecimal; the last one fills what is left (as inet_aton has it)."""
    try:
        numbers = [_number(part) for part in name.removesuffix(".").split(".")]
    except ValueError:
        return None
    *first, last = numbers
    if len(first) > 3 or any(number > 255 for number in first) or last >= 256 ** (4 - len(first)):
        return None
    return ipaddress.IPv4Address(sum(number << (24 - 8 * at) for at, number in enumerate(first)) + last)


def _number(part: str) -> int:
    if "_" in part:  # Python's digit separator, and no resolver's
        raise ValueError
    if part.startswith("0x"):
        return int(part[2:] or "0", 16)
    return int(part, 8 if part.startswith("0") else 10)


def _ipv6(text: str, what: str) -> str:
    bare, mark, zone = text.partition("%")
    zone = zone[2:] if zone.startswith("25") and len(zone) > 2 else zone
    try:
        address = ipaddress.IPv6Address(bare)
    except ValueError:
        raise ConfigError(f"{what} has no IPv6 address between its brackets") from None
    if mark and not _ZONE.fullmatch(zone):
        raise ConfigError(f"{what} has no zone behind the % of its address")
    if address.ipv4_mapped is not None:
        return host(str(address.ipv4_mapped), what)
    short = address.compressed
    return _THIS_MACHINE.get(short, short) + (f"%{zone}" if mark else "")


def _encoded(text: str) -> str:
    """A path or a query: what is encoded stays so, what cannot stand in a URL is encoded."""
    return quote(text, safe="/%:@!$&'()*+,;=-._~?")


def _socket(place: str, path: str, what: str) -> Address:
    """`http+unix://%2Frun%2Fx.sock/v1`, or `http+unix:///run/x.sock/v1`: there the socket ends at `.sock`."""
    match = None if place else _SOCKET.match(path)
    socket = unquote(match[0] if match else place, errors="surrogateescape")
    if not socket or "\0" in socket:
        raise ConfigError(f"{what} names no socket: write its path percent-encoded, http+unix://%2Frun%2Fllm.sock/v1")
    return Address(UNIX, socket, path=path[match.end() :] if match else path)


_SOCKET = re.compile(r"/.+?\.(?:sock|socket)(?=/|$)")
