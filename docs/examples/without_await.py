"""The same client in code that has no event loop: a script, a notebook cell, a thread."""

import os

from aikido_llm import sync


def main(client: sync.SyncHTTPClient) -> str:
    with client.chat_stream("Count to three.") as events:
        return "".join(events.text())


if __name__ == "__main__":
    with sync.open(os.environ.get("LLM_PROVIDER", "echo"), os.environ.get("LLM_DSN", "")) as client:
        print(main(client))
