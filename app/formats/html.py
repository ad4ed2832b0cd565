"""HTML: the text of paragraphs, headings, lists and cells is repaired inside the page; every tag stays as it was."""

from __future__ import annotations

import html
from html.parser import HTMLParser
from itertools import accumulate

from app.core.types import Span
from app.formats.markup import Markup
from app.formats.prose import Prose

_SKIPPED = frozenset(
    {"script", "style", "noscript", "template", "svg", "math", "pre", "textarea", "select", "head", "iframe", "object"}
)
_LITERAL = frozenset({"code", "kbd", "samp", "var", "tt"})
_INLINE = frozenset(
    {"a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins"}
    | {"kbd", "label", "mark", "q", "ruby", "rt", "s", "samp", "small", "span", "strike", "strong", "sub", "sup"}
    | {"time", "tt", "u", "var", "wbr"}
)
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())  # noqa: SIM905


class Html(Markup):
    """A web page or a fragment of one."""

    name = "html"
    suffixes = frozenset({".html", ".htm", ".xhtml"})

    def prose(self, source: str) -> Prose:
        reader = _Reader(source)
        reader.feed(source)
        reader.close()
        reader.prose.protect_references()
        return reader.prose

    def escape(self, text: str) -> str:
        return html.escape(text, quote=False)


class _Reader(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=False)
        self.prose = Prose()
        self._source = source
        self._starts = [0, *accumulate(len(line) + 1 for line in source.split("\n"))]
        self._open: list[tuple[str, bool, bool]] = []  # tag, skipped, literal

    def _at(self) -> int:
        line, column = self.getpos()
        return self._starts[line - 1] + column

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.prose.line_break()
        elif tag in _INLINE:
            self.prose.seam()
        else:
            self.prose.block()
        if tag in _VOID:
            return
        given = dict(attrs)
        keep = given.get("translate") == "no" or "notranslate" in (given.get("class") or "").split()
        skipped, literal = self._open[-1][1:] if self._open else (False, False)
        self._open.append((tag, skipped or tag in _SKIPPED, literal or keep or tag in _LITERAL))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if any(name == tag for name, _, _ in self._open):
            while self._open.pop()[0] != tag:  # tags that the page forgot to close
                pass
        if tag in _INLINE:
            self.prose.seam()
        else:
            self.prose.block()

    def handle_data(self, data: str) -> None:
        self._add(data, None)

    def handle_comment(self, data: str) -> None:
        self.prose.seam()

    def handle_decl(self, decl: str) -> None:
        self.prose.seam()

    def unknown_decl(self, data: str) -> None:
        self.prose.seam()

    def handle_pi(self, data: str) -> None:
        self.prose.seam()

    def handle_entityref(self, name: str) -> None:
        self._add(html.unescape(f"&{name};"), f"&{name}")

    def handle_charref(self, name: str) -> None:
        self._add(html.unescape(f"&#{name};"), f"&#{name}")

    def _add(self, text: str, stored: str | None) -> None:
        skipped, literal = self._open[-1][1:] if self._open else (False, False)
        if skipped:
            return
        begin, at = len(self.prose.chars), self._at()
        if stored is None:
            self.prose.add_run(text, at)
        elif len(text) == 1:
            closed = self._source.startswith(";", at + len(stored))
            self.prose.add(text, at, at + len(stored) + closed)
        else:
            self.prose.seam()  # not a reference after all, or one to several characters: it stays as it is
        if literal and len(self.prose.chars) > begin:
            self.prose.protected.append(Span(begin, len(self.prose.chars)))
