"""The vendors' own libraries find credentials at the test server, which then checks each request signed with them."""

import asyncio
import importlib
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, frozen

import aikido_llm as llm
from aikido_llm.providers import find
from aikido_llm.testing import Answer, WireServer
from aikido_llm.transport.aiohttp import AiohttpTransport
from aikido_llm.transport.base import HTTPRequest, HTTPResponse, Transport

Monkey = pytest.MonkeyPatch
MISSING = "{} is not installed; with it: make test"


@frozen
class Cloud:
    """One way to a credential. prepare: sets what its library looks at. model: for the row's clients."""

    name: str
    library: str
    rows: tuple[str, ...]
    prepare: Callable[[WireServer, Monkey, Path], None]


def google_machine(server: WireServer, monkey: Monkey, folder: Path) -> None:
    monkey.setenv("GCE_METADATA_HOST", f"127.0.0.1:{server.port}")
    monkey.setenv("GCE_METADATA_IP", f"127.0.0.1:{server.port}")
    if (metadata := sys.modules.get("google.auth.compute_engine._metadata")) is not None:
        importlib.reload(metadata)  # it reads the variables when it is imported


def google_account(server: WireServer, monkey: Monkey, folder: Path) -> None:
    """A service account's key file."""
    rsa: Any = pytest.importorskip(
        "cryptography.hazmat.primitives.asymmetric.rsa", reason="cryptography is not installed; with it: make test"
    )
    forms: Any = pytest.importorskip(
        "cryptography.hazmat.primitives.serialization", reason="cryptography is not installed; with it: make test"
    )
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption()).decode()
    file = folder / "key.json"
    account = {"type": "service_account", "client_email": "a@test.example", "private_key": pem, "project_id": "own"}
    file.write_text(json.dumps({**account, "token_uri": f"{server.url}/oauth2/token"}))
    monkey.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))


def azure_managed(server: WireServer, monkey: Monkey, folder: Path) -> None:
    monkey.setenv("IDENTITY_ENDPOINT", f"{server.url}/msi/token")
    monkey.setenv("IDENTITY_HEADER", "header-of-the-host")


def aws_container(server: WireServer, monkey: Monkey, folder: Path) -> None:
    monkey.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{server.url}/aws/container")
    monkey.setenv("AWS_REGION", "eu-north-1")


def aws_machine(server: WireServer, monkey: Monkey, folder: Path) -> None:
    monkey.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url)
    monkey.delenv("AWS_EC2_METADATA_DISABLED")
    monkey.setenv("AWS_REGION", "eu-north-1")


def aws_web_identity(server: WireServer, monkey: Monkey, folder: Path) -> None:
    """As in a cluster: a role for a token that lies in a file. The region is the profile's."""
    (folder / "token").write_text("eyJhbGciOiJSUzI1NiJ9.e30.c2ln")
    (folder / "config").write_text("[default]\nregion = us-west-2\n")
    monkey.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(folder / "token"))
    monkey.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/llm")
    monkey.setenv("AWS_ENDPOINT_URL_STS", server.url)
    monkey.setenv("AWS_CONFIG_FILE", str(folder / "config"))


AZURE, AWS, GOOGLE = "azure.identity", "botocore", "google.auth"
CLOUDS = (
    Cloud("a Google machine", GOOGLE, ("vertex", "vertex-anthropic"), google_machine),
    Cloud("a Google account", GOOGLE, ("vertex", "vertex-anthropic"), google_account),
    Cloud("an Azure managed identity", AZURE, ("azure", "azure-anthropic"), azure_managed),
    Cloud("an AWS container", AWS, ("bedrock", "bedrock-converse"), aws_container),
    Cloud("an AWS machine", AWS, ("bedrock", "bedrock-converse"), aws_machine),
    Cloud("an AWS web identity", AWS, ("bedrock", "bedrock-converse"), aws_web_identity),
)
WAYS = [pytest.param(cloud, row, id=f"{cloud.name}-{row}") for cloud in CLOUDS for row in cloud.rows]


@pytest.fixture(autouse=True)
def nothing_of_this_machine(monkeypatch: Monkey, tmp_path: Path) -> None:
    """No credential of whoever runs the tests is found, and nobody beyond this machine is asked for one."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "CLOUDSDK_CONFIG"):
        monkeypatch.setenv(name, str(tmp_path / "nothing"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_BEARER_TOKEN_BEDROCK"):
        monkeypatch.delenv(name, raising=False)
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT", "AZURE_CLIENT_ID", "AZURE_TENANT_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    monkeypatch.setenv("PATH", str(tmp_path))


def opened(cloud: Cloud, row: str, server: WireServer, wire: str = "", **settings: Any) -> llm.HTTPClient:
    pytest.importorskip(cloud.library, reason=MISSING.format(cloud.library))
    base = server.base_url(row, wire)
    own: dict[str, Any] = {"wire": wire} if wire else {}
    return llm.open(row, base, model="test-model", max_tokens=2000, **own, **settings)


@pytest.mark.parametrize(("cloud", "row"), WAYS)
async def test_a_credential_is_found_once_used_and_renewed(
    cloud: Cloud, row: str, monkeypatch: Monkey, tmp_path: Path
) -> None:
    async with WireServer() as server:
        monkeypatch.delenv("NO_GCE_CHECK")
        cloud.prepare(server, monkeypatch, tmp_path)
        async with opened(cloud, row, server) as client:
            server.answer(*["Found."] * 200)
            answers = await asyncio.gather(*(client.chat("hi") for _ in range(20)))
            assert {answer.text for answer in answers} == {"Found."}
            assert (await llm.collect(client.chat_stream("hi"))).text == "Found."
            assert len(server.tokens.given) == 1
            server.tokens.revoke()
            await asyncio.gather(*(client.chat("hi") for _ in range(50)))
            assert len(server.tokens.given) == 2, "one search for all of them"
        secrets = [*server.tokens.given, *(key.secret for key in server.tokens.aws_keys.values())]
        chats = [request for request in server.received if request.verb == "chat"]
        assert len(chats) >= 71
        for request in chats:
            assert not any(secret in request.target for secret in secrets)


@pytest.mark.parametrize("wire", tuple(find("bedrock").wires))
async def test_every_wire_of_bedrock_is_signed(wire: str, monkeypatch: Monkey, tmp_path: Path) -> None:
    async with WireServer() as server:
        aws_container(server, monkeypatch, tmp_path)
        async with opened(CLOUDS[3], "bedrock", server, wire) as client:
            server.answer(Answer(status=503, headers={"retry-after": "1"}), "signed")
            answer = await client.chat("hi")
            assert (answer.text, answer.attempts) == ("signed", 2)
            picture = llm.ImagePart(data=b"\x89PNG\r\n\x1a\n" + bytes(400_000))
            assert (await client.complete(llm.Request([llm.user("look", images=[picture])]))).text
        first, second, _ = (request for request in server.received if request.verb == "chat")
        assert first.headers["x-amz-date"] < second.headers["x-amz-date"], "a retry carries a new date"
        assert "/eu-north-1/bedrock/aws4_request" in first.headers["authorization"]
        assert not server.refused


async def test_vectors_are_signed_for_too(monkeypatch: Monkey, tmp_path: Path) -> None:
    async with WireServer(key="another") as server:
        aws_container(server, monkeypatch, tmp_path)
        async with opened(CLOUDS[3], "bedrock", server, "invoke") as client:
            found = await client.embed(["a", "b"], model="amazon.titan-embed-text-v2:0", dimensions=256)
        assert [len(vector) for vector in found.vectors] == [256, 256]
        assert [request.verb for request in server.received if request.verb] == ["embed", "embed"]
        assert not server.refused


async def test_a_signature_over_other_bytes_is_refused(monkeypatch: Monkey, tmp_path: Path) -> None:
    """The server's check is one: what is changed on the way does not pass."""

    class Tampering:
        def __init__(self, real: Transport) -> None:
            self.real = real

        async def send(self, request: HTTPRequest) -> HTTPResponse:
            assert isinstance(request.body, bytes)
            return await self.real.send(evolve(request, body=request.body.replace(b"hi", b"ho")))

        async def aclose(self) -> None:
            await self.real.aclose()

    async with WireServer() as server:
        aws_container(server, monkeypatch, tmp_path)
        network = AiohttpTransport(llm.Timeouts(), llm.Limits())
        async with opened(CLOUDS[3], "bedrock", server, http=Tampering(network), retry=None) as client:
            with pytest.raises(llm.AuthError, match="does not match") as caught:
                await client.chat("hi")
        assert caught.value.status == 403
        assert len(server.refused) == 1, "a wrong signature is nothing that a new credential mends"


async def test_what_the_credentials_tell_fills_the_base_url(monkeypatch: Monkey, tmp_path: Path) -> None:
    pytest.importorskip("google.auth", reason=MISSING.format("google-auth"))
    from aikido_llm.auth import aws, google

    async with WireServer() as server:
        monkeypatch.delenv("NO_GCE_CHECK")
        google_machine(server, monkeypatch, tmp_path)
        found = await asyncio.to_thread(google.find, {})
        assert found.known["project"] == "test-project"
        assert found.ends is not None
        aws_web_identity(server, monkeypatch, tmp_path)
        key = await asyncio.to_thread(aws.find, {})
        assert key.known == {"region": "us-west-2"}
        assert key.ends is not None
        assert "assume-role-with-web-identity" in key.source


NOTHING: Mapping[str, tuple[str, str]] = {
    "bedrock": ("no AWS credentials were found", "AWS_BEARER_TOKEN_BEDROCK"),
    "vertex": ("no Google credentials were found", "GOOGLE_VERTEX_API_KEY"),
    "vertex-anthropic": ("no Google credentials were found", "gcloud auth application-default login"),
    "azure": ("no Azure identity was found", "AZURE_OPENAI_API_KEY"),
    "azure-anthropic": ("no Azure identity was found", "ANTHROPIC_FOUNDRY_API_KEY"),
}


@pytest.mark.parametrize("row", NOTHING)
async def test_without_any_it_says_what_to_do(row: str, monkeypatch: Monkey) -> None:
    for library in (AZURE, AWS, GOOGLE):
        pytest.importorskip(library, reason=MISSING.format(library))
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:9")
    async with WireServer() as server, llm.open(row, server.base_url(row), model="m", retry=None) as client:
        with pytest.raises(llm.ConfigError) as caught:
            await client.chat("hi")
        assert all(words in str(caught.value) for words in NOTHING[row])
        assert not server.received


@pytest.mark.parametrize(
    ("cloud", "status", "error"),
    [(CLOUDS[1], 400, llm.AuthError), (CLOUDS[5], 403, llm.AuthError)],
    ids=["google", "aws"],
)
async def test_a_service_that_refuses(
    cloud: Cloud, status: int, error: type[llm.LLMError], monkeypatch: Monkey, tmp_path: Path
) -> None:
    async with WireServer() as server:
        cloud.prepare(server, monkeypatch, tmp_path)
        server.tokens.fails += [status] * 9
        async with opened(cloud, cloud.rows[0], server, retry=None) as client:
            with pytest.raises(error):
                await client.chat("hi")


async def test_entra_by_choice_takes_a_token_of_the_caller(monkeypatch: Monkey) -> None:
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "a-key-that-must-not-be-sent")
    async with WireServer() as server:
        token = server.tokens.token()
        for key, auth in ((lambda: token, "entra"), ("test-key", "key")):
            async with llm.open("azure", server.base_url("azure"), model="m", api_key=key, auth=auth) as client:
                assert (await client.chat("hi")).text
        first, second = server.received
        assert (first.headers["authorization"], first.headers.get("api-key")) == (f"Bearer {token}", None)
        assert (second.headers["api-key"], second.headers.get("authorization")) == ("test-key", None)
    with pytest.raises(llm.ConfigError, match="takes key or entra"):
        llm.open("azure", "https://x.openai.azure.com", auth="magic")
