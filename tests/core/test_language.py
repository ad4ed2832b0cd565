"""What is plainly another language is told; what is short, mixed or doubtful counts as English."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.language import EnglishIdentifier
from app.core.types import Segment, Span

FOREIGN = {
    "Arabic": "أعلنت الحكومة أمس أنها ستخفض الضرائب على الشركات الصغيرة ابتداء من العام المقبل.",
    "Bulgarian": "Правителството обяви вчера, че ще намали данъците за малките предприятия от следващата година.",
    "Chinese": "政府昨天宣布，从明年起将降低小企业的税收。",
    "Croatian": "Vlada je jučer objavila da će od iduće godine smanjiti poreze za male tvrtke i obrte.",
    "Czech": "Vláda včera oznámila, že od příštího roku sníží daně malým podnikům a živnostníkům.",
    "Danish": "Regeringen meddelte i går, at den vil sænke skatterne for små virksomheder fra næste år.",
    "Dutch": "De regering maakte gisteren bekend dat zij de belastingen voor kleine bedrijven verlaagt.",
    "Estonian": "Valitsus teatas eile, et alates järgmisest aastast langetatakse väikeettevõtete makse.",
    "Finnish": "Hallitus ilmoitti eilen, että se alentaa pienyritysten veroja ensi vuoden alusta alkaen.",
    "French": "Le gouvernement a annoncé hier qu'il baisserait les impôts des petites entreprises dès l'an prochain.",
    "German": "Die Regierung hat gestern angekündigt, dass sie die Steuern für kleine Unternehmen senken will.",
    "Greek": "Η κυβέρνηση ανακοίνωσε χθες ότι θα μειώσει τους φόρους για τις μικρές επιχειρήσεις.",
    "Hebrew": "הממשלה הודיעה אתמול כי תפחית את המסים על עסקים קטנים החל מהשנה הבאה.",
    "Hindi": "सरकार ने कल घोषणा की कि वह अगले साल से छोटे व्यवसायों पर कर घटाएगी।",
    "Hungarian": "A kormány tegnap bejelentette, hogy jövő évtől csökkenti a kisvállalkozások adóit.",
    "Italian": "Il governo ha annunciato ieri che dal prossimo anno abbasserà le tasse per le piccole imprese.",
    "Japanese": "政府は昨日、来年から小規模企業の税金を引き下げると発表した。",
    "Korean": "정부는 어제 내년부터 소규모 기업에 대한 세금을 인하하겠다고 발표했다.",
    "Norwegian": "Regjeringen kunngjorde i går at den vil senke skattene for små bedrifter fra neste år.",
    "Polish": "Rząd ogłosił wczoraj, że od przyszłego roku obniży podatki dla małych przedsiębiorstw.",
    "Portuguese": "O governo anunciou ontem que vai reduzir os impostos das pequenas empresas a partir do próximo ano.",
    "Romanian": "Guvernul a anunțat ieri că va reduce impozitele pentru întreprinderile mici începând cu anul viitor.",
    "Russian": "Правительство объявило вчера, что со следующего года снизит налоги для малых предприятий.",
    "Spanish": "El gobierno anunció ayer que bajará los impuestos a las pequeñas empresas a partir del próximo año.",
    "Swedish": "Regeringen meddelade i går att den kommer att sänka skatterna för små företag från nästa år.",
    "Thai": "รัฐบาลประกาศเมื่อวานนี้ว่าจะลดภาษีสำหรับธุรกิจขนาดเล็กตั้งแต่ปีหน้า",
    "Turkish": "Hükümet dün, gelecek yıldan itibaren küçük işletmelerin vergilerini düşüreceğini açıkladı.",
    "Ukrainian": "Уряд учора оголосив, що з наступного року знизить податки для малих підприємств.",
    "Vietnamese": "Chính phủ hôm qua tuyên bố sẽ giảm thuế cho các doanh nghiệp nhỏ từ năm tới.",
}
ENGLISH = [
    "The government announced yesterday that it would cut taxes on small firms from next year.",
    "Government yesterday declare from next year reduce small enterprise tax.",  # a machine's
    "The minister said only that this was not so: “Das ist nicht wahr.”",
    "Angela Merkel, Olaf Scholz, Gerhard Schröder, Helmut Kohl",
    "Bundesministerium der Finanzen",
    "Über uns",
    "OK",
    "12:30, 14.5 %",
    "?!",
    "",
]


def identify(*texts: str) -> list[bool]:
    return EnglishIdentifier().is_english([Segment(i, Span(0, len(t)), t, 0) for i, t in enumerate(texts)])


@pytest.mark.parametrize("text", FOREIGN.values(), ids=FOREIGN)
def test_a_sentence_of_another_language_is_told(text: str) -> None:
    assert identify(text) == [False]


@pytest.mark.parametrize("text", ENGLISH)
def test_english_broken_english_and_what_is_doubtful_count_as_english(text: str) -> None:
    assert identify(text) == [True]


def test_words_in_another_script_are_no_english() -> None:
    assert identify("Москва", "東京", "И", "京") == [False, False, True, True]


def test_each_segment_is_judged_on_its_own() -> None:
    texts = [FOREIGN["German"], ENGLISH[0], FOREIGN["French"]]
    assert identify(*texts) == [identify(t)[0] for t in texts] == [False, True, False]


def test_the_library_is_asked_only_where_words_do_not_tell() -> None:
    asked: list[str] = []

    def detect(text: str) -> str:
        asked.append(text)
        return "de"

    texts = [ENGLISH[0], "Москва", "OK", "sie haben das gestern gemacht"]
    segments = [Segment(i, Span(0, len(t)), t, 0) for i, t in enumerate(texts)]
    assert EnglishIdentifier(detect).is_english(segments) == [True, False, True, False]
    assert asked == ["sie haben das gestern gemacht"]


@given(st.text(max_size=60))
def test_any_text_is_borne(text: str) -> None:
    assert len(identify(text, text)) == 2


def test_control_characters_and_lone_surrogates_are_borne() -> None:
    assert len(identify("sie \x00 haben \ud800 das gestern gemacht")) == 1
