"""The services from which the clouds' own libraries get credentials, as far as those libraries ask: so that they run
for real against the test server. What it gave out is taken by its wires; `revoke` ends that.

source: google-auth 2.63 (compute_engine, service_account), azure-identity 1.27 (App Service), botocore
1.44 (container, instance, web identity), and what they ask for, read 2026-11.
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

from . import signatures
from .reply import Reply
from .signatures import AwsKey
from .wires.base import Received

PROJECT = "test-project"
_REVOKED = "The security token included in the request is expired"


class Tokens:
    """seconds: how long what is given out lasts. given: the tokens, and the ids of AWS keys, in their order; a longer
    list is a further request to a token service. fails: answer the next requests so, each with a status."""

    def __init__(self) -> None:
        self.seconds = 3600.0
        self.given: list[str] = []
        self.fails: list[int] = []
        self.aws_keys: dict[str, AwsKey] = {}
        self._revoked: set[str] = set()
        self._now: Callable[[], float] = time.time

    # ---------------------------------------------------------------- what is taken

    def accepts(self, token: str | None) -> bool:
        """Whether this is a token that was given out, and not revoked since."""
        return token in self.given and token not in self._revoked

    def wrong_signature(self, request: Received) -> str | None:
        """Why a request signed for AWS is refused; None when it is signed as it must be by a key of this server's."""
        revoked = next((id for id in self._revoked if f"Credential={id}/" in request.headers["authorization"]), None)
        return _REVOKED if revoked else signatures.wrong(request, self.aws_keys, self._now())

    def revoke(self) -> None:
        """What was given out so far is refused from now on."""
        self._revoked |= {*self.given, *self.aws_keys}

    # ---------------------------------------------------------------- what is given out

    def reply(self, request: Received) -> Reply | None:
        """The answer of a token service; None for a request that is for none."""
        method_and_path = f"{request.method} {request.path}"
        give = next((give for pattern, give in _SERVICES if pattern.fullmatch(method_and_path)), None)
        if give is None:
            return None
        if request.path == "/" and not (b"Action=" in request.raw or "metadata-flavor" in request.headers):
            return None  # anybody may ask for that
        if self.fails:
            return _failure(request, self.fails.pop(0))
        return give(self, request)

    def token(self) -> str:
        """Another one, of the three-part form that tokens have."""
        self.given.append(f"eyJ0ZXN0Ijp0cnVlfQ.token-{len(self.given)}.c2lnbmF0dXJl")
        return self.given[-1]

    def take(self, id: str, secret: str, session: str = "") -> None:
        """An AWS key that somebody else gave out is as good as one of this server's."""
        self.aws_keys[id] = AwsKey(secret, session)

    def aws_key(self, *, session: bool = True) -> tuple[str, AwsKey]:
        """Another one; of a session, or one that lasts."""
        number = len(self.given)
        id = f"ASIATESTKEY{number:09}" if session else f"AKIATESTKEY{number:09}"
        self.aws_keys[id] = AwsKey(
            f"test-secret-{number}-0123456789abcdef", f"test-session-{number}/+=" if session else ""
        )
        self.given.append(id)
        return id, self.aws_keys[id]

    def ends(self) -> float:
        """Unix time at which what is given out now expires."""
        return self._now() + self.seconds


Give: TypeAlias = Callable[[Tokens, Received], Reply]


def _oauth(tokens: Tokens, request: Received) -> Reply:
    return _json({"access_token": tokens.token(), "expires_in": int(tokens.seconds), "token_type": "Bearer"})


def _google_account(tokens: Tokens, request: Received) -> Reply:
    account = {"email": "test@test-project.example", "scopes": ["https://www.googleapis.com/auth/cloud-platform"]}
    return _json({**account, "aliases": ["default"]}, _FLAVOR)


def _google_token(tokens: Tokens, request: Received) -> Reply:
    given = {"access_token": tokens.token(), "expires_in": int(tokens.seconds), "token_type": "Bearer"}
    return _json(given, _FLAVOR)


def _azure_managed(tokens: Tokens, request: Received) -> Reply:
    given = {"access_token": tokens.token(), "expires_on": str(int(tokens.ends())), "token_type": "Bearer"}
    return _json({**given, "resource": request.query.get("resource", "")})


def _aws_session(tokens: Tokens) -> dict[str, str]:
    id, key = tokens.aws_key()
    end = datetime.fromtimestamp(tokens.ends(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"AccessKeyId": id, "SecretAccessKey": key.secret, "Token": key.token, "Expiration": end}


def _aws_container(tokens: Tokens, request: Received) -> Reply:
    return _json(_aws_session(tokens))


def _aws_instance(tokens: Tokens, request: Received) -> Reply:
    session = _aws_session(tokens)
    return _json({"Code": "Success", "Type": "AWS-HMAC", "LastUpdated": session["Expiration"], **session})


def _sts(tokens: Tokens, request: Received) -> Reply:
    named = {"SessionToken" if name == "Token" else name: value for name, value in _aws_session(tokens).items()}
    fields = "".join(f"<{name}>{value}</{name}>" for name, value in named.items())
    action = "AssumeRoleWithWebIdentity"
    body = (
        f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result>'
        f"<Credentials>{fields}</Credentials></{action}Result></{action}Response>"
    )
    return _text(body, "text/xml")


def _failure(request: Received, status: int) -> Reply:
    """STS speaks XML, all others JSON."""
    if request.path == "/":
        error = (
            "<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>Not authorized to perform it</Message></Error>"
        )
        return _text(f"<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>", "text/xml", status=status)
    return _json({"error": "invalid_grant", "error_description": "the account was deleted"}, status=status)


_FLAVOR = {"Metadata-Flavor": "Google"}
_NONE: Mapping[str, str] = {}


def _json(body: Mapping[str, Any], headers: Mapping[str, str] = _NONE, status: int = 200) -> Reply:
    return _text(json.dumps(body), "application/json", headers, status)


def _text(body: str, media_type: str = "text/plain", headers: Mapping[str, str] = _NONE, status: int = 200) -> Reply:
    return Reply(status, {"Content-Type": media_type, **headers}, [body.encode()], "length", streams=False)


def _always(reply: Callable[[], Reply]) -> Give:
    """For what is no secret."""

    def give(tokens: Tokens, request: Received) -> Reply:
        return reply()

    return give


_GOOGLE, _AWS = "GET /computeMetadata/v1", "GET /latest/meta-data/iam/security-credentials"
_TABLE: tuple[tuple[str, Give], ...] = (
    # Google: a key file's token_uri; the metadata service of a machine
    ("POST /oauth2/token", _oauth),
    ("GET /", _always(lambda: _text("ok", headers=_FLAVOR))),
    (f"{_GOOGLE}/?", _always(lambda: _text("ok", headers=_FLAVOR))),
    (f"{_GOOGLE}/project/project-id", _always(lambda: _text(PROJECT, headers=_FLAVOR))),
    (rf"{_GOOGLE}/instance/service-accounts/[^/]+/", _google_account),
    (rf"{_GOOGLE}/instance/service-accounts/[^/]+/token", _google_token),
    (f"{_GOOGLE}/universe/universe[-_]domain", _always(lambda: _text("googleapis.com", headers=_FLAVOR))),
    # Azure: the managed identity of an app
    ("GET /msi/token", _azure_managed),
    # AWS: the metadata service of a machine, of a container; STS
    ("PUT /latest/api/token", _always(lambda: _text("test-metadata-token"))),
    (f"{_AWS}/", _always(lambda: _text("test-role"))),
    (f"{_AWS}/test-role", _aws_instance),
    ("GET /aws/container", _aws_container),
    ("POST /", _sts),
)
_SERVICES = tuple((re.compile(pattern), give) for pattern, give in _TABLE)
