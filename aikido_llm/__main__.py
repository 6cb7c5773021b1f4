"""`python -m aikido_llm` and the `aikido-llm` command: hand over to the command line, if it is installed."""

import sys

from ._version import __version__


def main() -> None:
    """Run the command line; without the `cli` extra, one line says how to install it, exit status 1.

    `--version` alone needs no extra: it is what a report of a fault begins with.
    """
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"aikido-llm, version {__version__}\n")
        return
    from .cli import ending

    try:
        ending.arm()
        status = _run()
        ending.over()
    except KeyboardInterrupt:  # while it was loading
        status = ending.interrupted()
    sys.exit(status)


def _run() -> int:
    try:
        import click as _click
        import rich as _rich
    except ImportError:
        sys.exit('aikido-llm: the command line needs an extra: pip install "aikido-llm[cli]"')
    del _click, _rich
    from .cli.main import run

    return run()


if __name__ == "__main__":
    main()
