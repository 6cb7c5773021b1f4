"""AWS: credentials by botocore, and Signature Version 4 by ourselves, over the bytes that are sent.

botocore finds what is configured (environment, profile, SSO, process, web identity, container, instance); its own
signer would want its own request, and a copy of the body.

source: AWS General Reference, "Signature Version 4 signing process", and botocore 1.44, auth.py, read 2026-11.
"""

import hmac
import re
import time
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlsplit

from ..errors import AuthError, Cause, ConfigError, ConnectError, LLMError
from .base import Credential, Signing, Unsigned, library

_ALGORITHM = "AWS4-HMAC-SHA256"
_UNKNOWN_LIFE = 900.0  # s: of a credential that ends, and does not say when
_SERVICES = {"bedrock-runtime": "bedrock"}  # what the first word of a host signs for, where that is another
_HOST = re.compile(
    r"(?:^|\.)(?P<service>[a-z][a-z-]*?)(?:-fips)?\.(?P<region>[a-z]{2,4}(?:-[a-z]+)+-\d+)\.(?:vpce\.)?"
    r"(?:amazonaws\.(?:com(?:\.cn)?|eu)|api\.aws)"
)
_UNSIGNED = ("x-amzn-trace-id",)  # changed on the way


def find(settings: Mapping[str, str]) -> Credential:
    """settings: `region`, `profile`; what they leave open is AWS's own configuration. Blocks."""
    session_module = library("botocore.session", "aws")
    failures: Any = library("botocore.exceptions", "aws")
    problem: LLMError
    try:
        session: Any = session_module.Session(profile=settings.get("profile") or None)
        region: str = settings.get("region") or session.get_config_variable("region") or ""
        found: Any = session.get_credentials()
        if found is None:
            raise _nothing_found()
        frozen: Any = found.get_frozen_credentials()
        return Credential(
            {"id": frozen.access_key, "secret": frozen.secret_key, "token": frozen.token or ""},
            known={"region": region} if region else {},
            ends=_end(found),
            source=f"AWS ({found.method})",
        )
    except (failures.BotoCoreError, failures.ClientError) as error:
        problem = _problem(failures, error)
    raise problem  # outside of the except block: the library's frames hold the credential


def _nothing_found() -> ConfigError:
    return ConfigError(
        "no AWS credentials were found: run `aws configure` or `aws sso login`, set AWS_PROFILE, or set "
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    )


def _problem(failures: Any, error: Exception) -> LLMError:
    kinds: tuple[tuple[Any, type[LLMError], str], ...] = (
        ((failures.ClientError, failures.CredentialRetrievalError), AuthError, "AWS gave no credential"),
        ((failures.HTTPClientError, failures.MetadataRetrievalError), ConnectError, "nobody gave an AWS credential"),
        (failures.BotoCoreError, ConfigError, "the AWS credentials cannot be used"),
    )
    kind, said = next((kind, said) for caught, kind, said in kinds if isinstance(error, caught))
    cause = Cause.of(error)
    problem = kind(f"{said}: {cause}")
    problem.__cause__ = cause
    return problem


def _end(found: Any) -> float | None:
    """When it expires; None for keys that stay. Only what renews itself ends, and botocore keeps the time to itself."""
    if not hasattr(found, "refresh_needed"):
        return None
    expiry = getattr(found, "_expiry_time", None)
    return expiry.timestamp() if expiry is not None else time.time() + _UNKNOWN_LIFE


def sign(credential: Credential, request: Unsigned) -> dict[str, str]:
    """The headers of Signature Version 4. Region and service are what the host says, else the credential's region and
    Bedrock. Signed are host, content type and each `x-amz-...`; other headers may change on the way."""
    url = urlsplit(request.url)
    region, service = _scope(url.hostname or "", credential)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(request.now))
    added = {"X-Amz-Date": stamp}
    if credential.values["token"]:
        added["X-Amz-Security-Token"] = credential.values["token"]
    signed = _signed({**request.headers, **added, "host": url.netloc})
    names = ";".join(signed)
    canonical = "\n".join(
        (
            request.method,
            quote(_without_dots(url.path or "/"), safe="/-_.~"),
            _query(url.query),
            *(f"{name}:{value}" for name, value in signed.items()),
            "",
            names,
            request.digest(),
        )
    )
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    text = f"{_ALGORITHM}\n{stamp}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    signature = hmac.digest(_key(credential.values["secret"], scope), text.encode(), "sha256").hex()
    return added | {
        "Authorization": f"{_ALGORITHM} Credential={credential.values['id']}/{scope}, "
        f"SignedHeaders={names}, Signature={signature}"
    }


def _scope(host: str, credential: Credential) -> tuple[str, str]:
    """(region, service)."""
    match = _HOST.search(host)
    if match is not None:
        return match["region"], _SERVICES.get(match["service"], match["service"])
    region = credential.known.get("region", "")
    if not region:
        raise ConfigError("no AWS region: pass region=..., or set AWS_REGION")
    return region, "bedrock"


def _signed(headers: Mapping[str, str]) -> dict[str, str]:
    """Name in lower case -> value without needless blanks, sorted."""
    lowered = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    return {
        name: lowered[name]
        for name in sorted(lowered)
        if name in ("content-type", "host") or (name.startswith("x-amz") and name not in _UNSIGNED)
    }


def _without_dots(path: str) -> str:
    """RFC 3986, 5.2.4; and no empty segments."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == ".." and kept:
            kept.pop()
        elif segment not in ("", ".", ".."):
            kept.append(segment)
    end = "/" if path.endswith("/") and kept else ""
    return f"/{'/'.join(kept)}{end}"


def _query(query: str) -> str:
    """As it is in the URL, sorted by name and value."""
    pairs = (pair.partition("=") for pair in query.split("&") if query)
    return "&".join(f"{name}={value}" for name, _, value in sorted(pairs))


def _key(secret: str, scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for step in scope.split("/"):
        key = hmac.digest(key, step.encode(), "sha256")
    return key


SIGNING = Signing(
    cloud="AWS",
    extra="aws",
    find=find,
    sign=sign,
    tells=frozenset({"region"}),
    # Bedrock API reference, "Common errors"; recorded 403s; read 2026-11
    expired=("expired", "security token included in the request is invalid"),
)
