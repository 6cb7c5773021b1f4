"""Azure: an Entra ID token by azure-identity, from whatever identity is there (environment, workload, managed, CLI).

source: azure-identity 1.27, DefaultAzureCredential, and Azure OpenAI in Foundry, "Authentication", read 2026-11.
"""

from collections.abc import Mapping
from typing import Any

from ..errors import AuthError, Cause, ConfigError, ConnectError, LLMError
from .base import Credential, Signing, bearer, library

SCOPE = "https://ai.azure.com/.default"


def find(settings: Mapping[str, str]) -> Credential:
    """settings: `scope`, for what the token shall be good. Blocks."""
    identity: Any = library("azure.identity", "azure")
    failures: Any = library("azure.core.exceptions", "azure")
    problem: LLMError
    try:
        with identity.DefaultAzureCredential() as found:
            token: Any = found.get_token(settings.get("scope") or SCOPE)
            return Credential({"token": token.token}, ends=float(token.expires_on), source="Azure (Entra ID)")
    except failures.AzureError as error:
        problem = _problem(identity, failures, error)
    raise problem  # outside of the except block: the library's frames hold the credential


def _problem(identity: Any, failures: Any, error: Exception) -> LLMError:
    cause = Cause.of(error)
    kind: type[LLMError]
    said, kind = "Entra ID gave no token", AuthError
    if isinstance(error, identity.CredentialUnavailableError):
        said = (
            "no Azure identity was found: run `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and "
            "AZURE_CLIENT_SECRET"
        )
        kind = ConfigError
    elif isinstance(error, failures.ServiceRequestError):
        said, kind = "nobody gave an Entra token", ConnectError
    problem = kind(f"{said}: {cause}")
    problem.__cause__ = cause
    return problem


SIGNING = Signing(cloud="Azure", extra="azure", find=find, sign=bearer)
