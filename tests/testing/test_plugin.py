"""The pytest plugin, in projects of its own: whoever runs the test, and with nothing loaded before it is used."""

import subprocess
import sys
from importlib.metadata import entry_points

import pytest

pytest_plugins = ["pytester"]

INSTALLED = bool(entry_points(group="pytest11", name="aikido_llm"))
ANYIO, ASYNCIO = ("-p", "anyio.pytest_plugin"), ("-p", "pytest_asyncio.plugin")
LOOPS = ("-o", "asyncio_default_fixture_loop_scope=function")
ASK = """
    import pytest
    import aikido_llm as llm

    async def ask(server):
        server.answer("from the server")
        async with llm.open("gemini", server.dsn("gemini")) as client:
            assert (await client.chat("hi")).text == "from the server"
        assert len(server.received) == 1
"""
MARKED = f"""
    {ASK}
    @pytest.mark.asyncio
    async def test_function(wire_server):
        await ask(wire_server)

    @pytest.mark.asyncio(loop_scope="module")
    async def test_module(wire_server):
        await ask(wire_server)

    @pytest.mark.asyncio(loop_scope="session")
    async def test_session(wire_server):
        await ask(wire_server)
"""
ON_ANYIO = f"""
    {ASK}
    @pytest.fixture(params=["asyncio"])
    def anyio_backend(request):
        return request.param

    @pytest.mark.anyio
    async def test_it(wire_server):
        await ask(wire_server)
"""


def run(pytester: pytest.Pytester, code: str, *options: str, autoload: bool = False, **outcomes: int) -> str:
    """Run the code as tests, with the named plugins alone unless all that are installed shall be loaded."""
    pytester.makepyfile(code)
    load = () if INSTALLED and autoload else ("-p", "aikido_llm.testing.plugin")
    with pytest.MonkeyPatch.context() as patch:
        if not autoload:
            patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        result = pytester.runpytest_subprocess(*load, "-p", "no:cacheprovider", "-W", "error", *options)
    result.assert_outcomes(**outcomes)
    return result.stdout.str()


def test_wire_server_under_pytest_asyncio(pytester: pytest.Pytester) -> None:
    run(pytester, MARKED, *ASYNCIO, *LOOPS, "-o", "asyncio_mode=strict", passed=3)


def test_wire_server_in_auto_mode_beside_all_that_is_installed(pytester: pytest.Pytester) -> None:
    code = f"""{MARKED}
    async def test_no_mark(wire_server):
        await ask(wire_server)
    """
    loops = (*LOOPS, "-o", "asyncio_default_test_loop_scope=session")
    run(pytester, code, *loops, "-o", "asyncio_mode=auto", autoload=True, passed=4)


def test_wire_server_under_anyio_beside_pytest_asyncio(pytester: pytest.Pytester) -> None:
    run(pytester, ON_ANYIO, *ANYIO, *ASYNCIO, *LOOPS, passed=1)


def test_wire_server_under_anyio_alone_and_the_fixtures_of_sync_tests(pytester: pytest.Pytester) -> None:
    code = f"""{ON_ANYIO}
    def test_sync(wire_server):
        pass

    def test_stub(stub_client):
        import asyncio

        client = stub_client("one", "two")
        assert asyncio.run(client.chat("hi")).text == "one"
        assert client.waiting == 1
    """
    assert "pytest.mark.asyncio" in run(pytester, code, *ANYIO, passed=2, errors=1)


def test_no_network(pytester: pytest.Pytester) -> None:
    code = """
    import asyncio, socket
    import pytest
    import aikido_llm as llm
    from aikido_llm.testing.plugin import NetworkUsed

    pytestmark = pytest.mark.usefixtures("no_network")
    before = dict(vars(socket.socket)), socket.getaddrinfo

    @pytest.mark.parametrize("address", [("192.0.2.1", 80), ("2001:db8::1", 80, 0, 0), ("example.org", 80)])
    def test_connect(address):
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        with socket.socket(family) as sock, pytest.raises(NetworkUsed, match=f"went to {address[0]}, port 80"):
            sock.connect(address)
        with socket.socket(family) as sock, pytest.raises(NetworkUsed):
            sock.connect_ex(address)

    def test_datagram():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock, pytest.raises(NetworkUsed):
            sock.sendto(b"x", ("192.0.2.1", 53))

    def test_look_up():
        for look_up in (socket.gethostbyname, lambda name: socket.getaddrinfo(name, 80), socket.create_connection):
            with pytest.raises(NetworkUsed, match="api.openai.com"):
                look_up(("api.openai.com", 80) if look_up is socket.create_connection else "api.openai.com")

    def test_client():
        async def ask():
            async with llm.open("openai", api_key="k", model="m", retry=None) as client:
                await client.chat("hi")
        with pytest.raises(NetworkUsed, match="api.openai.com"):
            asyncio.run(ask())

    def test_loopback_is_let_through():
        async def ask():
            from aikido_llm.testing import WireServer
            async with WireServer() as server:
                for host in ("127.0.0.1", "localhost"):
                    dsn = server.dsn("vllm").replace("127.0.0.1", host)
                    async with llm.open("vllm", dsn) as client:
                        assert (await client.chat("hi")).text
        asyncio.run(ask())

    def test_put_back(monkeypatch):
        assert socket.getaddrinfo is not before[1]
        monkeypatch.undo()
        assert (dict(vars(socket.socket)), socket.getaddrinfo) == before
    """
    run(pytester, code, passed=8)


def test_the_plugin_loads_nothing_of_the_package() -> None:
    code = (
        "import sys, aikido_llm.testing.plugin as p; ours = {m for m in sys.modules if m.startswith('aikido_llm')};"
        "assert ours == {'aikido_llm', 'aikido_llm._version', 'aikido_llm.testing', 'aikido_llm.testing.plugin'}, ours;"
        "assert not {'aiohttp', 'anyio', 'attr', 'msgspec', 'pytest_asyncio'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
