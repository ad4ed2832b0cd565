"""The service as LanguageTool's clients know it: requests as they send them, answers with every field they need."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import language_tool_python
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text as sql
from starlette.testclient import TestClient

from app.api.annotation import AnnotatedText, Part
from app.api.languagetool_schemas import LANGUAGES, places_of
from app.api.main import create_app
from app.api.words import StoredWords
from app.core.diff import apply_edits
from app.core.types import Mode, ProtectOptions, RepairOptions
from app.settings import Settings
from tests.api.engines import WilfulEngine, pipeline
from tests.api.running import listening

TEXT = "The the minister has went home. He gave informations ."
MATCH_FIELDS = {
    "message", "shortMessage", "replacements", "offset", "length", "context", "sentence", "type", "rule",
    "ignoreForIncompleteSentence", "contextForSureMatch",
}  # fmt: skip


@pytest.fixture(scope="module")
def lt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    url = f"sqlite:///{tmp_path_factory.mktemp('words') / 'words.sqlite3'}"
    with TestClient(create_app(Settings(database_url=url), pipeline())) as client:
        yield client
        client.app.state.words.close()  # type: ignore[attr-defined]


def check(client: TestClient, **fields: str) -> dict[str, Any]:
    response = client.post("/v2/check", data={"language": "en-US", **fields})
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


def applied(text: str, matches: list[dict[str, Any]]) -> str:
    """The text once a client has taken the first suggestion everywhere, counting as clients do."""
    units = utf16(text)
    for match in sorted(matches, key=lambda m: -int(m["offset"])):
        start, end = 2 * match["offset"], 2 * (match["offset"] + match["length"])
        units = units[:start] + utf16(match["replacements"][0]["value"]) + units[end:]
    return units.decode("utf-16-le")


# --- requests as clients send them ---


def test_libreoffice_gets_what_it_reads(lt: TestClient) -> None:
    # text and language, then the two fields of an account, which may be empty
    body = urlencode({"text": TEXT, "language": "en-US", "username": "", "apiKey": ""})
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = lt.post("/v2/check", content=body, headers=headers).json()
    assert answer["matches"]
    for match in answer["matches"]:
        assert match["length"] > 0
        assert match["message"]
        assert match["shortMessage"]
        assert match["rule"]["id"].startswith("MTR_")
        assert match["rule"]["category"]["id"].isupper()
        assert 1 <= len(match["replacements"]) <= 10
        assert all(r["value"] for r in match["replacements"])


def test_ltex_gets_what_it_reads(lt: TestClient) -> None:
    # LTeX sends annotated text alone, with its settings as lists and a level
    annotation = [
        {"markup": "\\section{", "interpretAs": ""}, {"text": "Has went"}, {"markup": "}", "interpretAs": "\n\n"},
        {"text": TEXT}, {"markup": "\\cite{x}", "interpretAs": "Dummy0"},
    ]  # fmt: skip
    answer = check(
        lt, data=json.dumps({"annotation": annotation}), level="default", motherTongue="de-DE",
        disabledRules="UPPERCASE_SENTENCE_START", enabledRules="", username="", apiKey="",
    )  # fmt: skip
    whole = "\\section{Has went}" + TEXT + "\\cite{x}"
    found = [whole[m["offset"] : m["offset"] + m["length"]] for m in answer["matches"]]
    assert "informations ." in found or "informations" in found
    assert all(m["sentence"] for m in answer["matches"])
    assert not any("\\" in place for place in found)


def test_a_sentence_that_is_too_long_is_shown_around_each_match(lt: TestClient) -> None:
    text = " ".join(f"of the the {'word' * (1 + n % 7)}{chr(97 + n % 26)}" for n in range(500))
    answer = check(lt, text=text)
    assert len(answer["matches"]) > 400
    for match in answer["matches"]:
        found = text[match["offset"] : match["offset"] + match["length"]]
        assert len(match["sentence"]) == 2000
        assert match["sentence"] in text
        assert found in match["sentence"]
    assert text.startswith(answer["matches"][0]["sentence"])
    assert text.endswith(answer["matches"][-1]["sentence"])


def test_obsidian_gets_what_it_reads(lt: TestClient) -> None:
    fields = {
        "data": json.dumps({"annotation": [{"text": "# "}, {"text": TEXT}]}), "language": "auto", "level": "picky",
        "preferredVariants": "en-GB,de-DE", "enabledOnly": "false", "motherTongue": "",
    }  # fmt: skip
    answer = lt.post("/v2/check", data=fields).json()
    assert answer["language"]["code"] == "en-GB"
    for match in answer["matches"]:
        for value in (match["shortMessage"], match["message"], match["offset"], match["length"], match["rule"]["id"]):
            assert value is not None
        assert match["rule"]["category"]["id"]
        assert {"text", "offset", "length"} == match["context"].keys()


def test_the_browser_add_on_may_ask_from_its_own_origin() -> None:
    origin = "chrome-extension://oldceeleldhonbafppcapldpdifcinji"
    fields = {
        "data": json.dumps({"text": TEXT}), "textSessionId": "17:1", "instanceId": "17", "enableHiddenRules": "true",
        "level": "picky", "enabledRules": "", "useragent": "chrome-extension-ng", "mode": "all", "language": "auto",
        "allowIncompleteResults": "true", "preferredVariants": "en-US,de-DE", "preferredLanguages": "en,de",
        "disabledRules": "WHITESPACE_RULE", "c": "1",
    }  # fmt: skip
    with TestClient(create_app(Settings(allow_origins=origin), pipeline())) as client:
        preflight = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        assert client.options("/v2/check", headers=preflight).headers["access-control-allow-origin"] == origin
        answer = client.post("/v2/check", data=fields, headers={"Origin": origin})
        assert answer.headers["access-control-allow-origin"] == origin
        assert answer.json()["matches"]
        foreign = client.post("/v2/check", data=fields, headers={"Origin": "https://elsewhere.example"})
        assert "access-control-allow-origin" not in foreign.headers


def test_language_tool_python_works_against_it() -> None:
    text = "🌊 The the minister has went home. 🌊🌊 He gave informations ."
    with (
        listening(create_app(Settings(), pipeline())) as address,
        language_tool_python.LanguageTool("en-US", remote_server=address) as tool,
    ):
        matches = tool.check(text)
        assert {m.rule_id for m in matches} >= {"MTR_REPEATED_WORD", "MTR_MODEL_GRAMMAR"}
        assert text[matches[0].offset :][: matches[0].error_length].lower().startswith("the")
        repaired = pipeline().repair(text).text
        assert tool.correct(text) == repaired
        assert language_tool_python.utils.correct(text, matches) == repaired
        tool.disabled_rules = {"MTR_REPEATED_WORD"}
        assert "MTR_REPEATED_WORD" not in {m.rule_id for m in tool.check(text)}


def test_json_and_get_are_taken_too(lt: TestClient) -> None:
    form = check(lt, text=TEXT)
    asked = {"language": "en-US", "text": TEXT, "enabledOnly": False, "nothing": None, "colour": [1]}
    assert lt.post("/v2/check", json=asked).json() == form
    assert lt.get("/v2/check", params={"language": "en-US", "text": TEXT}).json() == form
    assert lt.post("/v2/check", json={"language": "en-US", "data": {"text": TEXT}}).json() == form


# --- the answer ---


def test_an_answer_has_every_field_of_the_original(lt: TestClient) -> None:
    answer = check(lt, text=TEXT)
    assert answer["software"]["apiVersion"] == 1
    assert answer["warnings"] == {"incompleteResults": False}
    assert answer["language"]["detectedLanguage"].keys() == {"name", "code", "confidence", "source"}
    assert answer["matches"]
    for match in answer["matches"]:
        assert match.keys() == MATCH_FIELDS
        assert match["rule"].keys() >= {"id", "description", "issueType", "category", "isPremium", "urls", "sourceFile"}
        context = match["context"]
        assert context["text"][context["offset"] :][: context["length"]] == TEXT[match["offset"] :][: match["length"]]
        assert match["sentence"] in TEXT
    assert [TEXT[a:b] for a, b in answer["sentenceRanges"]] == TEXT.replace(". He", ".|He").split("|")
    first = answer["extendedSentenceRanges"][0]
    assert (first["from"], first["to"]) == tuple(answer["sentenceRanges"][0])
    assert first["detectedLanguages"] == [{"language": "en", "rate": 1.0}]


def test_offsets_count_utf16(lt: TestClient) -> None:
    text = "🌊🌊 The the minister has went home."
    answer = check(lt, text=text)
    assert applied(text, answer["matches"]) == "🌊🌊 The minister went home."
    context = answer["matches"][-1]["context"]
    assert utf16(context["text"])[2 * context["offset"] :][: 2 * context["length"]] == utf16("has went")


def test_what_inserts_or_deletes_is_shown_with_a_word(lt: TestClient) -> None:
    answer = check(lt, text="We met the the minister.")
    (match,) = answer["matches"]
    assert match["length"] > 0
    assert match["replacements"][0]["value"].strip()


def test_a_foreign_text_has_no_matches_and_a_low_confidence(lt: TestClient) -> None:
    text = "Die Ministerin hat gestern in Berlin über den Haushalt gesprochen."
    answer = lt.post("/v2/check", data={"text": text, "language": "auto"}).json()
    assert answer["matches"] == []
    assert answer["language"]["detectedLanguage"]["confidence"] == 0.0
    assert answer["extendedSentenceRanges"][0]["detectedLanguages"] == []


def test_a_check_that_was_cut_off_says_so() -> None:
    settings = Settings(check_timeout_s=1e-9)
    with TestClient(create_app(settings, pipeline())) as client:
        answer = check(client, text="He has went home. " * 3)
    assert answer["warnings"]["incompleteResults"] is True
    assert "not checked" in answer["warnings"]["incompleteResultsReason"]


_WORDS = st.sampled_from(
    ["The the", "minister", "has went", "a apple", "informations", ".", " ,", "..", "🌊", "“ We", "said ”", "\n\n", "é"]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(_WORDS, st.sampled_from(["", "<b>", "<br>"])), max_size=14))
def test_taking_every_suggestion_gives_the_repaired_text(parts: list[tuple[str, str]]) -> None:
    pieces = [p for word, tag in parts for p in (Part(word + " "), Part(tag, is_markup=True, interpret_as="\n"))]
    document = AnnotatedText.of_parts(pieces)
    options = RepairOptions(protect=ProtectOptions(spans=document.interpreted))
    repair = document.project(pipeline().repair(document.plain, options), Mode.MINIMAL)
    places = places_of(document, repair)
    text = document.full
    for place in reversed(places):
        assert place.span.of(document.full)
        assert "<" not in place.span.of(document.full)
        text = text[: place.span.start] + place.text + text[place.span.end :]
    assert text == apply_edits(document.full, repair.edits)
    assert all(a.span.end <= b.span.start for a, b in pairwise(places))


# --- rules and categories ---


@pytest.mark.parametrize(("fields", "wanted"), [
    ({"disabledRules": "MTR_REPEATED_WORD,UNKNOWN"}, {"MTR_MODEL_GRAMMAR"}),
    ({"disabledCategories": "REPETITIONS"}, {"MTR_MODEL_GRAMMAR"}),
    ({"disabledCategories": "REPETITIONS", "enabledRules": "MTR_REPEATED_WORD"},
     {"MTR_MODEL_GRAMMAR", "MTR_REPEATED_WORD"}),
    ({"enabledOnly": "true", "enabledRules": "MTR_REPEATED_WORD"}, {"MTR_REPEATED_WORD"}),
    ({"enabledOnly": "true", "enabledCategories": "GRAMMAR"}, {"MTR_MODEL_GRAMMAR"}),
    ({}, {"MTR_MODEL_GRAMMAR", "MTR_REPEATED_WORD"}),
])  # fmt: skip
def test_rules_and_categories_are_switched(lt: TestClient, fields: dict[str, str], wanted: set[str]) -> None:
    answer = check(lt, text="The the minister has went home.", **fields)
    assert {m["rule"]["id"] for m in answer["matches"]} == wanted


def test_picky_finds_what_is_less_sure() -> None:
    class Unsure(WilfulEngine):
        def repair(self, text: str, options: RepairOptions | None = None) -> Any:
            assert options is not None
            modes.append(options.mode)
            return super().repair(text, options)

    modes: list[Mode] = []
    with TestClient(create_app(Settings(), Unsure())) as client:
        modes.clear()
        check(client, text="Hello.", level="picky")
        check(client, text="Hello.", level="default")
    assert modes == [Mode.FLUENT, Mode.MINIMAL]


# --- errors ---


@pytest.mark.parametrize(("fields", "status"), [
    ({"language": "en-US"}, 400),
    ({"text": "Hello."}, 400),
    ({"text": "Hello.", "data": "{}", "language": "en"}, 400),
    ({"text": "Hello.", "language": "de-DE"}, 400),
    ({"data": "{", "language": "en"}, 400),
    ({"data": "[]", "language": "en"}, 400),
    ({"data": '{"annotation": [{"text": "a", "markup": "b"}]}', "language": "en"}, 400),
    ({"data": '{"annotation": [7]}', "language": "en"}, 400),
    ({"text": "a", "language": "en", "enabledOnly": "true"}, 400),
    ({"text": "a", "language": "en", "enabledOnly": "true", "enabledRules": "A", "disabledRules": "B"}, 400),
    ({"text": "a" * 100_001, "language": "en"}, 413),
    ({"text": "a" * 1_048_600, "language": "en"}, 413),
])  # fmt: skip
def test_an_error_is_a_line_of_text(lt: TestClient, fields: dict[str, str], status: int) -> None:
    response = lt.post("/v2/check", data=fields)
    assert (response.status_code, response.headers["content-type"]) == (status, "text/plain; charset=utf-8")
    assert response.text.startswith("Error: ")
    assert "\n" not in response.text


def test_bytes_that_are_no_text_are_an_error(lt: TestClient) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    for body in (b"text=%ff&language=en", b"\xff\xfe", b"&".join(b"a%d=1" % i for i in range(200))):
        response = lt.post("/v2/check", content=body, headers=headers)
        assert (response.status_code, response.text[:7]) == (400, "Error: ")


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", "/v2/nowhere", 404), ("PUT", "/v2/check", 405), ("GET", "/v2/words/add", 405), ("POST", "/v2/", 404),
])  # fmt: skip
def test_an_unknown_action_is_named_as_such(lt: TestClient, method: str, path: str, status: int) -> None:
    response = lt.request(method, path)
    assert (response.status_code, response.text[:7]) == (status, "Error: ")


def test_a_method_that_is_not_taken_is_answered_with_all_that_are(lt: TestClient) -> None:
    response = lt.put("/v2/check")
    assert (response.text, response.headers["allow"]) == ("Error: Use GET, POST here.", "GET, POST")
    assert lt.get("/v2/words?offset=-1").text == "Error: 'offset' must be a whole number, 0 or more."


def test_an_unexpected_error_tells_nothing_of_the_text() -> None:
    engine = WilfulEngine()
    with TestClient(create_app(Settings(), engine), raise_server_exceptions=False) as client:
        engine.error = ValueError("Zw4nary")
        response = client.post("/v2/check", data={"text": "Zw4nary", "language": "en"})
    assert (response.status_code, response.text[:7]) == (500, "Error: ")
    assert "Zw4nary" not in response.text


# --- what clients ask before ---


def test_what_clients_ask_before_they_check(lt: TestClient) -> None:
    assert lt.get("/v2/healthcheck").text == "OK"
    assert lt.get("/v2/maxtextlength").text == "100000"
    languages = lt.get("/v2/languages").json()
    assert {entry["longCode"] for entry in languages} == set(LANGUAGES)
    assert all(entry.keys() == {"name", "code", "longCode"} for entry in languages)
    assert lt.get("/v2/info").json()["software"]["name"] == "mt-repair"
    configured = lt.get("/v2/configinfo", params={"language": "en"}).json()
    assert configured["parameter"] == {"maxTextLength": 100_000}
    by_id = {rule["ruleId"]: rule for rule in configured["rules"]}
    assert by_id["MTR_NAME_SPELLING_RULE"]["isDictionaryBasedSpellingRule"] == "yes"
    assert "isDictionaryBasedSpellingRule" not in by_id["MTR_REPEATED_WORD"]
    assert lt.get("/v2/configinfo").status_code == 400


def test_the_service_is_not_well_before_a_repair_has_passed() -> None:
    app = create_app(Settings(), WilfulEngine())
    response = TestClient(app).get("/v2/healthcheck")  # without its start
    assert (response.status_code, response.text[:7]) == (503, "Error: ")


# --- words ---


def test_a_kept_word_is_left_alone_until_it_is_forgotten(lt: TestClient) -> None:
    sentence = "He has went home."
    assert check(lt, text=sentence)["matches"]
    assert lt.post("/v2/words/add", data={"word": "has went"}).json() == {"added": True}
    assert lt.post("/v2/words/add", data={"word": "has went"}).json() == {"added": False}
    assert lt.get("/v2/words", params={"limit": "1000"}).json() == {"words": ["has went"]}
    assert lt.get("/v2/words", params={"offset": "1"}).json() == {"words": []}
    assert check(lt, text=sentence)["matches"] == []
    assert lt.post("/v2/words/delete", data={"word": "has went"}).json() == {"deleted": True}
    assert lt.post("/v2/words/delete", data={"word": "has went"}).json() == {"deleted": False}
    assert check(lt, text=sentence)["matches"]


@pytest.mark.parametrize("word", ["", " ", "a" * 201, "a\nb"])
def test_what_is_no_word_is_refused(lt: TestClient, word: str) -> None:
    assert lt.post("/v2/words/add", data={"word": word}).status_code == 400


def test_words_outlive_the_service_and_belong_to_their_owner(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'words.sqlite3'}"
    words = StoredWords(url)
    assert words.words("a") == []
    assert not (tmp_path / "words.sqlite3").exists()  # looking makes no database
    assert words.add("a", "Zaphod")
    words.close()
    again = StoredWords(url)
    assert (again.words("a"), again.words("b"), again.words("")) == (["Zaphod"], [], [])
    again.close()


def test_without_its_store_a_check_is_answered_and_words_are_not(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'words.sqlite3'}"
    words = StoredWords(url)
    words.add("", "Zaphod")
    with TestClient(create_app(Settings(database_url=url), pipeline())) as client:
        with words._store.open()._engine.begin() as connection:
            connection.execute(sql("DROP TABLE term"))
        words.close()
        assert check(client, text=TEXT)["matches"]
        response = client.get("/v2/words")
        assert (response.status_code, response.text[:7]) == (503, "Error: ")
        client.app.state.words.close()  # type: ignore[attr-defined]
