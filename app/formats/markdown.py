"""Markdown: paragraphs, headings, lists, tables are repaired; code, formulas, targets, HTML and front matter not."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Sequence
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
# As Pandoc has it: no white space inside the dollar signs, and no digit behind, so that "$5 and $6" is none; nor are
# "US$5 (A$7)" and what holds the mark of code.
_MATH = re.compile(
    r"(?P<ticks>`+)(?!`).*?(?<!`)(?P=ticks)(?!`)|\\."
    r"|(?P<math>\$\$.+?\$\$|(?<!\w)\$(?![\s$])(?:\\.|[^$`\\])*?(?<!\s)\$(?!\d))",
    re.S,
)
_DISPLAY = re.compile(r"^[ \t]*\$\$(?:(?!\n[ \t]*\n).)*?\$\$[ \t]*$", re.M | re.S)


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
        # a line of a formula may begin like a list or a heading
        body = _DISPLAY.sub(lambda display: re.sub(r"\S", "x", display.group()), body)
        done = 0
        starts = [0, *accumulate(len(line) + 1 for line in body.split("\n"))]
        for token in MarkdownIt("commonmark").enable("table").parse(body):
            if token.type != "inline" or token.map is None or token.map[0] < done:
                continue  # also the further cells of a table's row: its first one stands for the line
            done = token.map[1]
            math = [
                Span(*found.span())
                for found in _MATH.finditer(source, starts[token.map[0]], min(starts[done], len(source)))
                if found["math"]
            ]
            for line in range(token.map[0], token.map[1]):
                start, end = starts[line], min(starts[line + 1] - 1, len(source))
                _add_line(prose, source, start, end, math)
                if end < len(source):
                    prose.add("\n", end, end + 1)
            prose.block()
        prose.protect_references()
        return prose

    def escape(self, text: str) -> str:
        return re.sub(rf"([*_`<\[\]]|{REFERENCE})", r"\\\1", text)


def _add_line(prose: Prose, source: str, start: int, end: int, math: Sequence[Span]) -> None:
    prefix = _PREFIX.match(source, start, end)
    at = prefix.end() if prefix else start
    if at > start:
        prose.seam()
    for i in range(bisect_right(math, at, key=lambda one: one.end), len(math)):
        span = math[i]
        if span.start >= end:
            break
        first, last = max(span.start, at), min(span.end, end)
        _add_marked(prose, source, at, first)
        begin = len(prose.chars)
        prose.add_run(source[first:last], first)
        if span.start < start and prose.protected:  # the line break inside it too
            begin = prose.protected.pop().start
        prose.protected.append(Span(begin, len(prose.chars)))
        at = last
    _add_marked(prose, source, at, end)


def _add_marked(prose: Prose, source: str, at: int, end: int) -> None:
    """Text without formulas."""
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
