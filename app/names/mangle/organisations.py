"""What becomes of organisations and places: near-synonyms, words in another order, generic words translated."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import regex

from app.names.mangle.forms import Damage
from app.names.mangle.latin import fold
from app.names.mangle.words import Form, Parts, like

# Words that dictionaries of other languages give as translations of one word, so a round trip may swap them.
_SYNONYMS = """
foundation fund endowment trust
ministry department bureau
department bureau division office section
agency authority administration bureau office service
administration office authority
commission committee board panel council
council board committee assembly soviet
institute institution academy college school
institution institute foundation organization
institute center
university academy college institute school
academy college school
centre center institute hub
center centre institute hub
association union society federation league alliance
federation confederation union association
alliance coalition union league
party movement front
corporation company firm enterprise
company corporation group firm enterprise
group company corporation
bank fund
court tribunal
parliament assembly congress diet legislature
assembly parliament congress council
congress parliament convention assembly
conference convention meeting congress
chamber house
organisation organization
organization organisation agency association
society association community
research studies investigation
studies research
strategic strategy
international global world
global world international
world global international
national state country people's
state national
federal national union
central main chief
general common chief
public state common
foreign external international
external foreign
affairs relations matters
relations affairs ties
interior internal home
internal interior domestic
defence defense protection
defense defence protection
security safety
safety security
justice law legal
finance treasury financial
financial finance
economy economic economics
economic economy economics
trade commerce commercial
commerce trade business
industry industrial industries
industrial industry
development progress
education teaching training
science sciences scientific
sciences science
technology technologies technical technological
technical technology technological
technological technology technical
health healthcare medical
medical medicine health
environment environmental ecology
labour labor work employment
labor labour work employment
welfare wellbeing care
culture cultural
cultural culture
police militia
army military troops
military army war
forces troops army
navy fleet naval
air aviation
intelligence information reconnaissance
information data news
news newspaper information
newspaper journal gazette
times time
post mail
press media
media press
policy politics political
politics policy political
political policy politics
peace peaceful
cooperation collaboration
rights right
human humanitarian
support assistance aid
aid assistance help
relief aid rescue
investment investments
energy power
power energy electricity
petroleum oil
oil petroleum
gas fuel
railway railroad rail
shipping marine transport
transport transportation traffic
transportation transport traffic
airlines airways aviation
airways airlines
electric electrical electronics
electronics electronic
chemical chemistry
insurance assurance
holdings holding
hospital clinic
museum gallery
library libraries
church cathedral
street road
province region oblast prefecture
rapid quick fast
power force strength
save rescue
remembrance memory
investigative inquiry investigation
criminal penal
penal criminal
manufacturing fabrication production manufacture
doctors physicians medics
workers labour labor
labour workers
civic civil citizens
civil civic
olympic olympics
commissioner commissariat commission
shining luminous bright
nuclear atomic
atomic nuclear
freedom liberty liberation
liberation freedom
republican republic
children child
refugees refugee
borders frontiers limits
agricultural agriculture agrarian
agriculture agricultural farming
electoral election elections
election electoral elections
elections election electoral
supreme high highest superior
high supreme highest superior
constitutional constitution
islamic muslim
homeland fatherland motherland
space cosmic
statistics statistical
statistical statistics
maritime marine sea
standards standardization norms
weather meteorological
meteorological weather
tax taxes fiscal
revenue income
border frontier
guard guards protection
guards guard
stock shares
exchange bourse
construction building
united unified joint
unity union
revolutionary revolution
progressive progress
liberal free
people's popular national folk
popular people's
youth young
students student
writers authors
monetary currency
settlements payments
drugs narcotics drug
investigation investigations inquiry
prosecutor prosecution
inspectorate inspection
supervision surveillance oversight
surveillance supervision
sports sport
sport sports
region area district province oblast
district region area county
county district province
city town municipality
town city
island isle
islands isles
river stream
mountain mount hill
mount mountain
north northern
northern north
south southern
southern south
east eastern
eastern east
west western
western west
new novy
great greater big large
royal king's
imperial empire
royal imperial
advanced higher
higher high advanced
polytechnic polytechnical
pedagogical teachers education
agricultural agriculture
agriculture agricultural farming
engineering engineer
affiliated subsidiary
"""
# Generic words of names in the languages that most names come from, and what they mean.
_MEANINGS = """
universidad university|universidade university|universitat university|universita university|universite university
universiteit university|universitet university|universitatea university|universitas university|univerzita university
uniwersytet university|universitesi university|egyetem university|universitetet university|yliopisto university
nacional national|nationale national|nazionale national|national national|narodni national|narodowy national
federal federal|federale federal|estadual state|estatal state|autonoma autonomous|autonome autonomous
tecnologica technological|technologique technological|tecnologia technology|technologie technology|tecnico technical
tecnica technical|technische technical|technical technical|politecnica polytechnic|politecnico polytechnic
polytechnique polytechnic|politechnika polytechnic|instituto institute|institut institute|istituto institute
instytut institute|institutul institute|superior higher|superieur higher|superieure higher|hochschule college
fachhochschule college|escuela school|ecole school|escola school|scuola school|schule school|szkola school|skola school
colegio college|college college|facultad faculty|faculte faculty|facultatea faculty|academia academy|academie academy
akademie academy|akademia academy|accademia academy|akademija academy|centro center|centre center|zentrum center
fundacion foundation|fondation foundation|fundacao foundation|fondazione foundation|stiftung foundation
fundacja foundation
ministerio ministry|ministere ministry|ministero ministry|ministerium ministry|ministerstvo ministry|banco bank
banque bank
banca bank|bank bank|central central|centrale central|zentral central|partido party|parti party|partito party
partei party
catolica catholic|catholique catholic|cattolica catholic|katolicki catholic|pontificia pontifical
internacional international
internationale international|internazionale international|ciencias sciences|sciences sciences|scienze sciences
wissenschaften sciences|nauk sciences|artes arts|arts arts|medica medical|medicale medical|medicina medicine
salud health|sante health|agraria agrarian|agricola agricultural|agronomique agronomic|estudios studies|etudes studies
studi studies|pedagogica pedagogical|pedagogique pedagogical|norte north|nord north|sur south|sul south|sud south
sued south
este east|est east|ost east|oeste west|ouest west|west west|nuevo new|nueva new|novo new|nova new|nouveau new
nouvelle new
neu new|neue new|novy new|nowy new|san saint|santa saint|santo saint|sao saint|sankt saint|saint saint|sveti saint
rio river|riviere river|fluss river|monte mount|mont mount|berg mountain|gora mountain|isla island|ilha island
ile island
insel island|ostrov island|ciudad city|cidade city|ville city|stadt city|mesto city|gorod city|puerto port|porto port
port port|costa coast|cote coast|villa town|vila town|alto high|alta high|haut high|bajo low|bas low|grande great
gran great
grand great|gross great|velky great|wielki great|real royal|royal royal|roi king|rey king|libre free|livre free
frei free
compagnie company|compania company|companhia company|societe society|sociedad society|gesellschaft society|grupo group
groupe group|gruppe group|hermanos brothers|freres brothers|bruder brothers|hijos sons|fils sons|wasserbau hydraulics
pueblo people|peuple people|volk people|republica republic|republique republic|republik republic|provincia province
departamento department|departement department|region region|region area|distrito district|condado county|valle valley
vallee valley|tal valley|lago lake|lac lake|see lake|playa beach|plage beach|bosque forest|foret forest|wald forest
blanca white|blanc white|weiss white|negro black|noir black|schwarz black|rojo red|rouge red|rot red|verde green
vert green
"""
_OF = regex.compile(r"^(?P<head>[\p{L}\s-]+?) (?P<link>of|for|on) (?:the )?(?P<rest>.+)$")
# Words that say what kind of body a name of several words is.
HEADS = frozenset(
    [
        "ministry",
        "university",
        "institute",
        "bank",
        "department",
        "academy",
        "college",
        "school",
        "bureau",
        "office",
        "council",
        "committee",
        "commission",
        "association",
        "federation",
        "republic",
        "chamber",
        "court",
        "museum",
        "agency",
        "authority",
        "fund",
        "foundation",
        "centre",
        "center",
        "society",
        "union",
        "province",
        "city",
        "state",
        "government",
        "board",
        "secretariat",
        "party",
        "company",
        "group",
        "club",
    ]
)
_AND = regex.compile(r"^(?P<before>.*?)(?P<one>\p{L}+) and (?P<two>\p{L}+)(?P<after>.*)$")


@lru_cache(maxsize=1)
def near_synonyms() -> dict[str, tuple[str, ...]]:
    """Words of names, in lower case -> what a translation there and back may make of them, the likeliest first."""
    table: dict[str, dict[str, None]] = {}
    for line in _SYNONYMS.split("\n"):
        head, *others = line.split() or [""]
        table.setdefault(head, {}).update(dict.fromkeys(others))
    return {head: tuple(others) for head, others in table.items()}


@lru_cache(maxsize=1)
def _meanings() -> dict[str, tuple[str, ...]]:
    table: dict[str, dict[str, None]] = {}
    for entry in _MEANINGS.replace("\n", "|").split("|"):
        if entry:
            word, meaning = entry.split()
            if word != meaning:
                table.setdefault(word, {})[meaning] = None
    return {word: tuple(meanings) for word, meanings in table.items()}


def word_forms(parts: Parts) -> Iterator[Form]:
    """One word by a near-synonym or by its meaning, all foreign words by their meaning, one word gone."""
    table, meanings = near_synonyms(), _meanings()
    translated: list[str] = []
    for at, word in enumerate(parts.words):
        key = fold(word).lower()
        for i, other in enumerate(table.get(key, ())):
            yield Form(Damage.NEAR_SYNONYM, parts.with_word(at, like(other, word)), 0.5 / (1 + i))
        known = meanings.get(key, ())
        translated.append(like(known[0], word) if known else word)
        for other in known:
            yield Form(Damage.TRANSLATED, parts.with_word(at, like(other, word)), 0.3)
    if tuple(translated) != parts.words:
        yield Form(Damage.TRANSLATED, " ".join(translated), 0.5)
    if len(parts.words) > 2:
        for at, word in enumerate(parts.words):
            if word[0].isupper():
                yield Form(Damage.SHORTENED, parts.with_word(at, "").removeprefix("of "), 0.1)


def order_forms(parts: Parts) -> Iterator[Form]:
    """``Ministry of Trade`` as ``Trade Ministry`` and the reverse; the two sides of "and" exchanged."""
    name = " ".join(parts.words)
    found = _OF.match(name)
    if found and found["head"].split()[-1].lower() in HEADS:
        yield Form(Damage.REORDERED, f"{found['rest']} {found['head']}", 0.5)
        for link in ("of", "for", "of the"):
            yield Form(Damage.REORDERED, f"{found['head']} {link} {found['rest']}", 0.15)
    elif len(parts.words) > 1 and parts.words[-1].lower() in HEADS:
        head, rest = parts.words[-1], " ".join(parts.words[:-1])
        yield Form(Damage.REORDERED, f"{head} of {rest}", 0.5)
        if len(parts.words) > 2:
            yield Form(Damage.REORDERED, " ".join((parts.words[1], parts.words[0], *parts.words[2:])), 0.15)
    pair = _AND.match(name)
    if pair:
        yield Form(Damage.REORDERED, f"{pair['before']}{pair['two']} and {pair['one']}{pair['after']}", 0.2)
