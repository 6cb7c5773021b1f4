"""AWS's Signature Version 4 from the server's side: made again from the request as it came, and compared.

source: AWS General Reference, "Signature Version 4 signing process", read 2026-11. Written apart from what signs.
"""

import calendar
import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from urllib.parse import quote

from attrs import frozen

from .wires.base import Received

ALGORITHM = "AWS4-HMAC-SHA256"
_HEADER = re.compile(
    rf"{ALGORITHM} Credential=(?P<id>[^/]+)/(?P<scope>(?P<day>\d{{8}})/[^/]+/[^/]+/aws4_request), "
    r"SignedHeaders=(?P<names>[^,]+), Signature=(?P<signature>[0-9a-f]{64})"
)
_SKEW = 300  # s


@frozen
class AwsKey:
    """A credential that the server takes. token: of a session, "" for none."""

    secret: str
    token: str = ""


def wrong(request: Received, keys: Mapping[str, AwsKey], now: float) -> str | None:
    """Why a signed request is refused, in AWS's words; None for one that is as it must be. keys: by their ids."""
    said = _HEADER.fullmatch(request.headers.get("authorization", ""))
    if said is None:
        return "The Authorization header is not of the form that the algorithm wants."
    key = keys.get(said["id"])
    if key is None:
        return "The security token included in the request is invalid."
    if request.headers.get("x-amz-security-token", "") != key.token:
        return "The security token included in the request is invalid."
    stamp = request.headers.get("x-amz-date", "")
    if not stamp.startswith(said["day"]) or abs(_seconds(stamp) - now) > _SKEW:
        return f"Signature expired: {stamp} is not within 5 minutes of the time here."
    names = said["names"].split(";")
    unsigned = {"host", *(name for name in request.headers if name.startswith("x-amz-"))} - set(names)
    if unsigned or names != sorted(names):
        return f"These headers must be signed, in order: {', '.join(sorted(unsigned)) or said['names']}"
    text = f"{ALGORITHM}\n{stamp}\n{said['scope']}\n{_sha(_canonical(request, names).encode())}"
    step = b"AWS4" + key.secret.encode()
    for part in said["scope"].split("/"):
        step = hmac.digest(step, part.encode(), "sha256")
    if not hmac.compare_digest(hmac.digest(step, text.encode(), "sha256").hex(), said["signature"]):
        return "The request signature we calculated does not match the signature you provided."
    return None


def _canonical(request: Received, names: list[str]) -> str:
    """The path is encoded once more than it came; the query is as it came, in order."""
    path, _, query = request.target.partition("?")
    headers = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in names)
    parameters = sorted(pair if "=" in pair else f"{pair}=" for pair in query.split("&") if pair)
    return "\n".join(
        (request.method, quote(path, safe="/~"), "&".join(parameters), headers, ";".join(names), _sha(request.raw))
    )


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _seconds(stamp: str) -> float:
    try:
        return calendar.timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        return 0.0
