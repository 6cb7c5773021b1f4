"""The door to the terminal: every line but an answer's own text leaves here, and none of them steers it."""

import sys

import click

from .render import json_line, safe


def out(text: str, *, end: str = "\n") -> None:
    """To stdout. In a pipe as it is, for a program may read a path or an address there."""
    click.echo((safe(text) if sys.stdout.isatty() else text) + end, nl=False)


def err(text: str, *, end: str = "\n") -> None:
    """To stderr, which is for people alone."""
    click.echo(safe(text) + end, nl=False, err=True)


def line(value: object) -> None:
    """One line of JSON to stdout; in ASCII where the locale has not every character."""
    encoding = (sys.stdout.encoding or "utf-8").lower().replace("-", "")
    click.echo(json_line(value, ascii_only=encoding != "utf8"), nl=False)
