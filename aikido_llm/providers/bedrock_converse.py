"""Amazon Bedrock's Converse: one shape for every model there, Nova, Llama and Cohere's too.

source: Amazon Bedrock API reference, "Converse", "ConverseStream", and User Guide, "API keys", read 2026-11.
"""

from ..auth import aws
from ..dialects.bedrock_converse import BedrockConverse
from .base import Provider
from .bedrock import PROFILE, REGION, domain

PROVIDER = Provider(
    name="bedrock-converse",
    title="Amazon Bedrock Converse",
    base_url="https://bedrock-runtime.{region}.{domain}",
    places=domain,
    base_env="AWS_ENDPOINT_URL_BEDROCK_RUNTIME",  # AWS SDKs and Tools guide, "Service-specific endpoints", read 2026-11
    strip_base=("/model/*/converse-stream", "/model/*/converse", "/model"),
    dialect=BedrockConverse(models_path=""),
    auth=aws.SIGNING,
    key_env=("AWS_BEARER_TOKEN_BEDROCK",),
    key_url="https://console.aws.amazon.com/bedrock/home#/api-keys",
    request_id_headers=("x-amzn-requestid", "x-request-id"),
    options=(REGION, PROFILE),
    docs="docs/providers/bedrock-converse.md",
)
