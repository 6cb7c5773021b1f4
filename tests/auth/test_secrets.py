"""Credentials that sing: what the vendors' libraries found stands in no error, repr, log, URL or traceback of ours."""

import io
import logging
import traceback
from collections.abc import Mapping
from pathlib import Path

import pytest
from attrs import evolve
from rich.console import Console
from rich.traceback import Traceback

import aikido_llm as llm
from aikido_llm.auth.base import Credential, Signing, Unsigned
from aikido_llm.providers import find
from aikido_llm.testing import Answer, WireServer
from aikido_llm.testing.wires.base import Received

ID, SECRET, SESSION = "AKIACANARYKEY4711", "canarySecret7qZ2vX9wB4nU5tR8", "canarySession3mK6pL1sD0fG7hJ"
CANARIES = (ID, SECRET, SESSION)


@pytest.fixture
def canaries(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("botocore", reason="botocore is not installed; with it: make test")
    for name, value in (
        ("AWS_ACCESS_KEY_ID", ID), ("AWS_SECRET_ACCESS_KEY", SECRET), ("AWS_SESSION_TOKEN", SESSION),
        ("AWS_REGION", "eu-north-1"), ("AWS_CONFIG_FILE", str(tmp_path / "no")), ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no")),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_BEARER_TOKEN_BEDROCK"):
        monkeypatch.delenv(name, raising=False)


def seen(error: BaseException) -> str:
    """All that a person could look at, the locals of each frame included."""
    shown = io.StringIO()
    pretty = Traceback.from_exception(
        type(error), error, error.__traceback__, show_locals=True, locals_max_length=10_000, locals_max_string=100_000
    )
    Console(file=shown, width=300).print(pretty)
    body = getattr(error, "body", ""), getattr(error, "headers", "")
    return f"{shown.getvalue()} {error!r} {error} {body} {''.join(traceback.format_exception(error))}"


def echo(request: Received) -> Answer:
    """A server that repeats what it was sent."""
    sent = " ".join(f"{name}={value}" for name, value in request.headers.items())
    return Answer(status=403, message=f"refused: {sent}", headers={"x-echo": sent[:2000]})


@pytest.mark.usefixtures("canaries")
@pytest.mark.parametrize("wire", ["chat", "responses", "messages"])
async def test_what_a_server_repeats(wire: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="aikido_llm"):
        async with WireServer(key=None, check=False) as server:
            server.tokens.take(ID, SECRET, SESSION)
            server.respond(echo)
            client = llm.open("bedrock", server.base_url("bedrock", wire), model="m", wire=wire, retry=None)
            async with client:
                for call in (client.chat("hi"), llm.collect(client.chat_stream("hi"))):
                    with pytest.raises(llm.AuthError) as caught:
                        await call
                    assert not any(canary in seen(caught.value) for canary in CANARIES)
                    assert SESSION in str(server.received[-1].headers), "it was sent, and it was there to be shown"
                assert not any(canary in f"{client!r} {vars(client)}" for canary in CANARIES)
        assert not any(canary in request.target for request in server.received for canary in CANARIES)
    assert not any(canary in caplog.text for canary in CANARIES)


async def test_what_breaks_while_it_is_signed_or_found() -> None:
    def broken(credential: Credential, request: Unsigned) -> dict[str, str]:
        raise llm.ConfigError(f"no region, in a message that repeats {credential.values['secret']}")

    def lost(settings: Mapping[str, str]) -> Credential:
        held = Credential({"secret": SECRET})
        raise RuntimeError(f"cannot use {len(held.values)}")

    def given(settings: Mapping[str, str]) -> Credential:
        return Credential({"secret": SECRET})

    for number, signing in enumerate((Signing("Acme", "acme", given, broken), Signing("Acme", "acme", lost, broken))):
        row = evolve(find("openai-chat"), name=f"singing-{number}", auth=signing, wires={}, key_env=(), base_env="")
        llm.register(row.name, row)
        async with llm.open(row.name, "http://127.0.0.1:9/v1", model="m", retry=None) as client:
            with pytest.raises(llm.ConfigError) as caught:
                await client.chat("hi")
        assert SECRET not in seen(caught.value)
