"""Azure: an Entra ID token by azure-identity, from whatever identity is there (environment, workload, managed, CLI).

source: azure-identity 1.27, DefaultAzureCredential, and Azure OpenAI in Foundry, "Authentication", read 2026-11.
"""

from collections.abc import Mapping
from typing import Any

from ..errors import AuthError, Cause, ConfigError, ConnectError, LLMError
from .base import Credential, Signing, bearer, library

SCOPE = "https://ai.azure.com/.default"


def find(settings: Mapping[str, str]) -> Credential:
    """settings: `scope`, what the token is for. Blocks."""
    identity: Any = library("azure.identity", "azure")
    failures: Any = library("azure.core.exceptions", "azure")
    problem: LLMError
    try:
        with identity.DefaultAzureCredential() as found:
            token: Any = found.get_token(settings.get("scope") or SCOPE)
            return Credential({"token": token.token}, ends=float(token.expires_on), source="Azure (Entra ID)")
    except failures.AzureError as error:
        problem = _problem(failures, error)
    raise problem  # outside of the except block: the library's frames hold the credential


def _problem(failures: Any, error: Exception) -> LLMError:
    """azure-identity tells one story of all that it tried; what was merely not there is left out of it."""
    cause = Cause.of(error)
    if isinstance(error, failures.ServiceRequestError):
        problem: LLMError = ConnectError(f"nobody gave an Entra token: {cause}")
    elif reasons := [line.strip() for line in str(cause).splitlines() if line.startswith("\t") and not _absent(line)]:
        problem = AuthError(f"Entra ID gave no token: {'; '.join(reasons)}")
    else:
        problem = ConfigError(
            "no Azure identity was found: run `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and "
            "AZURE_CLIENT_SECRET"
        )
    problem.__cause__ = cause
    return problem


def _absent(line: str) -> bool:
    return any(word in line for word in ("unavailable", "not found", "not installed", "requires", "could not be found"))


SIGNING = Signing(cloud="Azure", extra="azure", find=find, sign=bearer)
