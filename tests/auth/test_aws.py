"""Our signature is botocore's, whatever is signed."""

import random
import string
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from attrs import evolve

from aikido_llm.auth import aws
from aikido_llm.auth.base import Credential, Unsigned
from aikido_llm.errors import ConfigError

auth: Any = pytest.importorskip("botocore.auth", reason="botocore is not installed; with it: make test")
botocore_requests: Any = pytest.importorskip(
    "botocore.awsrequest", reason="botocore is not installed; with it: make test"
)
credentials: Any = pytest.importorskip("botocore.credentials", reason="botocore is not installed; with it: make test")

MODELS = (
    "anthropic.claude-sonnet-4-20250514-v1:0", "us.anthropic.claude-haiku-4-5-20251001-v1:0", "amazon.nova-pro-v1:0",
    "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/a1b2c3", "openai.gpt-oss-120b", "m é~x",
)  # fmt: skip
HOSTS = (
    ("bedrock-runtime.us-east-1.amazonaws.com", "us-east-1", "bedrock"),
    ("bedrock-runtime-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1", "bedrock"),
    ("bedrock-runtime.cn-north-1.amazonaws.com.cn", "cn-north-1", "bedrock"),
    ("bedrock-runtime.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1", "bedrock"),
    ("bedrock-mantle.ap-southeast-3.api.aws", "ap-southeast-3", "bedrock-mantle"),
    ("aws-external-anthropic.eu-central-1.api.aws", "eu-central-1", "aws-external-anthropic"),
    ("vpce-0a1b.bedrock-runtime.eu-west-1.vpce.amazonaws.com", "eu-west-1", "bedrock"),
    ("127.0.0.1:8123", "eu-north-1", "bedrock"),
    ("bedrock.gateway.example", "eu-north-1", "bedrock"),
)
PATHS = (
    "/model/{}/converse",
    "/model/{}/invoke-with-response-stream",
    "/openai/v1/chat/completions",
    "/",
    "",
    "/a//b/",
)


def word(chance: random.Random, letters: str, most: int = 40) -> str:
    return "".join(chance.choices(letters, k=chance.randint(1, most)))


class Body:
    """One that is made in pieces."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def pieces(self) -> Any:
        return iter([self.data[at : at + 700] for at in range(0, len(self.data), 700)])


def made(chance: random.Random) -> tuple[Credential, Unsigned, str, str]:
    host, region, service = chance.choice(HOSTS)
    path = chance.choice(PATHS).format(quote(chance.choice(MODELS), safe=""))
    names = [word(chance, string.ascii_letters + "-_.~", 8) for _ in range(chance.randint(0, 4))]
    query = "&".join(f"{name}={quote(word(chance, string.printable, 12), safe='')}" for name in names)
    data = chance.randbytes(chance.choice((0, 1, 20, 5000)))
    headers = {"Content-Type": "application/json", "Accept": "text/event-stream", "User-Agent": "x/1"}
    if chance.random() < 0.5:
        headers["X-Amzn-Bedrock-GuardrailIdentifier"] = f"  {word(chance, string.ascii_letters + '  ')} "
    token = word(chance, string.ascii_letters + "+/=", 300) if chance.random() < 0.5 else ""
    values = {"id": word(chance, string.ascii_uppercase, 20), "secret": word(chance, string.ascii_letters + "+/", 40)}
    return (
        Credential(values | {"token": token}, known={"region": "eu-north-1"}),
        Unsigned(
            chance.choice(("POST", "GET")), f"https://{host}{path}{'?' + query if query else ''}", headers,
            chance.choice((data, Body(data))) if data else None, 0.0,
        ),
        region,
        service,
    )  # fmt: skip


def by_botocore(credential: Credential, request: Unsigned, region: str, service: str) -> dict[str, str]:
    """What botocore sends for the same request, now. It signs every header, and so gets those alone that we sign."""
    values = credential.values
    signed = {name: value for name, value in request.headers.items() if name.lower() != "accept"}
    body = b"".join(request.body.pieces()) if isinstance(request.body, Body) else request.body
    asked = botocore_requests.AWSRequest(request.method, request.url, headers=signed, data=body)
    frozen = credentials.Credentials(values["id"], values["secret"], values["token"] or None)
    auth.SigV4Auth(frozen, service, region).add_auth(asked)
    names = ("Authorization", "X-Amz-Date", "X-Amz-Security-Token")
    return {name: asked.headers[name] for name in names if name in asked.headers}


def test_five_hundred_requests_are_signed_as_botocore_does() -> None:
    chance = random.Random(16)
    for number in range(500):
        credential, request, region, service = made(chance)
        theirs = by_botocore(credential, request, region, service)
        at = datetime.strptime(theirs["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
        assert aws.sign(credential, evolve(request, now=at)) == theirs, (number, urlsplit(request.url))


def test_a_later_attempt_has_another_date_and_signature() -> None:
    credential = Credential({"id": "AKID", "secret": "s", "token": ""}, known={"region": "eu-north-1"})
    first, second = (
        aws.sign(credential, Unsigned("POST", "http://127.0.0.1:1/x", {}, b"{}", now)) for now in (1e9, 1e9 + 1)
    )
    assert first["X-Amz-Date"] == "20010909T014640Z"
    assert second["X-Amz-Date"] == "20010909T014641Z"
    assert first["Authorization"] != second["Authorization"]


def test_without_a_region_it_says_so() -> None:
    credential = Credential({"id": "AKID", "secret": "s", "token": ""})
    with pytest.raises(ConfigError, match="AWS_REGION"):
        aws.sign(credential, Unsigned("POST", "http://127.0.0.1:1/x", {}, b"{}", 1e9))
