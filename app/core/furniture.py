# Dashes, quotation marks and arrows of web pages look alike; that is the point of naming them.
"""Page furniture: lines that belong to the page and not to the text (bylines, buttons, notices).

No pattern knows a site. A pattern must match the whole segment. What could also be prose ("Home", "By Royal Decree")
counts only where it has a line to itself; what cannot ("Leave a comment") also at the end of a paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from app.core.types import Furniture, Segment

# Longer segments are prose, or notices that no pattern here was measured on.
_MAX_CHARS: Final = 300

_LINE_ENDS: Final = frozenset("\n\r\x0b\x0c\x85\u2028\u2029")

# A part of a name as written in bylines; initials and particles of names included.
_PART: Final = r"(?:[^\W\d_a-z][\w'’.-]*|de|da|di|del|der|den|van|von|al|bin|ibn|la|le|el|ter|dos|du|and|&|ul|abu|ben)"
_NAME: Final = rf"(?-i:[^\W\d_a-zß][\w'’.-]*(?:[ ,]+{_PART}){{1,6}})"
_ONE: Final = r"(?-i:[^\W\d_a-zß][\w'’-]+)"
_MAIL: Final = r"(?:[\w.+-]+ ?(?:@|\(at\)|\[at\]) ?[\w-]+(?: ?\. ?[\w-]+)*|@\w+)"
_MONTH: Final = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DATE: Final = (
    rf"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,? )?(?:{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?[ .]+(?:of )?{_MONTH}(?:,? \d{{4}})?|\d{{1,4}}[./-]\d{{1,2}}[./-]\d{{1,4}}|today"
    rf"|yesterday)"
)
_TIME: Final = r"(?:,? ?(?:at |- |– |\| ?)?\d{1,2}[:.]\d{2}(?: ?[ap]\.?m\.?)?(?: ?\(?[A-Z]{2,4}\)?)?)"
_NETWORK: Final = (
    r"(?:facebook|twitter|x|linkedin|linked in|whatsapp|whats app|telegram|pinterest|reddit|tumblr|instagram|youtube|"
    r"vk|vkontakte|odnoklassniki|weibo|wechat|line|viber|skype|snapchat|tiktok|flipboard|pocket|messenger|google ?\+?|"
    r"google plus|e-?mail|mail|sms|print|copy link|link|rss|mastodon|threads|bluesky|xing|digg|stumbleupon)"
)
_SHARED: Final = (
    r"(?:(?:this|the|our)(?: (?:article|story|post|page|news|video|photo|content|entry|item|link|site))?|it|article|"
    r"story|post|page|link|us)"
)
_THING: Final = (
    r"(?:articles?|story|stories|posts?|news|topics?|content|links?|readings?|coverage|videos?|pages?|items?)"
)
_END: Final = r"\s*[.!:…»>›→]*"


@dataclass(frozen=True, slots=True)
class _Rule:
    kind: str
    reason: str
    pattern: re.Pattern[str]
    alone: bool  # only where the segment has its line to itself


def _rule(kind: str, reason: str, *patterns: str, alone: bool = True) -> _Rule:
    return _Rule(kind, reason, re.compile(rf"(?:{'|'.join(patterns)}){_END}", re.I), alone)


_RULES: Final = (
    _rule(
        "byline",
        "Names who wrote, edited or took the picture; part of the page, not of the text",
        rf"(?:(?:written|reported|posted|published|story|text|article|report|words|compiled|translated|edited"
        rf"|updated) )?"
        rf"by:? {_NAME}(?: in {_ONE})?(?: ?[,|/–—-] ?[^.!?]{{2,80}}(?=[^.]$|$))?(?:,? (?:on )?{_DATE}{_TIME}?)?",
        rf"(?:written|posted|published|compiled|translated|submitted) (?:by|from|in):? {_ONE}(?:,? (?:on |in"
        rf" )?{_DATE}{_TIME}?)?",
        rf"(?:authors?|writer|editor|reporter|correspondent|translator|photo(?:graph)?(?:er)?s?(?: credit)?"
        rf"|image(?: credit)?s?|"
        rf"picture|source|credit|photo by|photographs? by|image by|picture by): ?(?:{_NAME}|{_ONE})(?: ?[,|/–—-]"
        rf" ?[^.!?]{{2,60}})?",
        rf"\(?(?:photo|image|picture|photograph|illustration)s?(?: taken)? by:? (?:{_NAME}|{_ONE})(?: ?[,|/–—-]"
        rf" ?[^.!?]{{2,60}})?\)?",
        rf"(?:additional )?(?:reporting|writing|editing) by {_NAME}(?: in {_ONE})?(?:[;,] ?(?:additional )?"
        rf"(?:reporting|writing|editing|compiled) by {_NAME}){{0,3}}",
    ),
    _rule(
        "byline",
        "Says when the page was published or updated",
        rf"(?:first |last |originally )?(?:published|posted|updated|modified|created|edited)(?: on| at)?:? (?:on"
        rf" )?{_DATE}{_TIME}?"
        rf"(?: by {_NAME})?",
        rf"(?:first |last |originally )?(?:published|posted|updated|modified|created|last updated?):? {_TIME}?",
        r"(?:published|posted|updated)?:? ?\d+ (?:seconds?|minutes?|mins?|hours?|days?|weeks?|months?|years?) ago",
        r"\d+ ?min(?:ute)?s? (?:to )?read|reading time:? \d+ ?min(?:ute)?s?",
    ),
    _rule(
        "contact",
        "Tells how to write to the author",
        rf"(?:write|writing|wrote|e-?mail|mail|send (?:an? )?(?:e-?mail|mail|message|letter))s? (?:to|for|at|in|by) "
        rf"(?:the )?(?:{_NAME}|{_ONE}|author|editors?|writer|reporter|us|me) ?\(.{{0,80}}",
        rf"(?:write|writing|e-?mail|mail|send (?:an? )?(?:e-?mail|mail|message|letter)) (?:to|for|at|in) "
        rf"(?:the )?(?:{_NAME}|{_ONE}|author|editors?|writer|reporter|us|me),? ?(?:at|on|in|via|by|to|with)?:? ?"
        rf"(?:{_MAIL}|(?:the )?(?:e-?mail|mail)(?: address)?)\)?",
        rf"(?:write|writing) (?:to|in|for) {_NAME}",
        rf"(?:to )?(?:contact|reach|e-?mail|write to) (?:the )?(?:{_NAME}|author|editors?|writer|reporter|us|our \w+)"
        rf"(?: (?:of|on|for|about|responsible for) (?:this )?{_THING})?,? ?(?:at|on|in|via|by|here|:)+:? ?(?:{_MAIL})?",
        rf"(?:contact|e-?mail|follow) (?:the )?(?:author|reporter|writer|editor)s?(?: (?:at|on)?:? ?(?:{_MAIL}"
        rf"|{_NETWORK}))?",
        rf"(?:e-?mail|mail|contact): ?{_MAIL}",
        r"\(?[\w.+-]+@[\w-]+(?:\.[\w-]+)+\)?",
    ),
    _rule(
        "contact",
        "Tells how to reach the site",
        r"contact (?:us|the (?:editor|editorial office|newsroom|site|publisher))|send us (?:a message|an e-?mail"
        r"|feedback|your \w+)"
        r"|got a (?:news )?tip\b.{0,80}|have (?:a|any) (?:news )?tips?\b.{0,80}\?.{0,80}",
    ),
    _rule(
        "copyright",
        "Copyright notice",
        r"(?:copyright|copy right) ?(?:©|\(c\)|&copy;|[12]\d{3}\b).{0,220}",
        r"(?:©|\(c\) ?(?:copyright|[12]\d{3})|&copy;).{0,220}",
        rf"copyright (?:by |of |belongs to )?(?:{_NAME}|{_ONE})",
        r".{0,120}\b(?:all|every|the) (?:the )?rights? (?:are |is |were )?(?:reserved|protected)",
        r"(?:this|the) (?:material|article|content|text|site|page|story|work) (?:may not|must not|cannot|is not"
        r" (?:allowed )?to) be "
        r"(?:re)?(?:published|produced|copied|distributed|broadcast|printed|used)\b.{0,200}",
        r"(?:reproduction|copying|republication|reprinting|redistribution|use|any use)\b.{0,120} (?:is |are"
        r" )?(?:strictly )?"
        r"(?:prohibited|forbidden|not (?:allowed|permitted))(?: without.{0,100})?",
        alone=True,
    ),
    _rule(
        "copyright",
        "Check sum of a licence notice",
        r"(?:[\w .,&'©()-]{0,80}\s)?[0-9a-f]{24,64}",
    ),
    _rule(
        "share",
        "Button that shares the page",
        rf"(?:please |click (?:here )?to )?(?:share|tweet|pin|like|e-?mail|print|save|bookmark|recommend|send|forward)"
        rf"(?: {_SHARED})?(?: (?:on|via|to|by|in|with|at|through|using) {_NETWORK}(?:(?:,| and| or|/) ?{_NETWORK})*)?"
        r"(?: with (?:your )?(?:friends|others))?(?: \(opens in (?:a )?new window\))?",
        rf"share:?(?: ?{_NETWORK}){{1,12}}",
        r"shares?:? ?\d[\d,.]*[km]?|\d[\d,.]*[km]? shares?",
        rf"(?:please )?(?:follow|like|join|find|add|visit) (?:us|me|{_NAME}|@\w+|our \w+)(?: (?:on|in|at|via)"
        rf"(?: our)? {_NETWORK}(?: ?(?:,|and|or|&|/) ?{_NETWORK})*(?: at| @\w+|: ?@?\w+)?){{1,2}}(?: \(?@\w+\)?)?",
        r"follow us|share (?:this|it|via|on)|spread the word",
        rf"{_NETWORK}(?:(?:\s*[,|/•·]\s*|\s+){_NETWORK}){{1,12}}",
        r"facebook|twitter|whatsapp|linkedin|pinterest|telegram|reddit|e-?mail|print|copy link",
    ),
    _rule(
        "cookie",
        "Notice about cookies or consent",
        r"(?:this|our|the|these) (?:web ?)?(?:sites?|pages?|services?|partners)(?: and (?:our|its) partners)?\b.{0,60}"
        r"\b(?:uses?|using|places?|stores?|sets?|employs?|utilizes?)\b.{0,40}\bcookies?\b.{0,160}",
        r"we (?:and our (?:\d+ )?(?:partners|vendors) )?(?:may |also )?(?:use|store|place|set|employ"
        r"|utilize)\b.{0,40}\bcookies?\b.{0,200}",
        r"by (?:continuing|using|browsing|clicking|visiting|staying|closing|accepting)\b.{0,120}\b(?:agree|consent"
        r"|accept)\b.{0,60}"
        r"\b(?:cookies?|privacy policy|terms)\b.{0,100}",
        r"(?:i )?(?:accept|allow|reject|refuse|manage|decline)(?: all| the| only necessary| necessary)? cookies?|"
        r"cookies? (?:policy|settings|preferences|notice|consent|statement)|(?:manage|change) (?:your )?(?:cookie"
        r"|privacy) "
        r"(?:settings|preferences)",
    ),
    _rule(
        "comments",
        "Comment form or counter",
        r"(?:leave|post|write|add|submit|make|send|give|put) (?:a|an|your|the|us a|us your)? ?(?:public |new |first )?"
        r"(?:comments?|reply|replies|response|review|feedback)(?: (?:below|here|on this \w+|now))?",
        r"(?:cancel reply|your e-?mail (?:address )?(?:will|is|shall) not (?:be )?(?:published|displayed|disclosed"
        r"|made public))",
        r"(?:required|mandatory|necessary) fields are (?:marked|indicated|highlighted)(?: with)?(?: ?\*| an asterisk)?",
        r"(?:comments?|commenting|discussion) (?:is|are|has been|have been)(?: now| currently)? (?:closed|off"
        r"|disabled|turned off|locked)\b"
        r".{0,60}",
        r"(?:you must|you have to|you need to|please|must) (?:be )?(?:log(?:ged)? ?in|sign(?:ed)? in|register)(?:"
        r" or \w+)? "
        r"(?:to|before|for) (?:post|leave|comment|reply|writ|mak|submit|add)\w*\b.{0,40}",
        r"save my (?:name|e-?mail)\b.{0,80}(?:next time|comment).{0,30}",
        alone=False,
    ),
    _rule(
        "comments",
        "Comment form or counter",
        r"(?:no|\d[\d,.]*|show|view|see|load|read|hide|all|more|latest|recent|post|join)(?: all| more| the| previous)* "
        r"(?:comments?|repl(?:y|ies)|responses?|the (?:conversation|discussion)|conversation)(?: ?\(\d+\)| yet| so"
        r" far| on .{1,80})?",
        r"(?:comments?|repl(?:y|ies)|responses?|discussion) ?[:(]? ?\d*\)?|be the first (?:to |one to )(?:comment"
        r"|reply|review)\b.{0,30}",
        r"join (?:in )?the (?:conversation|discussion|debate)|what do you think\? (?:leave|let us|tell us"
        r"|comment).{0,80}",
        r"(?:let us know|tell us|share)(?: (?:what )?(?:you think|your (?:thoughts|opinion|views)))? in the"
        r" comments?(?: section)?(?: below)?",
    ),
    _rule(
        "advertisement",
        "Marks an advertisement",
        r"(?:advertisements?|advertising|advertorial|ads?|ad feedback|sponsored(?: content| links?| post| by"
        r" .{1,60})?|promoted"
        r"(?: content| by .{1,60})?|paid (?:content|post|partnership|advertisement)|commercial|publicity)",
        r"(?:the )?(?:story|article|text|content|post) continues (?:below|after|under)(?: (?:the |this )?(?:ad"
        r"|advertisement|advertising))?",
        r"(?:scroll|swipe) (?:down )?(?:to|for) (?:continue|more|read|keep reading)\b.{0,40}|(?:continue|skip|close"
        r"|remove|hide) (?:the |this )?"
        r"(?:ads?|advertisements?|advertising)|advertise (?:with|here|on)(?: us| this site| here)?",
    ),
    _rule(
        "newsletter",
        "Asks to subscribe",
        r"(?:please )?(?:sign up|subscribe|register|join|sign-up)\b[^.!?]{0,90}\b(?:newsletters?|mailing list"
        r"|(?:e-?mail|news|breaking) "
        r"(?:updates|alerts)|updates|alerts|inbox|notifications|channel|rss|feed|free trial|mailings?)\b[^.!?]{0,60}",
        r"(?:subscribe|sign up)(?: now| today| here| for free| to (?:us|our \w+|the \w+))*",
        r"(?:get|receive|want) (?:the |our |more |all )*(?:latest|best|top|daily|breaking|weekly|news|stories"
        r"|updates)\b[^.!?]{0,90}"
        r"\b(?:inbox|newsletters?|e-?mail|phone)\b[^.!?]{0,40}",
        r"(?:enter|type|input) (?:your|an?) e-?mail(?: address)?\b.{0,60}|your e-?mail(?: address)?",
        r"you (?:can|may) unsubscribe\b.{0,60}|unsubscribe(?: at any time)?|thank you for (?:subscribing|signing up"
        r"|registering)\b.{0,60}",
    ),
    _rule(
        "about_author",
        "Heading or link about the author",
        r"(?:about|regarding|on|meet|more (?:about|on|from)) (?:the |this |an? |our )?(?:authors?|writers?"
        r"|contributors?|bloggers?|columnists?)",
        rf"(?:view|see|read|show|browse|more)?(?: all| more)* ?(?:posts|articles|stories|entries) (?:by|from|of) "
        rf"(?:{_NAME}|{_ONE}|this author|the author|the same author)",
        rf"author(?:'s|’s)? (?:bio|biography|profile|page|archive)s?|more (?:from|by) (?:this author|the author"
        rf"|{_NAME})",
    ),
    _rule(
        "navigation",
        "Link to another page",
        rf"(?:read|see|view|show|find out|continue|click (?:here|for)|tap (?:here|for)|load|learn|watch|listen"
        rf"|discover|keep)"
        rf"(?: the| this| all| to)*(?: more| reading| also| next| full| all| here| whole)+(?: {_THING})?(?: (?:here"
        rf"|below|in \w+))?",
        r"(?:read|see|watch|listen|look) (?:more|also|next|now|too) ?[:»>|–—-] ?.{1,200}|(?:also|further) (?:read"
        r"|see|on this topic)(?: ?: ?.{1,200})?",
        rf"(?:related|recommended|similar|recent|latest|popular|trending|featured|top|more|other|previous|next"
        rf"|older|newer|further|"
        rf"editor(?:'s|’s)? picks?|must[ -]read)(?: {_THING}| picks)+(?: (?:for you|by topic|on this topic|from"
        rf" .{{1,40}}))?",
        r"(?:recommended|suggested)(?: for you)?|trending(?: now| topics?)?|most (?:read|popular|viewed|shared"
        r"|commented)(?: articles| stories| news)?|"
        r"you (?:may|might|could|will|would) (?:also |even )?(?:like|enjoy|love|be interested in)(?: this| these|"
        r" too)?|"
        r"more (?:on|in) (?:this (?:story|topic|section)|related topics)|editor(?:'s|’s)? (?:picks?|choice)",
        r"(?:back|return|go|jump|skip) (?:to|up to) (?:the )?(?:top|home|main(?: content| page)?|start|beginning"
        r"|content|navigation|homepage|"
        r"home page|search|results|menu)(?: of (?:the )?page)?",
        r"page \d+ (?:of|/) \d+|(?:previous|next)(?: (?:page|article|story|post|chapter))?|(?:« ?)?prev(?:ious)?(?:"
        r" ?[|/] ?next)?(?: ?»)?",
        r"(?:home|homepage|home page|menu|main menu|navigation|search|close|sitemap|site map|log ?in|log ?out|sign"
        r" ?in|sign ?out|sign ?up|"
        r"my account|register|toggle navigation|open menu|close menu|help|faq|about us|contacts?|terms(?: (?:of"
        r" (?:use|service)|and conditions|"
        r"& conditions))?|privacy(?: (?:policy|notice|statement))?|legal notice|imprint|download(?: the)? app"
        r"|print(?: this)?(?: page| article)?|"
        r"table of contents)",
        r"(?:home|homepage|home page|main|start) ?(?:[>»›/|→:]|::) ?[^.!?]{1,120}",
        r"[^.!?<>»›|→]{2,30}(?: ?[>»›→] ?[^.!?<>»›|→]{2,40}){2,8}",
        r"[^.!?<>»›|→]{2,25}(?: ?\| ?[^.!?<>»›|→]{2,25}){3,12}",
        r"(?:tags?|tagged(?: as| with| in)?|filed under|categor(?:y|ies)|posted in|labels?|topics?|keywords?) ?[:|]"
        r" ?.{1,150}",
    ),
)


class LineFurnitureFinder:
    """Recognises page furniture by what a segment says and whether it has its line to itself.

    Of 173,843 sentences of clean text from twelve sources (2026-11) none was called furniture; with a line of its own
    for each sentence 10 were, nine of them picture credits.
    """

    def find(self, text: str, segments: Sequence[Segment]) -> list[Furniture]:
        """Furniture among ``segments`` of ``text``, in order, at most one entry a segment."""
        found: list[Furniture] = []
        for line in _lines(text, segments):
            found.extend(_judge(text, line))
        return found


def _lines(text: str, segments: Sequence[Segment]) -> Iterator[list[Segment]]:
    """Segments by line: those with no line break between them."""
    line: list[Segment] = []
    for segment in segments:
        if line and not _LINE_ENDS.isdisjoint(text[line[-1].span.end : segment.span.start]):
            yield line
            line = []
        line.append(segment)
    if line:
        yield line


def _judge(text: str, line: list[Segment]) -> Iterator[Furniture]:
    """Furniture in one line: all of it, each sentence of it, or sentences at its end that cannot be prose."""
    start, end = line[0].span.start, line[-1].span.end
    if end - start <= _MAX_CHARS and (rule := _match(text[start:end], alone=True)) is not None:
        rules: list[_Rule | None] = [rule] * len(line)
    elif len(line) == 1 or end - start > _MAX_CHARS * len(line):
        return
    else:
        # a line of furniture only: "Your email will not be published. Required fields are marked *"
        rules = [_match(s.text, alone=True) for s in line]
        if None in rules:
            rules = [_match(s.text, alone=False) for s in line]
            last_prose = max((i for i, r in enumerate(rules) if r is None), default=-1)
            rules[: last_prose + 1] = [None] * (last_prose + 1)
    for segment, found in zip(line, rules, strict=True):
        if found is not None:
            yield Furniture(segment.index, found.kind, found.reason)


def _match(text: str, *, alone: bool) -> _Rule | None:
    if len(text) > _MAX_CHARS:
        return None
    for rule in _RULES:
        if (alone or not rule.alone) and rule.pattern.fullmatch(text):
            return rule
    return None
