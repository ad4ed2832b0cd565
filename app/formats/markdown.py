"""Markdown: paragraphs, headings, lists and tables are repaired; code, targets of links, HTML and front matter not."""

from __future__ import annotations

import html
import re
from itertools import accumulate

from markdown_it import MarkdownIt

from app.core.types import Span
from app.formats.markup import Markup
from app.formats.prose import REFERENCE, Prose

_EOL = r"(?:\r\n|\r|\n)"
_FRONT_MATTER = re.compile(rf"\A(---|\+\+\+)[ \t]*{_EOL}.*?{_EOL}\1[ \t]*(?:{_EOL}|\Z)", re.S)
# What stands at the beginning of a line before its text: quotation marks, list marks, check boxes, heading marks.
_PREFIX = re.compile(r"[ \t]*(?:>[ \t]?|[-*+][ \t]+|\d{1,9}[.)][ \t]+|#{1,6}[ \t]+|\[[ xX]\][ \t]+|\|)*[ \t]*")
_MARK = re.compile(
    r"(?P<code>(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`))"  # shown, protected
    r"|(?P<escape>\\[!-/:-@\[-`{-~])"
    rf"|(?P<reference>{REFERENCE})"
    r"|(?P<hidden><[^<>\n]+>|!\[[^\]\n]*\](?:\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)|\[[^\]\n]*\])"
    r"|\](?:\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)|\[[^\]\n]*\])?|\[\^[^\]\n]+\]|\["
    r"|(?<!\w)_{1,3}(?=\S)|(?<=\S)_{1,3}(?!\w)|[*~]{1,3}(?=\S)|(?<=\S)[*~]{1,3}"
    r"|\|)",
    re.S,
)


class Markdown(Markup):
    """CommonMark with tables and front matter."""

    name = "md"
    suffixes = frozenset({".md", ".markdown"})

    def prose(self, source: str) -> Prose:
        prose = Prose()
        front = _FRONT_MATTER.match(source)
        # blanked rather than cut, and line ends made one in place, so that lines and characters keep their numbers
        body = source if front is None else re.sub(r"[^\r\n]", " ", front.group()) + source[front.end() :]
        body = body.replace("\r\n", " \n").replace("\r", "\n")
        done = 0
        starts = [0, *accumulate(len(line) + 1 for line in body.split("\n"))]
        for token in MarkdownIt("commonmark").enable("table").parse(body):
            if token.type != "inline" or token.map is None or token.map[0] < done:
                continue  # also the further cells of a table's row: its first one stands for the line
            done = token.map[1]
            for line in range(token.map[0], token.map[1]):
                start, end = starts[line], min(starts[line + 1] - 1, len(source))
                _add_line(prose, source, start, end)
                if end < len(source):
                    prose.add("\n", end, end + 1)
            prose.block()
        prose.protect_references()
        return prose

    def escape(self, text: str) -> str:
        return re.sub(rf"([*_`<\[\]]|{REFERENCE})", r"\\\1", text)


def _add_line(prose: Prose, source: str, start: int, end: int) -> None:
    prefix = _PREFIX.match(source, start, end)
    at = prefix.end() if prefix else start
    if at > start:
        prose.seam()
    for mark in _MARK.finditer(source, at, end):
        prose.add_run(source[at : mark.start()], at)
        at = mark.end()
        if mark["code"]:
            begin = len(prose.chars)
            prose.add_run(mark.group(), mark.start())
            prose.protected.append(Span(begin, len(prose.chars)))
        elif mark["escape"]:
            prose.add(mark.group()[1], mark.start(), mark.end())
        elif mark["reference"]:
            char = html.unescape(mark.group())
            if len(char) == 1:
                prose.add(char, mark.start(), mark.end())
            else:
                prose.seam()  # none after all, or one to several characters: it stays as it is
        else:
            prose.seam()
            if mark.group() == "|":
                prose.line_break()
    prose.add_run(source[at:end].rstrip("\r"), at)
