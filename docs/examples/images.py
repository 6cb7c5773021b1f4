"""Draw a picture; try again when the provider fails, for half a picture is worth nothing."""

import asyncio
import os
from pathlib import Path

import aikido_llm as llm


async def main(client: llm.HTTPClient, folder: Path, policy: llm.RetryPolicy | None = None) -> list[Path]:
    request = llm.Request(
        messages=[llm.user("A whale, drawn in ink.")],
        modalities=["image", "text"],
        image_config=llm.ImageConfig(aspect_ratio="1:1"),
    )
    response = await llm.complete_with_retry(client, request, policy)
    endings = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}
    return [
        image.save(folder / f"whale-{number}{endings.get(image.content_type, '.img')}")
        for number, image in enumerate(response.images, 1)
    ]


async def run() -> None:
    async with llm.open(os.environ.get("LLM_PROVIDER", "openrouter"), os.environ.get("LLM_DSN", "")) as client:
        for path in await main(client, Path()):
            print(path)


if __name__ == "__main__":
    asyncio.run(run())
