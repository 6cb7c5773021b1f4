"""`doctor` on the clouds: what it finds and what is missing; the vendors' own libraries ask the test server."""

import importlib.util
from pathlib import Path

import pytest

from aikido_llm.testing import WireServer

from .running import run

pytestmark = pytest.mark.skipif(
    any(importlib.util.find_spec(name) is None for name in ("botocore", "google.auth", "azure.identity")),
    reason="botocore, google-auth or azure-identity is not installed; with them: make test",
)
ROWS = ("bedrock", "bedrock-converse", "vertex", "vertex-anthropic", "azure", "azure-anthropic")


def nothing(tmp_path: Path) -> dict[str, str]:
    """An environment in which nobody is anybody, and nobody beyond this machine is asked."""
    nowhere = str(tmp_path / "nothing")
    return {
        **dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "CLOUDSDK_CONFIG"), nowhere),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://127.0.0.1:9",
        "NO_GCE_CHECK": "true",
        "HOME": str(tmp_path),
        "PATH": str(tmp_path),
    }


async def test_what_is_missing(tmp_path: Path) -> None:
    done = await run("doctor", *ROWS, **nothing(tmp_path))
    assert done.code == 0
    assert done.err == "", "the libraries' own stories are not told beside"
    _, *lines = done.out.splitlines()
    assert [line.split()[:2] for line in lines] == [["--", row] for row in ROWS]
    for line, words in zip(
        lines,
        ("aws configure", "aws configure", "gcloud auth", "gcloud auth", "AZURE_OPENAI_API_KEY", "az login"),
        strict=True,
    ):
        assert words in line


async def test_what_is_found(tmp_path: Path) -> None:
    async with WireServer() as server:
        here = f"127.0.0.1:{server.port}"
        machine = {name: value for name, value in nothing(tmp_path).items() if name != "NO_GCE_CHECK"}
        done = await run(
            "doctor", *ROWS, **machine, AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{server.url}/aws/container",
            AWS_REGION="eu-north-1", GCE_METADATA_HOST=here, GCE_METADATA_IP=here, IDENTITY_HEADER="h",
            IDENTITY_ENDPOINT=f"{server.url}/msi/token", AZURE_OPENAI_ENDPOINT=server.base_url("azure"),
        )  # fmt: skip
        assert "Attempted" not in done.err
        bedrock, converse, vertex, claude, azure, foundry = done.out.splitlines()[1:]
        secrets = [*server.tokens.given, *(key.secret for key in server.tokens.aws_keys.values())]
        assert not any(secret in done.out for secret in secrets)
    assert done.code == 0
    assert bedrock.startswith("ok   bedrock") and "container-role" in bedrock and "region eu-north-1" in bedrock
    assert converse.startswith("ok   bedrock-converse") and "container-role" in converse
    assert vertex.startswith("ok   vertex") and "project test-project" in vertex and "60 min" in vertex
    assert claude.startswith("ok   vertex-anthropic")
    assert azure.startswith("ok   azure") and "2 models" in azure
    assert foundry.startswith("--   azure-anthropic") and "needs resource=" in foundry


async def test_who_refuses(tmp_path: Path) -> None:
    async with WireServer() as server:
        server.tokens.fails += [403] * 9
        env = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{server.url}/aws/container", "AWS_REGION": "eu-north-1"}
        done = await run("doctor", "bedrock", **nothing(tmp_path), **env)
    assert done.code == 1
    assert done.out.splitlines()[1].startswith("FAIL bedrock")
