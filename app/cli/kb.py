"""Sub-commands on the knowledge base of names: ``kb build``, ``kb info``, ``kb search``, ``kb get``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.documents import write_stdout
from app.cli.terminal import say
from app.core.errors import InputError

if TYPE_CHECKING:  # numpy and the indexes are loaded by the commands that need them, not by every command
    from app.names.readers import WikidataFilter
    from app.names.store import EntityKind, EntityStore

_ROLES_SHOWN = 2
_SHOWN = 50  # broken rows printed; the rest are counted


class OnError(StrEnum):
    """What to do with rows that cannot be used."""

    SKIP = "skip"
    FAIL = "fail"


class Kind(StrEnum):
    """The kinds of entity."""

    PERSON = "person"
    ORGANISATION = "organisation"
    PLACE = "place"


class SourceFormat(StrEnum):
    """How a source is written."""

    AUTO = "auto"
    WIKIDATA = "wikidata"
    JSONL = "jsonl"
    CSV = "csv"


_Base = Annotated[Path | None, typer.Option("--kb", metavar="FOLDER", help="The base; MT_REPAIR_NAMES_DIR by default.")]
_Overlays = Annotated[
    list[Path] | None, typer.Option("--overlay", metavar="FOLDER", help="A base that lies over it; may be repeated.")
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def build(
    folder: Annotated[Path, typer.Argument(help="Where the base goes; an older version in it is replaced at the end.")],
    sources: Annotated[
        list[Path], typer.Argument(help="Wikidata dump (.json), JSON Lines, CSV or TSV; .gz, .bz2, .xz, .zst or plain.")
    ],
    format_: Annotated[SourceFormat, typer.Option("--format", help="Of the sources.")] = SourceFormat.AUTO,
    name: Annotated[str, typer.Option(help="What the base is called; its version starts so.")] = "kb",
    kind: Annotated[Kind | None, typer.Option(help="What all rows of JSON Lines and CSV are.")] = None,
    on_error: Annotated[
        OnError, typer.Option(help="Leave rows out that cannot be used, or build nothing.")
    ] = OnError.FAIL,
    min_sitelinks: Annotated[int, typer.Option(min=0, help="Wikidata: least number of wikis with a page on it.")] = 5,
    classes: Annotated[
        list[str] | None,
        typer.Option(
            "--class", metavar="Q…=KIND[:TYPE]", help="Wikidata: a class (P31) to take, besides the built-in ones."
        ),
    ] = None,
    only_classes: Annotated[
        bool, typer.Option("--only-classes", help="Wikidata: take the classes of --class and no others.")
    ] = False,
    language: Annotated[
        list[str] | None, typer.Option(help="Wikidata: languages of native names, instead of the built-in ones.")
    ] = None,
    mangled: Annotated[
        bool, typer.Option(help="Index what machine translation may make of each name; about 4 ms an entity.")
    ] = True,
    mangled_entities: Annotated[int, typer.Option(min=0, help="So many of the best known are mangled.")] = 60_000,
    mangled_limit: Annotated[int, typer.Option(min=0, help="Most mangled forms in the index.")] = 600_000,
) -> None:
    """Build a knowledge base, or an overlay, from your own data.

    Rows that cannot be used are reported with file and line. The folder holds the old version or the whole new one
    at every moment, so a running service can be left running.
    """
    from app.names.build import BuildOptions, write_base
    from app.names.mangle import FAR, mangle
    from app.names.readers import Broken, Format, Removed, read_sources
    from app.names.store import MANIFEST, Entity

    # Folders are what a build that was cut off leaves.
    others = [p for p in folder.iterdir() if p.is_file() and p.name[0] != "."] if folder.is_dir() else []
    if others and not (folder / MANIFEST).is_file():
        raise InputError(f"{folder} holds other files and no knowledge base; give a new folder or an empty one")
    entities: list[Entity] = []
    removed: list[str] = []
    broken = 0
    for row in read_sources(
        sources, Format(format_.value), _kind(kind), _filter(classes, only_classes, min_sitelinks, language)
    ):
        if isinstance(row, Broken):
            broken += 1
            if broken <= _SHOWN:
                say(str(row))
        elif isinstance(row, Removed):
            removed.append(row.id)
        else:
            entities.append(row)
    if broken > _SHOWN:
        say(f"and {broken - _SHOWN} more")
    if broken and on_error is OnError.FAIL:
        raise InputError(f"{broken} rows cannot be used, so nothing was built; mend them or pass --on-error skip")
    if not entities and not removed:
        raise InputError("no row was taken from the sources, so nothing was built; look at --class and --min-sitelinks")
    options = BuildOptions(name, removed, mangled_limit, mangled_entities)
    built = write_base(entities, folder, options, (lambda e: mangle(e, kinds=FAR)) if mangled else None)
    say(
        f"{name}@{built.version}: {len(entities)} entities, {len(removed)} removals, {broken} rows left out, "
        f"{built.size_bytes / 1e6:.1f} MB in {folder}"
    )


def _filter(classes: list[str] | None, only: bool, min_sitelinks: int, languages: list[str] | None) -> WikidataFilter:
    from app.names.readers import WIKIDATA_CLASSES, WikidataFilter
    from app.names.store import EntityKind

    wanted = {} if only else dict(WIKIDATA_CLASSES)
    for given in classes or ():
        item, _, meaning = given.partition("=")
        kind, _, type_ = meaning.partition(":")
        if kind not in set(EntityKind) or not item.startswith("Q") or not item[1:].isdigit():
            raise InputError(f"--class {given}: write it as Q6256=place:country; kinds are {', '.join(EntityKind)}")
        wanted[item] = (EntityKind(kind), type_ or kind)
    default = WikidataFilter()
    return WikidataFilter(wanted, min_sitelinks, frozenset(languages) if languages else default.languages)


def info(kb: _Base = None, overlay: _Overlays = None) -> None:
    """What a base holds: version, counts, sources and licences, sizes; its files are compared with their checksums."""
    from app.names.store import read_manifest

    store = _open(kb, overlay)
    layers: list[dict[str, Any]] = []
    for layer in reversed(store.layers):
        manifest = read_manifest(layer.folder)
        layers.append(
            {
                "version": layer.version,
                "folder": str(layer.folder),
                "counts": manifest["counts"],
                "removed": len(manifest["removed"]),
                "size_bytes": sum(int(facts["bytes"]) for facts in manifest["files"].values()),
                **manifest["card"],
            }
        )
    _print({"version": store.version, "entities": len(store), "layers": layers})


def search(
    query: Annotated[str, typer.Argument(help="A name, or the beginning of one.")],
    kb: _Base = None,
    overlay: _Overlays = None,
    kind: Annotated[Kind | None, typer.Option(help="Only these.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 10,
    as_json_: _Json = False,
) -> None:
    """Entities by name; one a line: id, type, name, country, first roles."""
    from app.names.store import as_json

    found = _open(kb, overlay).search(query, limit, _kind(kind))
    if as_json_:
        _print([as_json(e) for e in found])
        return
    for e in found:
        roles = "; ".join(r.title for r in e.roles[:_ROLES_SHOWN])
        write_stdout("\t".join((e.id, e.type, e.name, e.country, roles)).rstrip() + "\n")


def get(
    entity_id: Annotated[str, typer.Argument(metavar="ID", help="Such as Q15031.")],
    kb: _Base = None,
    overlay: _Overlays = None,
) -> None:
    """One entity with all that is known of it, as JSON."""
    from app.names.store import as_json

    entity = _open(kb, overlay).get(entity_id)
    if entity is None:
        raise InputError(f"{entity_id}: no entity has this id; look for it with `mt-repair kb search`")
    _print(as_json(entity))


def _kind(kind: Kind | None) -> EntityKind | None:
    from app.names.store import EntityKind

    return None if kind is None else EntityKind(kind.value)


def _open(kb: Path | None, overlays: list[Path] | None) -> EntityStore:
    from app.names.store import EntityStore

    if kb is None:
        from app.settings import Settings

        kb = Settings().names_dir
    return EntityStore.open(kb, overlays or ())


def _print(value: Any) -> None:
    import orjson

    write_stdout(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")


def register(cli: typer.Typer) -> None:
    """Add the sub-commands."""
    kb = typer.Typer(no_args_is_help=True, help="The knowledge base of names: build one, look into it.")
    for command in (build, info, search, get):
        kb.command()(command)
    cli.add_typer(kb, name="kb")
