"""Markdown as blocks of tokens, from which nothing is left out. Pure.

Markdown's own marks become tokens; whatever else a text holds stays text: HTML, entities, definitions of links, a
backslash (LaTeX, paths). Links and pictures say where they lead.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache

from attrs import frozen
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.table import table
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from rich.syntax import Syntax

_MARKS = re.compile(r"""[\s*_~`#>|\-+=\[\]()!\\:<."']""")  # what Markdown may turn into something else
_RULE = re.compile(r"[\s>|:-]+")  # between a table's head and its rows
_TAG = re.compile(r"<[A-Za-z/!?][^<>]{0,1000}>")
_LONGEST_COLOURED = 32 * 1024  # characters: a pygments lexer may take a time that grows faster than its text


@frozen
class Block:
    """One top-level block. source: its lines. wanted: the same, without the languages that only colours tell."""

    source: str
    wanted: str
    tokens: Sequence[Token]


def blocks(text: str) -> list[Block]:
    """The top-level blocks of a text, in order; blank lines between them are left out."""
    lines = text.split("\n")
    found: list[Block] = []
    tokens: list[Token] = []
    for token in _parser().parse(text):
        tokens.append(token)
        if token.level == 0 and token.nesting <= 0:
            start, end = tokens[0].map or (0, len(lines))
            source, wanted = lines[start:end], lines[start:end]
            for fence in tokens:
                if fence.type == "fence" and fence.map and _is_language(fence.info.strip()):
                    at = fence.map[0] - start
                    wanted[at] = wanted[at].rpartition(fence.info.strip())[0]
            found.append(Block("\n".join(source), "\n".join(wanted), tuple(_visible(tokens))))
            tokens = []
    return found


def settled(text: str) -> int:
    """How many characters of a growing text are final: all of its top-level blocks but the last one."""
    starts = _starts(text)
    return _offset(text, starts[-1].map) if len(starts) > 1 else 0


def split(text: str, most: int) -> tuple[str, str]:
    """A text whose last block grew too long, in two: what can be printed, and what goes on. Code goes on as code."""
    if count := settled(text):
        return text[:count], text[count:]
    at = text.rfind("\n", most // 2, most) + 1 or text.rfind(" ", most // 2, most) + 1 or most
    opening = ""
    if (found := _starts(text)) and found[0].type == "fence":
        line = text.lstrip("\n").partition("\n")[0]
        opening = line + "\n" if len(line) < most // 4 else ""
    return text[:at], opening + text[at:]


def _starts(text: str) -> list[Token]:
    """The first token of every top-level block; only blocks are looked for, not what is in their lines."""
    return [token for token in _outline().parse(text) if token.level == 0 and token.map]


def _offset(text: str, lines: Sequence[int] | None) -> int:
    return sum(len(line) + 1 for line in text.split("\n")[: lines[0]]) if lines else 0


def shows(drawn: str, source: str) -> bool:
    """Whether every character of the source that is no mark stands in what was drawn, in the same order."""
    at = 0
    for character in _MARKS.sub("", source):
        at = drawn.find(character, at) + 1
        if not at:
            return False
    return True


# ---------------------------------------------------------------- reading


class _Parser(MarkdownIt):
    """CommonMark with tables and strikethrough, as rich reads it, but for what would hide something."""

    def __init__(self) -> None:
        super().__init__("commonmark")
        self.enable(["strikethrough", "table"])
        self.disable(["reference", "entity"])
        self.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
        self.inline.ruler.at("escape", _escape)
        self.inline.ruler.at("html_inline", _tag)

    def normalizeLink(self, url: str) -> str:
        return url

    def normalizeLinkText(self, link: str) -> str:
        return link

    def validateLink(self, url: str) -> bool:
        return True


@cache
def _parser() -> MarkdownIt:
    return _Parser()


@cache
def _outline() -> MarkdownIt:
    parser = _Parser()
    parser.core.ruler.disable(["inline", "text_join"])
    return parser


def _table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """One with more cells than characters has mostly cells that its rows lack, which take seconds to draw: it stays as
    it was written."""
    return (silent or not _is_hollow(state, start, end)) and table(state, start, end, silent)


def _is_hollow(state: StateBlock, start: int, end: int) -> bool:
    rule = state.src[state.bMarks[start + 1] : state.eMarks[start + 1]] if start + 1 < end else ""
    columns = rule.count("|")
    if not columns or not _RULE.fullmatch(rule):
        return False
    last = next((line for line in range(start, end) if state.isEmpty(line)), end) - 1
    return columns * (last - start) > state.eMarks[last] - state.bMarks[start]


def _escape(state: StateInline, silent: bool) -> bool:
    """What stands behind a backslash marks nothing."""
    at = state.pos + 1
    if state.src[state.pos] != "\\" or at >= state.posMax:
        return False
    if not silent:
        state.pending += "\\"
    if state.src[at] != "\n":
        if not silent:
            state.pending += state.src[at]
        state.pos = at + 1
        return True
    if not silent:
        state.push("hardbreak", "br", 0)
    state.pos = at + 1
    while state.pos < state.posMax and state.src[state.pos] in " \t":
        state.pos += 1
    return True


def _tag(state: StateInline, silent: bool) -> bool:
    """What looks like a tag is text, and nothing in it marks anything."""
    found = _TAG.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.pending += found.group()
    state.pos = found.end()
    return True


# ---------------------------------------------------------------- what rich would hide, as what it shows


def _visible(tokens: Iterable[Token]) -> Iterable[Token]:
    for token in tokens:
        match token.type:
            case "inline":
                token.children = list(_inline(token.children or []))
                yield token
            case "html_block":
                yield _code(token.content, "")
            case "fence" if token.info.strip() and not _is_language(token.info.strip()):
                yield from (
                    Token("paragraph_open", "p", 1),
                    _text(token.info.strip()),
                    Token("paragraph_close", "p", -1),
                )
                yield _code(token.content, "")
            case "fence" | "code_block" if len(token.content) > _LONGEST_COLOURED:
                yield _code(token.content, "")
            case _:
                yield token


def _inline(tokens: Sequence[Token]) -> Iterable[Token]:
    shown: list[bool] = []  # of the links that are open: whether their address is
    for token in tokens:
        match token.type:
            case "link_open":
                shown.append(token.info != "auto")
                if shown[-1]:
                    yield _link(token, "href")
            case "link_close":
                if shown.pop():
                    yield token
            case "image":
                yield _link(token, "src")
                yield from _inline(token.children or [])
                yield Token("link_close", "a", -1)
            case _:
                yield token


def _link(token: Token, attribute: str) -> Token:
    title = token.attrs.get("title")
    address = str(token.attrs.get(attribute, ""))
    return Token("link_open", "a", 1, attrs={"href": f'{address} "{title}"' if title else address})


def _code(content: str, language: str) -> Token:
    return Token("fence", "code", 0, content=content, info=language)


def _text(content: str) -> Token:
    return Token("inline", "", 0, children=[Token("text", "", 0, content=content)])


def _is_language(info: str) -> bool:
    """Whether its colours will tell: anything else behind the fence is shown."""
    return bool(info) and Syntax("", info).lexer is not None
