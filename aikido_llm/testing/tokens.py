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
from typing import Any

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

    def aws_key(self, *, session: bool = True) -> tuple[str, AwsKey]:
        """Another one; of a session, or one that lasts."""
        number = len(self.given)
        id = f"ASIATESTKEY{number:09}" if session else f"AKIATESTKEY{number:09}"
        self.aws_keys[id] = AwsKey(
            f"test-secret-{number}-0123456789abcdef", f"test-session-{number}/+=" if session else ""
        )
        self.given.append(id)
        return id, self.aws_keys[id]

    def _oauth(self, request: Received) -> Reply:
        life = int(self.seconds)
        return _json({"access_token": self.token(), "expires_in": life, "token_type": "Bearer"})

    def _google_account(self, request: Received) -> Reply:
        account = {"email": "test@test-project.example", "scopes": ["https://www.googleapis.com/auth/cloud-platform"]}
        return _json({**account, "aliases": ["default"]}, **_FLAVOR)

    def _google_token(self, request: Received) -> Reply:
        return _json({"access_token": self.token(), "expires_in": int(self.seconds), "token_type": "Bearer"}, **_FLAVOR)

    def _azure_managed(self, request: Received) -> Reply:
        ends = str(int(self._now() + self.seconds))
        return _json({"access_token": self.token(), "expires_on": ends, "resource": "test", "token_type": "Bearer"})

    def _aws_session(self, request: Received) -> dict[str, str]:
        id, key = self.aws_key()
        return {"AccessKeyId": id, "SecretAccessKey": key.secret, "Token": key.token, "Expiration": self._end()}

    def _aws_container(self, request: Received) -> Reply:
        return _json(self._aws_session(request))

    def _aws_instance(self, request: Received) -> Reply:
        return _json({"Code": "Success", "Type": "AWS-HMAC", "LastUpdated": self._end(), **self._aws_session(request)})

    def _sts(self, request: Received) -> Reply:
        given = self._aws_session(request)
        names = {"Token": "SessionToken"}
        fields = "".join(f"<{names.get(name, name)}>{value}</{names.get(name, name)}>" for name, value in given.items())
        action = "AssumeRoleWithWebIdentity"
        body = (
            f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result>'
            f"<Credentials>{fields}</Credentials></{action}Result></{action}Response>"
        )
        return _text(body, "text/xml")

    def _end(self) -> str:
        return datetime.fromtimestamp(self._now() + self.seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _failure(request: Received, status: int) -> Reply:
    """STS speaks XML, all others JSON."""
    if request.path == "/":
        error = (
            "<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>Not authorized to perform it</Message></Error>"
        )
        return _text(f"<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>", "text/xml", status=status)
    return _json({"error": "invalid_grant", "error_description": "the account was deleted"}, status=status)


_FLAVOR = {"metadata_flavor": "Google"}


def _json(body: Mapping[str, Any], *, status: int = 200, **headers: str) -> Reply:
    return _text(json.dumps(body), "application/json", status=status, **headers)


def _text(body: str, media_type: str = "text/plain", *, status: int = 200, **headers: str) -> Reply:
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    return Reply(status, {"Content-Type": media_type, **named}, [body.encode()], "length", streams=False)


_SERVICES: tuple[tuple[re.Pattern[str], Callable[[Tokens, Received], Reply]], ...] = tuple(
    (re.compile(pattern), give)
    for pattern, give in (
        # Google: a key file's token_uri; the metadata service of a machine
        ("POST /oauth2/token", Tokens._oauth),
        ("GET /(?:computeMetadata/v1/?)?", lambda _, __: _text("ok", **_FLAVOR)),
        ("GET /computeMetadata/v1/project/project-id", lambda _, __: _text(PROJECT, **_FLAVOR)),
        (r"GET /computeMetadata/v1/instance/service-accounts/[^/]+/", Tokens._google_account),
        (r"GET /computeMetadata/v1/instance/service-accounts/[^/]+/token", Tokens._google_token),
        ("GET /computeMetadata/v1/universe/universe[-_]domain", lambda _, __: _text("googleapis.com", **_FLAVOR)),
        # Azure: the managed identity of an app
        ("GET /msi/token", Tokens._azure_managed),
        # AWS: the metadata service of a machine, of a container; STS
        ("PUT /latest/api/token", lambda _, __: _text("test-metadata-token")),
        ("GET /latest/meta-data/iam/security-credentials/", lambda _, __: _text("test-role")),
        ("GET /latest/meta-data/iam/security-credentials/test-role", Tokens._aws_instance),
        ("GET /aws/container", Tokens._aws_container),
        ("POST /", Tokens._sts),
    )
)
