"""Google Cloud: an access token by google-auth, from Application Default Credentials.

source: google-auth 2.62, google.auth.default, and Google Cloud docs, "How Application Default Credentials works", read
2026-11.
"""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from ..errors import AuthError, Cause, ConfigError, ConnectError, LLMError
from .base import Credential, Signing, Unsigned, library

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"


def find(settings: Mapping[str, str]) -> Credential:
    """settings: `project`, over the one that the credentials name. Blocks."""
    google: Any = library("google.auth", "google")
    failures: Any = library("google.auth.exceptions", "google")
    transport: Any = library("google.auth.transport.requests", "google")
    problem: LLMError
    try:
        found, project = google.default(scopes=[_SCOPE])
        found.refresh(transport.Request())
        project = settings.get("project") or project or ""
        return Credential(
            {"token": found.token},
            known={
                **({"project": project} if project else {}),
                "quota_project": getattr(found, "quota_project_id", None) or "",
            },
            ends=None if found.expiry is None else found.expiry.replace(tzinfo=UTC).timestamp(),
            source=f"Google ({type(found).__module__.rpartition('.')[2]})",
        )
    except failures.GoogleAuthError as error:
        problem = _problem(failures, error)
    raise problem  # outside of the except block: the library's frames hold the credential


def _problem(failures: Any, error: Exception) -> LLMError:
    cause = Cause.of(error)
    if isinstance(error, failures.DefaultCredentialsError):
        return ConfigError(
            "no Google credentials were found: run `gcloud auth application-default login`, or let "
            f"GOOGLE_APPLICATION_CREDENTIALS name a key file ({cause})"
        )
    kind = ConnectError if isinstance(error, failures.TransportError) else AuthError
    problem = kind(f"Google gave no access token: {cause}")
    problem.__cause__ = cause
    return problem


def sign(credential: Credential, request: Unsigned) -> dict[str, str]:
    """The token; and, for a user's own credentials, the project that pays."""
    quota = credential.known["quota_project"]
    headers = {"Authorization": f"Bearer {credential.values['token']}"}
    return {**headers, "x-goog-user-project": quota} if quota else headers


SIGNING = Signing(cloud="Google", extra="google", find=find, sign=sign, tells=frozenset({"project"}))
