"""The store: what goes in comes out, by id and by name, from layers, from threads, and across a change of version."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import ResourceError
from app.names.build import BuildOptions, write_base
from app.names.store import (
    MANIFEST,
    Entity,
    EntityKind,
    EntityStore,
    Name,
    NameKind,
    Role,
    StoreHandle,
    as_json,
    decode,
    encode,
    pack_probability,
    read_manifest,
    unpack_probability,
)
from tests.names.bases import ROWS, base, entities, many

TEXT = st.text(min_size=1, max_size=20)
YEAR = st.none() | st.integers(-500, 2100)
ENTITIES = st.builds(
    Entity,
    id=TEXT,
    kind=st.sampled_from(EntityKind),
    type=TEXT,
    name=TEXT,
    aliases=st.lists(st.builds(Name, TEXT, st.sampled_from(NameKind), st.sampled_from(["", "de"])), max_size=3).map(
        tuple
    ),
    native=st.lists(st.builds(Name, TEXT, st.just(NameKind.NATIVE), TEXT), max_size=3).map(tuple),
    country=st.sampled_from(["", "NO", "DE"]),
    roles=st.lists(st.builds(Role, TEXT, YEAR, YEAR), max_size=3).map(tuple),
    active_from=YEAR,
    active_to=YEAR,
    born=YEAR,
    died=YEAR,
    popularity=st.integers(0, 1000).map(lambda n: n / 1000),
    sources=st.lists(TEXT, max_size=2).map(tuple),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> EntityStore:
    return base(tmp_path_factory.mktemp("kb"))


def _ids(found: list[Entity]) -> list[str]:
    return [e.id for e in found]


@given(ENTITIES)
def test_a_record_comes_back_as_it_was(entity: Entity) -> None:
    assert decode(encode(entity)) == entity


@given(st.floats(1e-4, 1.0))
def test_a_packed_probability_stays_within_a_tenth(probability: float) -> None:
    assert unpack_probability(pack_probability(probability)) == pytest.approx(probability, rel=0.1)


def test_every_entity_is_found_by_its_id(store: EntityStore) -> None:
    assert [store.get(e.id) for e in entities()] == entities()
    assert store.get("Q999") is None


def test_every_entity_is_found_by_each_of_its_names(store: EntityStore) -> None:
    for entity in entities():
        for name in entity.names:
            assert entity in store.by_name(name.text)


@pytest.mark.parametrize(
    "text", ["TAO WENSHU", "Tao Wenshu’s", "Táo Wénshū", "T'ao Wenshu", "陶文書", "  tao   wenshu "]
)
def test_spelling_of_no_account_does_not_matter(store: EntityStore, text: str) -> None:
    assert "Q2" in _ids(store.by_name(text))


def test_two_words_are_not_one(store: EntityStore) -> None:
    assert _ids(store.by_name("Mali")) == ["P2"]
    assert store.by_name("Ma Li") == []


def test_namesakes_come_best_known_first(store: EntityStore) -> None:
    assert _ids(store.by_name("Pedro Sarmiento")) == ["Q5", "Q4"]


def test_acronyms_are_no_names(store: EntityStore) -> None:
    assert store.by_name("NCBI") == []


def test_all_entities_can_be_walked(store: EntityStore) -> None:
    assert {e.id for e in store} == {row["id"] for row in ROWS}
    assert len(store) == len(ROWS)


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("tao", "Q2"),
        ("Pedro Sar", "Q5"),
        ("bridge insp", "O7"),
        ("Q3", "Q3"),
        ("GRF", "O6"),
        ("олена", "Q3"),
        ("lindes", "P1"),
    ],
)
def test_a_search_finds_what_is_being_typed(store: EntityStore, query: str, first: str) -> None:
    assert _ids(store.search(query))[0] == first


def test_a_search_keeps_to_kind_and_limit(store: EntityStore) -> None:
    assert _ids(store.search("granite", kind=EntityKind.PERSON)) == []
    assert len(store.search("granite", limit=1)) == 1
    assert store.search("  ") == []
    assert store.search("zzz unknown") == []


def test_native_names_are_told_apart_by_script(store: EntityStore) -> None:
    tao = store.get("Q2")
    assert tao is not None
    assert tao.native_by_script == {"Hani": ("陶文書", "陶文书")}


def test_json_leaves_out_what_is_not_known(store: EntityStore) -> None:
    tao = store.get("Q2")
    assert tao is not None
    facts = as_json(tao)
    assert facts["roles"] == [{"title": "governor"}, {"title": "mayor"}]
    assert facts["from"] == 2003
    assert "born" not in facts
    assert "to" not in facts


# ---- layers


def test_an_overlay_replaces_adds_and_removes(tmp_path: Path) -> None:
    base(tmp_path / "base")
    overlay = [{**ROWS[2], "name": "Olena Maksymenko"}, {"id": "X1", "type": "person", "name": "Tao Wenshu"}]
    write_base(entities(overlay), tmp_path / "overlay", BuildOptions("ours", removed=["Q5", "absent"]))
    store = EntityStore.open(tmp_path / "base", [tmp_path / "overlay"])
    assert store.by_name("Olena Maksymchuk") == []
    assert _ids(store.by_name("Olena Maksymenko")) == ["Q3"]
    assert _ids(store.by_name("Pedro Sarmiento")) == ["Q4"]
    assert store.get("Q5") is None
    assert set(_ids(store.by_name("Tao Wenshu"))) == {"Q2", "X1"}
    assert len(store) == len(ROWS) == len(list(store))
    assert store.version.startswith("kb@")
    assert "+ours@" in store.version


def test_a_later_overlay_lies_over_an_earlier_one(tmp_path: Path) -> None:
    base(tmp_path / "base")
    for name in ("One", "Two"):
        write_base(entities([{**ROWS[2], "name": name}]), tmp_path / name)
    store = EntityStore.open(tmp_path / "base", [tmp_path / "One", tmp_path / "Two"])
    entity = store.get("Q3")
    assert entity is not None
    assert entity.name == "Two"
    assert store.by_name("One") == []


# ---- what can be wrong with a folder


def test_a_folder_without_a_base_is_named(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match=r"kb\.json: no knowledge base here"):
        EntityStore.open(tmp_path)


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"format": 99}'])
def test_a_manifest_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / MANIFEST).write_bytes(content)
    with pytest.raises(ResourceError, match="build"):
        EntityStore.open(tmp_path)


@pytest.mark.parametrize("damage", ["missing", "changed", "cut"])
def test_a_damaged_file_is_refused(tmp_path: Path, damage: str) -> None:
    base(tmp_path)
    manifest = read_manifest(tmp_path)
    for name in manifest["files"]:
        path = tmp_path / manifest["data"] / name
        whole = path.read_bytes()
        if damage == "missing":
            path.unlink()
        else:
            path.write_bytes(whole[:-1] if damage == "cut" and whole else b"x" + whole[1:])
        with pytest.raises(ResourceError, match="build"):
            EntityStore.open(tmp_path)
        path.write_bytes(whole)
    assert EntityStore.open(tmp_path).get("Q1") is not None


# ---- threads, processes and change


def test_many_threads_read_the_same_answers(tmp_path: Path) -> None:
    write_base(many(400), tmp_path)
    store = EntityStore.open(tmp_path)
    expected = {e.id: e for e in many(400)}
    wrong: list[str] = []

    def read() -> None:
        for entity_id, entity in expected.items():
            if store.get(entity_id) != entity or entity not in store.by_name(entity.name):
                wrong.append(entity_id)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def _name_of(folder: Path, entity_id: str) -> str:
    entity = EntityStore.open(folder).get(entity_id)
    assert entity is not None
    return entity.name


def test_processes_share_a_folder(tmp_path: Path) -> None:
    base(tmp_path)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert pool.starmap(_name_of, [(tmp_path, "Q2"), (tmp_path, "P2")]) == ["Tao Wenshu", "Mali"]


def test_a_handle_takes_up_a_new_version(tmp_path: Path) -> None:
    base(tmp_path)
    handle = StoreHandle(tmp_path)
    before = handle.current
    assert handle.refresh() is False
    write_base(entities([{**ROWS[0], "name": "Somebody Else"}]), tmp_path)
    assert handle.refresh() is True
    assert _ids(handle.current.by_name("Somebody Else")) == ["Q1"]
    assert _ids(before.by_name("Tao Wenshu")) == ["Q2"], "a request that began before goes on with its version"


def test_a_new_version_that_cannot_be_opened_leaves_the_old_one_in_use(tmp_path: Path) -> None:
    base(tmp_path)
    handle = StoreHandle(tmp_path)
    whole = (tmp_path / MANIFEST).read_bytes()
    (tmp_path / MANIFEST).write_bytes(b"{")
    assert handle.refresh() is False
    assert handle.last_error is not None
    assert handle.current.get("Q1") is not None
    (tmp_path / MANIFEST).write_bytes(whole)
    handle.refresh()
    assert handle.last_error is None


def test_no_request_is_lost_while_versions_change(tmp_path: Path) -> None:
    def version(n: int) -> list[Entity]:
        return entities({"id": f"E{i}", "type": "person", "name": f"Name{n} Person{i}"} for i in range(60))

    write_base(version(0), tmp_path)
    handle = StoreHandle(tmp_path)
    failures: list[BaseException | str] = []
    seen: set[str] = set()
    done = threading.Event()

    def requests() -> Iterator[None]:
        while not done.is_set():
            store = handle.current
            names = {entity.name.split()[0] for i in range(60) if (entity := store.get(f"E{i}"))}
            if len(names) != 1 or not store.by_name(f"{next(iter(names))} Person7"):
                failures.append(f"mixed or missing: {names}")
            seen.update(names)
            yield

    def run() -> None:
        try:
            for _ in requests():
                handle.refresh()
        except BaseException as exc:
            failures.append(exc)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for n in range(1, 6):
        write_base(version(n), tmp_path)
    while f"Name{5}" not in seen and not failures and any(t.is_alive() for t in threads):
        handle.refresh()
        done.wait(0.001)
    done.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert handle.last_error is None
    assert "Name5" in seen
