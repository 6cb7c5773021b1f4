"""The pytest plugin: it comes with the package, and loads nothing of it until a fixture is used.

wire_server   a WireServer on loopback, for async tests; it lives in the event loop of the test. Whichever plugin runs
              the test (pytest-asyncio in either mode and any loop scope, or anyio's) sets it up.
stub_client   `stub_client("Hello", [TextDelta("Hel"), OverloadedError()])`: makes a StubClient.
no_network    a connection or a datagram to another machine, and the look-up of another name, is a NetworkUsed error
              that says which. Loopback and unix sockets are let through. uvloop looks names up by itself; its
              connections are seen. For a whole project: `@pytest.fixture(autouse=True) def offline(no_network): ...`.
"""

import ipaddress
import socket
from collections.abc import AsyncIterator
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, Final, cast

import pytest

if TYPE_CHECKING:
    from .server import WireServer
    from .stub import StubClient

_SCOPES: Final = ("function", "class", "module", "package", "session")
_LOCAL_NAMES = ("", "localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback")


class NetworkUsed(AssertionError):
    """A test with `no_network` went to the network. No OSError: those are answered by trying again."""


# ---------------------------------------------------------------- wire_server


async def _serve() -> "AsyncIterator[WireServer]":
    from .server import WireServer

    async with WireServer() as server:
        yield server


wire_server_on_anyio = pytest.fixture(_serve, name="_wire_server_on_anyio")


def _asyncio_fixtures() -> ModuleType:
    """The same for pytest-asyncio, one for each scope that a test's event loop may have."""
    from pytest_asyncio import fixture

    module = ModuleType("aikido_llm_asyncio")
    for scope in _SCOPES:
        name = f"_wire_server_on_{scope}_loop"
        setattr(module, name, fixture(loop_scope=scope, name=name)(_copy(_serve)))
    return module


def _copy(function: Any) -> Any:
    """A function of its own for each fixture: pytest-asyncio writes its marks on it."""
    return FunctionType(function.__code__, function.__globals__, function.__name__)


def pytest_configure(config: pytest.Config) -> None:
    if any(config.pluginmanager.hasplugin(name) for name in ("asyncio", "pytest_asyncio", "pytest_asyncio.plugin")):
        config.pluginmanager.register(_asyncio_fixtures(), "aikido_llm_asyncio")


@pytest.fixture
def wire_server(request: pytest.FixtureRequest) -> "WireServer":
    """A WireServer on loopback, in the event loop of the test."""
    marker = request.node.get_closest_marker("asyncio")
    if marker is not None and request.config.pluginmanager.hasplugin("aikido_llm_asyncio"):
        scope = marker.kwargs.get("loop_scope") or request.config.getini("asyncio_default_test_loop_scope")
        return cast("WireServer", request.getfixturevalue(f"_wire_server_on_{scope or 'function'}_loop"))
    if "anyio_backend" in request.fixturenames:
        if request.getfixturevalue("anyio_backend_name") != "asyncio":
            pytest.skip("aikido_llm runs on asyncio")
        return cast("WireServer", request.getfixturevalue("_wire_server_on_anyio"))
    pytest.fail(
        "wire_server lives in the event loop of an async test: mark the test with pytest.mark.asyncio (pytest-asyncio) "
        "or pytest.mark.anyio, or open a WireServer in it by `async with`",
        pytrace=False,
    )


# ---------------------------------------------------------------- stub_client


@pytest.fixture
def stub_client() -> "type[StubClient]":
    """Makes a StubClient: `stub_client(turn, turn, ...)`."""
    from .stub import StubClient

    return StubClient


# ---------------------------------------------------------------- no_network


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever leaves this machine raises NetworkUsed."""
    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, _connecting(getattr(socket.socket, name)))
    monkeypatch.setattr(socket.socket, "sendto", _sending(socket.socket.sendto))
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr"):
        monkeypatch.setattr(socket, name, _looking_up(getattr(socket, name)))


def _connecting(real: Any) -> Any:
    def connect(self: socket.socket, address: Any) -> Any:
        _check_address(self, address)
        return real(self, address)

    return connect


def _sending(real: Any) -> Any:
    def sendto(self: socket.socket, data: Any, *rest: Any) -> Any:
        _check_address(self, rest[-1])
        return real(self, data, *rest)

    return sendto


def _looking_up(real: Any) -> Any:
    def look_up(host: Any, *rest: Any, **keywords: Any) -> Any:
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
        if not (name is None or _is_address(str(name)) or _is_local_name(str(name))):
            raise NetworkUsed(f"this test may not use the network, and looked up {name!r}")
        return real(host, *rest, **keywords)

    return look_up


def _check_address(sock: socket.socket, address: Any) -> None:
    """Raises NetworkUsed for an address on another machine."""
    if sock.family not in (socket.AF_INET, socket.AF_INET6) or not isinstance(address, tuple):
        return
    host, port = str(cast("tuple[object, ...]", address)[0]), cast("tuple[object, ...]", address)[1]
    if not _is_local_name(host) and not (_is_address(host) and _is_loopback(host)):
        raise NetworkUsed(f"this test may not use the network, and went to {host}, port {port}")


def _is_local_name(name: str) -> bool:
    return name.lower().rstrip(".") in _LOCAL_NAMES or name.lower().endswith(".localhost")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    address = ipaddress.ip_address(host.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback or address.is_unspecified
