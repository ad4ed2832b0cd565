# ruff: noqa: SIM905
"""Names in running text, with what stands around them.

Rules over one pass of tokens, rather than a network, by measurement (``scripts/measure_mentions.py``): 270 sentences,
half references of machine-translation test sets and half open web text, with 389 names marked by hand; the rules
were written with the first half of them in view. On the second, unseen then:

====================================  ======  =========  =============  ==========
detector                              recall  precision  ms a sentence  memory, MB
====================================  ======  =========  =============  ==========
these rules                            0.943      0.934          0.075           9
spaCy 3.8.7, ``en_core_web_sm`` 3.8    0.840      0.891  4.2, batch 2.0        165
====================================  ======  =========  =============  ==========

A name counts as found with exactly its span; works, products and peoples count neither way. Errors of the second half
that showed a slip were mended since (0.979 and 0.964 on it now, no longer unseen). The network says a kind for
every name and is right on 0.79; the rules say one where a word shows it, on 0.37, and are right on 0.96.
"""

from __future__ import annotations

import lzma
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files

import regex

from app.core.types import Segment, Span
from app.names.given_names import is_given_name


class MentionKind(StrEnum):
    """What the words of a mention and those around it say that it is."""

    PERSON = "person"
    ORGANISATION = "organisation"
    PLACE = "place"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Mention:
    """A name as it stands in the document: without title, possessive ending and leading article.

    ``span.of(document) == text``, and so for the two other spans.
    """

    span: Span
    text: str
    kind: MentionKind
    segment: int  # index of the segment
    title: str = ""  # what stands before: "finance minister", "Mr."
    title_span: Span | None = None
    description: str = ""  # what stands after: "director of the Asia programme at the Lowy Institute"
    description_span: Span | None = None
    office: str = ""  # said before it between commas: "president of Bangladesh" in "the president of Bangladesh, A,"
    is_possessive: bool = False
    is_initial: bool = False  # first words of the sentence: the capital proves nothing
    is_all_caps: bool = False  # the sentence around it is in capitals
    is_acronym: bool = False
    has_article: bool = False  # "the" stands before it


# ---- words -----------------------------------------------------------------------------------------------------------

_DAYS = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may june july august "
    "september "
    "october november december".split()
)
# Short for days and months only before a figure or with a full stop: Sun, Jan and Mar are names of people, too.
_SHORT_DAYS = frozenset(
    "mon tue tues wed thu thurs fri sat sun jan feb mar apr jun jul aug sep sept oct nov dec".split()
)
_MONTH_NAMES = frozenset({"may", "march", "august", "june", "april"})  # people have these names, too
_PARTICLES = frozenset(
    "am im sur sous en aux upon van von fon de der den del della dello di da do dos das du la le los las bin ibn "
    "bint al el ter ten zu zum af av y e und "
    "st 't d".split()
)
_SUFFIXES = frozenset(
    {"Jr", "Jr.", "Sr", "Sr.", "II", "III", "IV", "VI", "VII", "VIII", "IX", "XI", "XII", "XIV", "XVI"}
)
_HONORIFICS = frozenset(
    "mr mrs ms miss mx dr prof sir dame lord lady sheikh sheik sultan emir ayatollah imam rabbi rev reverend fr "
    "sen rep gov gen lt col "
    "maj capt sgt adm cmdr hon st saint king queen prince princess pope emperor comrade messrs mme monsieur "
    "madame herr frau señor "
    "señora don".split()
)
_OFFICES = frozenset(
    "president vice-president minister premier chancellor secretary secretary-general governor mayor senator "
    "congressman "
    "congresswoman representative deputy ambassador envoy spokesman spokeswoman spokesperson chairman chairwoman "
    "chairperson chair "
    "chief director director-general head commissioner general lieutenant colonel major captain sergeant admiral "
    "marshal commander "
    "judge justice prosecutor attorney lawyer professor doctor bishop archbishop cardinal patriarch father "
    "sister brother coach "
    "captain manager editor journalist reporter correspondent analyst economist expert researcher historian "
    "author writer poet "
    "singer actor actress artist composer filmmaker photographer goalkeeper striker midfielder defender player "
    "leader activist "
    "candidate councillor councilman mp mep ceo cfo coo founder co-founder owner speaker treasurer officer "
    "detective inspector "
    "constable guru diplomat politician scientist engineer architect designer dictator ruler prime-minister".split()
)
_OFFICE_MODIFIERS = frozenset(
    "prime foreign finance defence defense interior justice health education trade economy energy environment "
    "agriculture labour labor "
    "transport culture deputy vice assistant acting former ex then late interim first second senior junior lead "
    "chief executive "
    "managing general national state federal regional district attorney press permanent special under high "
    "supreme crown major "
    "lieutenant brigadier rear air field secretary police home internal external affairs opposition party "
    "parliamentary security "
    "adviser advisor political military new current incumbent outgoing film pop rock head team club and us uk eu "
    "un".split()
)
_ROLES = _OFFICES | frozenset(
    "son daughter wife husband mother father brother sister widow member fellow adviser advisor consultant "
    "specialist scholar lecturer "
    "teacher student farmer worker driver resident citizen veteran partner associate assistant vice head winner "
    "champion star "
    "executive president official negotiator strategist critic presenter host blogger publisher musician "
    "drummer guitarist "
    "biologist physicist chemist psychologist sociologist economist anthropologist physician surgeon nurse".split()
)
_RECALLED_BY_ROLE = _ROLES | frozenset(
    "capital city town village province county region district suburb port "
    "island company firm maker manufacturer group bank university institute newspaper magazine agency "
    "organisation organization charity "
    "party think-tank producer retailer operator provider".split()
)
_ORGANISATION_WORDS = frozenset(
    "ministry department bureau agency office commission committee council court parliament congress senate "
    "assembly bank fund foundation "
    "institute institution university college academy school centre center hospital association society union "
    "federation confederation "
    "league alliance coalition party corporation company group inc ltd llc corp co plc gmbh ag holdings "
    "industries airlines airways "
    "motors police army navy force forces guard corps command brigade division regiment club fc museum library "
    "orchestra theatre theater "
    "church organisation organization authority administration service services board chamber exchange times "
    "post news journal tribune "
    "herald press studios records network network trust initiative forum conference team bureau secretariat "
    "treasury front brotherhood "
    "laboratory laboratories".split()
)
_PLACE_WORDS = frozenset(
    "city town village province county district region state republic kingdom island islands isle river lake sea "
    "ocean bay gulf strait "
    "mountain mountains mount hills valley desert forest park street road avenue square bridge airport station "
    "port peninsula coast "
    "canal oblast prefecture municipality governorate territory beach cape fort plateau".split()
)
_DEMONYM = frozenset(
    "american british english french german italian spanish portuguese dutch belgian swiss austrian swedish "
    "norwegian danish finnish "
    "icelandic irish scottish welsh polish czech slovak hungarian romanian bulgarian greek turkish cypriot "
    "maltese serbian croatian "
    "bosnian slovenian macedonian albanian montenegrin kosovar ukrainian russian belarusian moldovan estonian "
    "latvian lithuanian georgian "
    "armenian azerbaijani kazakh kyrgyz uzbek tajik turkmen mongolian chinese taiwanese japanese korean "
    "vietnamese lao cambodian thai "
    "burmese malaysian malay singaporean indonesian filipino philippine indian pakistani bangladeshi nepali "
    "nepalese bhutanese maldivian "
    "afghan iranian persian iraqi syrian lebanese israeli palestinian jordanian saudi yemeni omani emirati "
    "qatari bahraini kuwaiti "
    "egyptian libyan tunisian algerian moroccan sudanese ethiopian eritrean somali kenyan ugandan tanzanian "
    "rwandan burundian congolese "
    "nigerian ghanaian ivorian senegalese malian cameroonian chadian angolan zambian zimbabwean mozambican "
    "namibian botswanan african "
    "canadian mexican guatemalan honduran salvadoran nicaraguan panamanian cuban haitian dominican jamaican "
    "colombian venezuelan "
    "ecuadorian peruvian bolivian chilean argentine argentinian uruguayan paraguayan brazilian australian "
    "european asian western eastern "
    "arab arabic latin hebrew jewish muslim islamic christian catholic protestant orthodox hindu buddhist "
    "kurdish tibetan uyghur uighur "
    "catalan basque soviet nazi roman ottoman sinhala tamil bengali hindi urdu punjabi nordic scandinavian "
    "baltic balkan slavic "
    "germanic celtic caucasian hispanic latino communist democrat republican democratic".split()
)
_PEOPLES = frozenset(
    "turk brit briton dane swede finn pole spaniard scot kurd jew serb croat slovene czech slovak arab afghan filipino "
    "frenchman englishman dutchman irishman welshman scotsman frenchmen englishmen dutchmen irishmen londoner parisian "
    "viennese sinhalese romani roma inuit maori aboriginal aborigine gypsy".split()
)
_DEMONYM_PLURALS = frozenset(d + "s" for d in _DEMONYM | _PEOPLES) | _PEOPLES
_INTERJECTIONS = frozenset(
    "yeah yep nope ok okay oh ah wow hey hi hello hmm um uh gonna yes no thanks lol haha please".split()
)
_NEVER = frozenset(
    "I I'm I'd I'll I've OK TV AM PM BC AD BCE CE DVD CD PC IT ID HIV AIDS COVID COVID-19 DNA GDP CEO CFO".split()
)
_PLACE_PREPOSITIONS = frozenset(
    "in at near from to into across throughout outside around via towards toward over".split()
)
_SPEECH = frozenset(
    "said says told added asked explained wrote tweeted replied believes thinks argued noted stressed born died".split()
)
_QUOTE_OR_COLON = frozenset("\"“”„«»:—–-•*(['‘")
_ENDS_DESCRIPTION = frozenset(',;().:—–"“”')
_STOPS_DESCRIPTION = frozenset(
    "who which that said says told was is has had were are and but when while where added whose".split()
)

_TOKEN = regex.compile(
    r"(?:\p{Lu}\.){2,}(?:\p{Lu}(?!\p{L}))?"  # U.S., J.R.R.
    r"|\p{Lu}\.(?=\s?\p{Lu})"  # an initial
    r"|(?:Jr|Sr|St|Mr|Mrs|Ms|Dr|Prof|Gen|Col|Lt|Sen|Rep|Gov|Capt|Sgt|Adm|Rev|Hon|Inc|Ltd|Corp|Co|Mt)\."
    r"|[\p{L}\p{M}\p{N}]+(?:['’ʼ.&-][\p{L}\p{M}\p{N}]+)*(?:['’](?!\w)(?<=s['’]))?"
    r"|[^\s\p{L}\p{N}]"
)
_POSSESSIVE = regex.compile(r"['’]s$|(?<=s)['’]$", regex.IGNORECASE)
_ROMAN = regex.compile(r"(?=[IVXLC])C{0,3}(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})$")
_ARABIC_ARTICLE = regex.compile(r"(?:al|el|as|ash|ad|an|ar|at|az|d|l|de)['’-]\p{Lu}")
_PREFIXED = regex.compile(r"(?:pro|anti|ex|non|pre|post|mid|trans)-", regex.IGNORECASE)
_LINKS = frozenset({"of", "for", "on", "and", "&"})
_MOST_GAP = 1  # code points between words of one name


@lru_cache(maxsize=1)
def _words() -> dict[str, int]:
    """Words that English writes in lower case -> tenths of their uses inside sentences that have a capital."""
    packed = lzma.decompress(files("app.names").joinpath("data/words.txt.xz").read_bytes()).decode()
    return {word: int(share) for word, share in (line.split() for line in packed.splitlines())}


def lower_case_share(word: str) -> float | None:
    """How often the word is written in lower case inside sentences, 0.1 to 1; ``None`` if (nearly) never."""
    share = _words().get(word.casefold())
    return None if share is None else 1 - share / 10


# ---- tokens ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Token:
    """A word or mark of one segment; offsets in the segment's text."""

    text: str  # without possessive ending
    start: int
    end: int  # of ``text``
    after: int  # where the token with its ending ends
    lower: str
    is_capital: bool
    is_possessive: bool
    commonness: int | None = None  # tenths of capitals inside sentences; None: not an ordinary word
    is_first: bool = False  # of the sentence, a quotation, after a colon


def _tokens(text: str) -> list[_Token]:
    known = _words()
    found: list[_Token] = []
    first = True
    for match in _TOKEN.finditer(text):
        word, start, end = match.group(), match.start(), match.end()
        letter = word[0]
        if not letter.isalnum():
            found.append(_Token(word, start, end, end, word, False, False))
            first = first or word in _QUOTE_OR_COLON
            continue
        core = word
        if "'" in word or "’" in word:
            ending = _POSSESSIVE.search(word)
            if ending and ending.start() > 1:
                core = word[: ending.start()]
        lower = core.casefold()
        found.append(
            _Token(
                core, start, start + len(core), end, lower, _is_capital(core),
                len(core) != len(word), known.get(lower), first,
            )
        )  # fmt: skip
        first = False
    return found


def _is_capital(word: str) -> bool:
    first = word[0]
    if first.isupper():
        return not (_PREFIXED.match(word) and word[word.index("-") + 1 :].islower())
    if first.isdigit():
        return word.isupper()
    return not word.isalpha() and _ARABIC_ARTICLE.match(word) is not None


# ---- runs of capitals ------------------------------------------------------------------------------------------------


class _Sentence:
    """One segment on the way to its mentions."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        words = [t for t in self.tokens if t.text[0].isalpha()]
        letters = [t for t in words if len(t.text) > 1]
        upper = sum(t.text.isupper() for t in letters)
        self.is_all_caps = len(letters) > 2 and upper * 10 > len(letters) * 6
        long = [t for t in words if len(t.text) > 3]
        self.is_title_case = (
            len(long) > 3
            and sum(t.is_capital for t in long) * 10 >= len(long) * 9
            and not text.rstrip().endswith((".", "。"))
        )
        self.names = [self._is_name_word(at) for at in range(len(self.tokens))]
        self.offices = dict(self._offices())  # token after "Minister of Foreign Affairs" -> token that it begins with

    def _is_name_word(self, at: int) -> bool:
        """Whether the capital of a token means a name."""
        t = self.tokens[at]
        if (
            not t.is_capital
            or t.text in _NEVER
            or t.lower in _INTERJECTIONS
            or (t.lower in _DAYS and t.lower not in _MONTH_NAMES)
        ):
            return False
        if (
            t.lower in _SHORT_DAYS
            and at + 1 < len(self.tokens)
            and (self.tokens[at + 1].text[0].isdigit() or self.tokens[at + 1].text == ".")
        ):
            return False
        if t.lower in _DAYS:  # a month, or a person of that name behind another capital
            before = self.tokens[at - 1] if at else None
            return before is not None and before.is_capital and before.commonness is None and before.lower not in _DAYS
        if t.lower in _DEMONYM or t.lower in _DEMONYM_PLURALS:
            if is_given_name(t.lower) and self._is_surname(at + 1):
                return True  # Christian Lindner, Roman Polanski
            return self._opens_organisation(at)
        if self.is_all_caps or self.is_title_case:
            return t.commonness is None or t.commonness >= 7
        if not t.is_first:
            return True
        if t.commonness is None:
            return len(t.text) > 1
        return t.commonness >= 6 or ((t.commonness >= 1 or t.is_possessive) and self._next_is_capital(at))

    def _next_is_capital(self, at: int) -> bool:
        if at + 1 >= len(self.tokens):
            return False
        after = self.tokens[at + 1]
        return after.is_capital or (
            after.lower in {"of", "for"} and at + 2 < len(self.tokens) and self.tokens[at + 2].is_capital
        )

    def _is_surname(self, at: int) -> bool:
        if at >= len(self.tokens):
            return False
        t = self.tokens[at]
        known = t.lower in _DEMONYM or t.lower in _DEMONYM_PLURALS or _is_title(t) or t.lower in _DAYS
        return t.is_capital and t.commonness is None and not known and t.text not in _NEVER

    def _opens_organisation(self, at: int) -> bool:
        """Whether an adjective of nation or faith is part of a name: "German Marshall Fund", not "German troops"."""
        following = self.tokens[at + 1 : at + 5]
        for t in following:
            if not t.is_capital or t.lower in _OFFICES or t.lower.rstrip(".") in _HONORIFICS:
                return False
            if t is following[0] and t.commonness is not None and t.lower not in _OFFICE_MODIFIERS:
                return t.start - self.tokens[at].after <= _MOST_GAP and not (self.is_title_case or self.is_all_caps)
            if t.lower in _ORGANISATION_WORDS or t.lower in _PLACE_WORDS:
                return True
        return False

    def _offices(self) -> Iterator[tuple[int, int]]:
        """Titles with a field of work behind "of"; the words of the field are no names then."""
        tokens = self.tokens
        for at in range(len(tokens) - 2):
            if tokens[at].lower not in _OFFICES or tokens[at + 1].lower not in {"of", "for"}:
                continue
            begin = at + 2 + (tokens[at + 2].lower == "the")
            end = begin
            while (
                end < len(tokens)
                and tokens[end].commonness is not None
                and not (end > begin and is_given_name(tokens[end].lower))
                and (
                    tokens[end].is_capital
                    or (tokens[end].lower == "and" and end + 1 < len(tokens) and tokens[end + 1].is_capital)
                )
            ):
                end += 1
            field = [t.lower for t in tokens[begin:end]]
            is_work = not any(w in _ORGANISATION_WORDS or w in _PLACE_WORDS for w in field[field[:1] == ["state"] :])
            if field and (self._is_person_at(end) or (is_work and begin == at + 2)):
                self.names[begin:end] = [False] * len(field)
                yield end, at

    def _is_person_at(self, at: int) -> bool:
        """Whether given name and surname follow: "Secretary of the Treasury Janet A" has no Treasury in the name."""
        pair = self.tokens[at : at + 2]
        return len(pair) == 2 and all(t.is_capital and t.commonness is None for t in pair)

    def runs(self) -> Iterator[tuple[int, int]]:
        """Half-open ranges of tokens that make one name each, titles included."""
        at, tokens, names = 0, self.tokens, self.names
        while at < len(tokens):
            if not names[at]:
                at += 1
                continue
            end = at + 1
            while end < len(tokens):
                grown = self._grow(at, end)
                if grown == end:
                    break
                end = grown
            yield at, end
            at = end

    def _grow(self, start: int, end: int) -> int:
        """How far a run that stands so far goes on: one word, or a linking word with what follows."""
        tokens, names = self.tokens, self.names
        last, here = tokens[end - 1], tokens[end]
        if last.is_possessive and not (
            names[end] and all((9 if t.commonness is None else t.commonness) < 7 for t in tokens[start:end])
        ):
            return end  # "Lavrov's Ministry" is two names, "People's Republic" and "Children's Hospital" are one
        if here.start - last.after > _MOST_GAP:
            return end
        if names[end]:
            return end if here.lower == "the" else end + 1
        if here.text in _SUFFIXES or (here.is_capital and here.lower in _DEMONYM and self._has_link(start, end)):
            return end + 1
        if (
            here.text == ","
            and end + 1 < len(tokens)
            and tokens[end + 1].text in {"Jr.", "Jr", "Inc.", "Inc", "Ltd.", "Ltd"}
        ):
            return end + 2
        if here.is_capital or not (here.text[0].isalpha() or here.text == "&"):
            return end
        return self._link(start, end)

    def _link(self, start: int, end: int) -> int:
        tokens, names = self.tokens, self.names
        here, last = tokens[end], tokens[end - 1]
        nxt = end + 1
        if here.lower in {"e", "y"} and (
            last.commonness is not None or nxt >= len(tokens) or tokens[nxt].commonness is not None
        ):
            return end
        if here.lower in _PARTICLES and here.lower not in {"d", "st"} | _LINKS:
            while nxt < len(tokens) and tokens[nxt].lower in _PARTICLES and not tokens[nxt].is_capital:
                nxt += 1
            return nxt + 1 if nxt < len(tokens) and names[nxt] else end
        if here.lower not in _LINKS:
            return end
        if nxt < len(tokens) and tokens[nxt].lower == "the" and here.lower != "and":
            nxt += 1
        if nxt >= len(tokens) or not tokens[nxt].is_capital or tokens[nxt].text in _NEVER or tokens[nxt].lower in _DAYS:
            return end
        after = tokens[nxt]
        head = self._head(start, end)
        if here.lower == "of":
            joins = last.commonness is not None and last.commonness >= last.is_first and not _is_title(last)
        elif here.lower in {"for", "on"}:
            joins = head
        elif here.lower == "and" and after.lower.rstrip(".") in {"co", "sons", "company", "partners", "associates"}:
            joins = True
        else:  # and, &
            joins = self._and_joins(start, end, nxt, after, head)
        return nxt + 1 if joins else end

    def _and_joins(self, start: int, end: int, nxt: int, after: _Token, head: bool) -> bool:
        """ "Foreign Affairs and Trade" after "Ministry of"; "Food and Drug Administration"; "Procter & Gamble"."""
        if self.tokens[end].text == "&":
            return True
        if after.lower == "the":
            return False
        ordinary = self.tokens[end - 1].commonness is not None and after.commonness is not None
        if not ordinary or after.lower in _OFFICES or (after.lower in _ORGANISATION_WORDS and head):
            return False
        if head and self._has_link(start, end):
            return True
        following = self.tokens[nxt + 1 : nxt + 4]
        for t in following:
            if not t.is_capital:
                return False
            if t.lower in _ORGANISATION_WORDS:
                return True
        return False

    def _head(self, start: int, end: int) -> bool:
        return any(t.lower in _ORGANISATION_WORDS for t in self.tokens[start:end])

    def _has_link(self, start: int, end: int) -> bool:
        return any(t.lower in {"of", "for", "on"} for t in self.tokens[start:end])


# ---- mentions --------------------------------------------------------------------------------------------------------


IsBody = Callable[[str], bool]


def find_mentions(text: str, segments: Sequence[Segment], is_body: IsBody | None = None) -> list[Mention]:
    """The names of a document, in order; no two overlap.

    Args:
        text: The document.
        segments: Its sentences.
        is_body: Whether a place or an organisation is called that; it says where the name of a person begins that
            follows one: *the ambassador to Zambia A*.
    """
    found: list[Mention] = []
    for segment in segments:
        found += _mentions(segment, is_body)
    return found


def _mentions(segment: Segment, is_body: IsBody | None) -> Iterator[Mention]:
    sentence = _Sentence(segment.text)
    taken = 0  # tokens that a mention already has
    for start, end in sentence.runs():
        for first, last, title_from in _without_titles(sentence, start, end):
            holder = _holder_in(sentence, first, last, is_body)
            at, office_from = first, None
            if holder is not None:
                role, at = holder
                office_from = _modified(sentence, role)
                for begin, stop in ((first, role), (max(first, _behind_link(sentence, role)), at)):
                    body = _mention(sentence, segment, begin, stop, begin, begin) if begin < stop else None
                    if body is not None:
                        yield body
            mention = _mention(sentence, segment, at, last, max(title_from, taken), office_from)
            if mention is not None:
                taken = last
                yield mention


_MOST_WORDS_TO_ROLE, _MOST_WORDS_OF_PERSON = 10, 5
_OF_ROLES = frozenset({"of", "to", "for", "in", "at"})
_OF_SAINTS = frozenset("san santa santo são saint st st. sankt new".split())


def _holder_in(s: _Sentence, first: int, end: int, is_body: IsBody | None) -> tuple[int, int] | None:
    """Where in a run of names somebody's name begins who holds an office of what the names before it call: token of
    the office, and first token of the name. *Member of the Senate of Mexico A*, *the ambassador to Zambia A*."""
    tokens = s.tokens
    if end - first < 3 or s.is_all_caps or s.is_title_case:
        return None
    # nothing longer is a person; to look from every token of a long run to its end is quadratic
    begins = [at for at in range(max(first + 1, end - _MOST_WORDS_OF_PERSON), end - 1) if _is_person(tokens[at:end])]
    if not begins:
        return None
    inside = [at for at in range(first, end) if _is_role(tokens, at)]
    for at in begins:
        if at - 1 in inside:
            return at - 1, at
    role = inside[0] if inside else _role_before(tokens, first)
    if role is None or tokens[role + 1].lower not in _OF_ROLES:
        return None
    begins = [at for at in begins if at > role + 2]
    if is_body is not None:
        for at in reversed(begins):
            link = max(i for i in range(role, at) if tokens[i].lower in _OF_ROLES)
            link += tokens[link + 1].lower == "the"
            if link + 1 < at and is_body(s.text[tokens[link + 1].start : tokens[at - 1].end]):
                return role, at
    for at in begins:
        before = tokens[at - 1]
        if before.is_capital and before.commonness is not None and not is_given_name(before.lower):
            return role, at
    for at in begins:
        before = tokens[at - 1]
        known = is_given_name(before.lower) or before.lower in _OF_SAINTS or not before.is_capital
        if is_given_name(tokens[at].lower) and not known:
            return role, at
    return None


def _is_person(words: Sequence[_Token]) -> bool:
    """Whether the words may be the name of a person, given name first."""
    if not 2 <= len(words) <= _MOST_WORDS_OF_PERSON or not (words[0].is_capital and words[-1].is_capital):
        return False
    begin, rest = words[0], [w for w in words if w.lower not in _PARTICLES]
    if begin not in rest or len(rest) < 2:
        return False
    if any(w.lower in _ORGANISATION_WORDS | _PLACE_WORDS | _DEMONYM | _LINKS or not w.is_capital for w in rest):
        return False
    if any(w.is_possessive for w in words[:-1]) or begin.lower in _OF_SAINTS:
        return False
    return begin.commonness is None or is_given_name(begin.lower)


def _is_role(tokens: Sequence[_Token], at: int) -> bool:
    return tokens[at].lower in _ROLES and at + 1 < len(tokens)


def _role_before(tokens: Sequence[_Token], first: int) -> int | None:
    """The office before a run of names, with words between that belong to what it is of: *member of the Senate of*."""
    for at in range(first - 2, max(-1, first - _MOST_WORDS_TO_ROLE), -1):
        token = tokens[at]
        if token.lower in _ROLES:
            return at
        if not (
            token.is_capital or token.text[0].isdigit() or token.lower in _OF_ROLES or token.lower in {"the", "and"}
        ):
            return None
    return None


def _behind_link(s: _Sentence, role: int) -> int:
    """The first token of what an office is of."""
    at = role + 1
    while at < len(s.tokens) and s.tokens[at].lower in _OF_ROLES | {"the"}:
        at += 1
    return at


def _modified(s: _Sentence, role: int) -> int:
    """The first token of an office with what stands before it: *deputy* speaker."""
    at = _with_modifiers(s.tokens, role)
    while at < role and s.tokens[at].lower in {"and", "then", "new"}:
        at += 1
    return at


def _without_titles(s: _Sentence, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Cut a run at the titles inside: (first, end, first token of the title before), the title not part of the name."""
    tokens = s.tokens
    if s._head(start, end) and any(t.lower in {"of", "for", "on"} for t in tokens[start:end]):
        head_at = next(i for i in range(start, end) if tokens[i].lower in _ORGANISATION_WORDS)
        if not any(_is_title(tokens[i]) for i in range(start, head_at)):
            yield start, end, start
            return
    cut = start
    at = start
    while at < end:
        if (
            _is_title(tokens[at])
            and not (at > start and _is_last(tokens, at, end) and _ends_name(tokens[at - 1], tokens[at]))
            and not (at + 1 < end and tokens[at + 1].lower in _ORGANISATION_WORDS and not _is_honorific(tokens[at]))
        ):
            begin = _with_modifiers(tokens, at, cut)
            if begin > cut and not all(tokens[i].lower in _OFFICE_MODIFIERS for i in range(cut, begin)):
                yield cut, begin, cut
            cut, title_from = at + 1, begin
            while cut < end and _is_title(tokens[cut]):
                cut += 1
            at = cut
            nxt = next((i for i in range(at, end) if _is_title(tokens[i])), None)
            if nxt is None:
                if cut < end:
                    yield cut, end, title_from
                return
        else:
            at += 1
    if cut < end:
        yield cut, end, cut


_NEED_STOP = frozenset("sen rep gov gen lt col maj capt sgt adm cmdr hon rev fr".split())  # else Hun Sen is a senator
_NO_TITLES = frozenset({"st", "saint", "don"})


def _is_title(token: _Token) -> bool:
    bare = token.lower.rstrip(".")
    if bare in _NEED_STOP:
        return token.text.endswith(".")
    return bare in _OFFICES or (bare in _HONORIFICS and bare not in _NO_TITLES)


def _is_last(tokens: list[_Token], at: int, end: int) -> bool:
    return at == end - 1 or (at == end - 2 and tokens[end - 1].text in _SUFFIXES)


def _ends_name(before: _Token, title: _Token) -> bool:
    """Whether a title at the end of a run is a surname: Stephen King, Julie Bishop, Khalid bin Sultan."""
    if not before.is_capital and before.lower in _PARTICLES:
        return True
    return is_given_name(before.lower) or (
        before.commonness is None and _is_honorific(title) and not before.text.isupper()
    )


def _is_honorific(token: _Token) -> bool:
    return token.lower.rstrip(".") in _HONORIFICS


def _mention(
    s: _Sentence, segment: Segment, first: int, end: int, title_from: int, office_from: int | None = None
) -> Mention | None:
    tokens = s.tokens
    while end > first and (tokens[end - 1].text in _LINKS or not tokens[end - 1].text[0].isalnum()):
        end -= 1
    while first < end and tokens[first].is_first and first + 1 < end and _drops_first(tokens[first], tokens[first + 1]):
        first += 1
    if first >= end:
        return None
    words = tokens[first:end]
    if not _is_name(s, words):
        return None
    if words[0].lower == "the" and len(words) > 1:
        first, words = first + 1, words[1:]
    offset = segment.span.start
    span = Span(offset + words[0].start, offset + words[-1].end)
    if office_from is None:
        title = _title_before(s, first, title_from)
    else:
        title = (tokens[office_from].start, tokens[first - 1].end) if office_from < first else None
    is_acronym = (
        len(words) == 1
        and 1 < len(words[0].text.replace(".", "")) < 8
        and words[0].text.isupper()
        and not s.is_all_caps
    )
    description = _description(s, end)
    office = "" if title else _office_before(s, first, end)
    kind = MentionKind.PERSON if office else _kind(s, words, first, end, title, is_acronym=is_acronym)
    return Mention(
        span,
        s.text[words[0].start : words[-1].end],
        kind,
        segment.index,
        title=s.text[title[0] : title[1]] if title else "",
        title_span=Span(offset + title[0], offset + title[1]) if title else None,
        description=s.text[description[0] : description[1]] if description else "",
        description_span=Span(offset + description[0], offset + description[1]) if description else None,
        office=office,
        is_possessive=words[-1].is_possessive,
        is_initial=words[0].is_first,
        is_all_caps=s.is_all_caps,
        is_acronym=is_acronym,
        has_article=first > 0 and tokens[first - 1].lower == "the",
    )


def _drops_first(token: _Token, after: _Token) -> bool:
    """Whether the first word of a sentence only looks like part of the name that follows."""
    if token.commonness is None:
        return False
    return token.commonness == 0 or (
        token.commonness < 2 and after.commonness is None and token.lower not in _PLACE_WORDS
    )


def _is_name(s: _Sentence, words: list[_Token]) -> bool:
    if len(words) > 1:
        return not all(w.lower in _DEMONYM or w.lower in _DEMONYM_PLURALS for w in words)
    word = words[0]
    if (
        word.is_first
        and word.commonness is not None
        and (word.lower in _ORGANISATION_WORDS or word.lower in _PLACE_WORDS)
    ):
        return False
    if word.lower in _DEMONYM or word.lower in _DEMONYM_PLURALS or word.lower.rstrip(".") in _HONORIFICS | _OFFICES:
        return False
    if len(word.text.rstrip(".")) < 2 or (_ROMAN.match(word.text) and len(word.text) < 4):
        return False
    if not any(c.isalpha() for c in word.text):
        return False
    if word.text.isupper() and not s.is_all_caps:
        return True
    return word.commonness is None or word.commonness >= 4


def _modifies(tokens: list[_Token], at: int) -> bool:
    """Whether a word is part of the office behind it; *under* is so only of a secretary, and written as that is: *under
    President A*, *under Secretary of State B*."""
    word, behind = tokens[at], tokens[at + 1]
    if word.lower != "under":
        return word.lower in _OFFICE_MODIFIERS
    return behind.lower.startswith("secretary") and word.text[0].isupper() == behind.text[0].isupper()


def _with_modifiers(tokens: list[_Token], at: int, least: int = 0) -> int:
    """Where an office begins with what modifies it, not before ``least``."""
    while at > least and _modifies(tokens, at - 1):
        at -= 1
    return at


def _office_with_field(tokens: list[_Token], first: int) -> int | None:
    """Where a title in lower case begins that ends with its field of work: "the minister of foreign affairs A"."""
    at = first - 1
    if at < 2 or not tokens[at].text.islower() or tokens[at].lower == "the":
        return None
    if tokens[at - 1].lower in _OFFICE_MODIFIERS:
        at -= 1
    if at < 2 or tokens[at - 1].lower != "of" or not _is_title(tokens[at - 2]):
        return None
    return _with_modifiers(tokens, at - 2)


def _title_before(s: _Sentence, first: int, title_from: int) -> tuple[int, int] | None:
    """Where the title is: tokens inside the run, and words in lower case before them."""
    tokens, at = s.tokens, first
    if first in s.offices:
        return tokens[_with_modifiers(tokens, s.offices[first])].start, tokens[first - 1].end
    office = _office_with_field(tokens, first)
    if office is not None:
        return tokens[office].start, tokens[first - 1].end
    if at == title_from and at > 1 and tokens[at - 1].text == "," and _is_title(tokens[at - 2]):
        at -= 1  # "its governor, A"
        first = at
    while at > title_from and (_is_title(tokens[at - 1]) or _modifies(tokens, at - 1)):
        at -= 1
    if at == first and (at == 0 or not _is_title(tokens[at - 1])):
        return None
    while at > 0 and (_modifies(tokens, at - 1) or _is_title(tokens[at - 1])) and at > first - 6:
        at -= 1
    while at < first and tokens[at].lower in {"and", "then", "new"}:
        at += 1
    if at > 0 and tokens[at - 1].lower in _DEMONYM:
        at -= 1
    if at >= first or not any(_is_title(t) for t in tokens[at:first]):
        return None
    return tokens[at].start, tokens[first - 1].end


_MOST_OFFICE_WORDS = 14
_AFTER_OFFICE = _LINKS | frozenset({"in", "to", "at"})


def _office_before(s: _Sentence, first: int, end: int) -> str:
    """The office that stands before a name between commas: "the prime minister of Greece, A, said"."""
    tokens = s.tokens
    if first < 4 or tokens[first - 1].text != "," or (end < len(tokens) and tokens[end].text not in _ENDS_DESCRIPTION):
        return ""
    for at in range(first - 2, max(-1, first - 2 - _MOST_OFFICE_WORDS), -1):
        token = tokens[at]
        if not token.text[0].isalpha() or token.lower in _STOPS_DESCRIPTION - {"and"}:
            return ""
        if _is_title(token) and not _is_honorific(token):
            if at + 1 < first - 1 and tokens[at + 1].lower not in _AFTER_OFFICE:
                return ""
            return s.text[tokens[_with_modifiers(tokens, at)].start : tokens[first - 2].end]
    return ""


_SAYS_WHAT = frozenset({"as", "is", "was", "became", "becomes"})


def _description(s: _Sentence, end: int) -> tuple[int, int] | None:
    """An apposition after a comma or in brackets that begins with what somebody is, or that after a verb: "elected A as
    the new president", "A is the president"."""
    tokens = s.tokens
    is_said = end < len(tokens) and tokens[end].lower in _SAYS_WHAT
    if end >= len(tokens) or not (is_said or tokens[end].text in {",", "("}):
        return None
    start = end + 1
    if start >= len(tokens) or tokens[start].lower in _STOPS_DESCRIPTION or not tokens[start].text[0].isalnum():
        return None
    role, near = False, 4 if is_said else 7
    for at in range(start, min(len(tokens), start + 25)):
        t = tokens[at]
        if (t.lower in _STOPS_DESCRIPTION and not (t.lower == "and" and role)) or t.text in _ENDS_DESCRIPTION:
            break
        if at < start + near and (t.lower in _RECALLED_BY_ROLE or t.lower.rstrip("s") in _RECALLED_BY_ROLE):
            role = True
    else:
        at = min(len(tokens), start + 25)
    return (tokens[start].start, tokens[at - 1].after) if role and at > start else None


def _kind(
    s: _Sentence, words: list[_Token], first: int, end: int, title: tuple[int, int] | None, *, is_acronym: bool
) -> MentionKind:
    tokens = s.tokens
    if title is not None:
        return MentionKind.PERSON
    lowers = [w.lower.rstrip(".") for w in words]
    if any(w in _ORGANISATION_WORDS for w in lowers):
        return MentionKind.ORGANISATION
    if lowers[-1] in _PLACE_WORDS or (
        lowers[0] in {"mount", "lake", "republic", "kingdom", "gulf", "province", "isle", "port"} and len(words) > 1
    ):
        return MentionKind.PLACE
    if is_acronym:
        return (
            MentionKind.PLACE
            if lowers[0] in {"us", "u.s", "uk", "u.k", "usa", "uae", "ussr"}
            else MentionKind.ORGANISATION
        )
    if len(words) > 1 and (is_given_name(lowers[0]) or any(len(w) == 1 for w in lowers[:-1])):
        return MentionKind.PERSON
    if any(t.lower in {"van", "von", "bin", "ibn"} and not t.is_capital for t in words):
        return MentionKind.PERSON
    if end < len(tokens) and (
        tokens[end].lower in _SPEECH
        or (tokens[end].text == "," and end + 1 < len(tokens) and tokens[end + 1].lower in {"who", "aged"})
    ):
        return MentionKind.PERSON
    if (
        first > 0
        and tokens[first - 1].lower in _PLACE_PREPOSITIONS
        and len(words) < 3
        and tokens[first - 1].lower not in {"to", "from"}
    ):
        return MentionKind.PLACE
    return MentionKind.UNKNOWN
