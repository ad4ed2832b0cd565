"""What the repair network makes of damaged names with the linker's hints, and without.

    python -m scripts.measure_hints [--names-dir models/names-en] [--model-dir models/repair-en] [--half dev]

Sentences of the benchmark whose name is damaged, the right form being in the base, and sentences with names that the
mangler damaged. Each is repaired four times: by the network alone, by the network with all that the linker thinks as
hints, by linker and network without hints, and by all of it. A name is repaired if the right form stands in the answer
and the wrong one does not; TER against the reference says what became of the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import sacrebleu
import typer

from app.core.protocols import Linker, LinkResult
from app.core.types import Mode, RepairOptions, Segment
from app.names.linker import build_linker
from app.names.unknown import NoNames
from app.settings import Settings
from app.wiring import build_generator
from scripts.evaluate_names import SEED
from scripts.name_examples import all_told
from scripts.names_benchmark import Case, frames, generated, load, random_entities, stands_in, with_entity
from scripts.product import make_repairer


@dataclass(frozen=True, slots=True)
class WithoutHints:
    """A linker whose edits are made, and which tells the network nothing."""

    linker: Linker

    def link(
        self,
        text: str,
        segments: Sequence[Segment],
        entity_hints: Sequence[tuple[str, str]],
        deadline: float = float("inf"),
    ) -> LinkResult:
        return replace(self.linker.link(text, segments, entity_hints, deadline), hints=())


@dataclass(frozen=True, slots=True)
class OnlyHints:
    """A linker that changes nothing itself and tells the network all that it thinks."""

    linker: Linker

    def link(
        self,
        text: str,
        segments: Sequence[Segment],
        entity_hints: Sequence[tuple[str, str]],
        deadline: float = float("inf"),
    ) -> LinkResult:
        found = self.linker.link(text, segments, entity_hints, deadline)
        return LinkResult(keep=found.keep, hints=all_told(found))


def main(
    names_dir: Annotated[Path, typer.Option(help="Folder of the knowledge base.")] = Path("models/names-en"),
    model_dir: Annotated[Path, typer.Option(help="Folder of the network.")] = Path("models/repair-en"),
    data: Annotated[Path, typer.Option(help="Folder with mt/ and text/.")] = Path("../shared/data"),
    half: Annotated[str, typer.Option(help="dev or test.")] = "dev",
    mode: Annotated[Mode, typer.Option(help="minimal, or fluent: the network's lower threshold.")] = Mode.MINIMAL,
    entities: Annotated[int, typer.Option(help="Random entities to damage.")] = 300,
) -> None:
    """Repair each sentence in every way and print a line a way."""
    linker = build_linker(names_dir)
    store = linker.store
    real = [with_entity(c, store) for c in load("errors", half, data)]
    sets = {
        "real": [c for c in real if c.entity_id],
        "generated": list(
            generated(store, random_entities(store, entities, SEED), frames(store, data, half=half), SEED)
        ),
    }
    ways: dict[str, Linker] = {
        "network alone": NoNames(),
        "hints only": OnlyHints(linker),
        "linker, no hints": WithoutHints(linker),
        "linker and hints": linker,
    }
    generator = build_generator(Settings(model_dir=model_dir))
    options = RepairOptions(mode=mode)
    for name, cases in sets.items():
        if not cases:
            continue
        typer.echo(f"{name}: {len(cases)} sentences")
        for way, chosen in ways.items():
            repairer = make_repairer(generator, chosen)
            answers = [repairer.repair(case.text, options).text for case in cases]
            right = sum(is_repaired(case, answer) for case, answer in zip(cases, answers, strict=True))
            ter = sacrebleu.corpus_ter(answers, [[case.reference or case.text for case in cases]]).score
            typer.echo(f"  {way:18} names repaired {right:4} ({right / max(1, len(cases)):.1%}), TER {ter:.2f}")


def is_repaired(case: Case, answer: str) -> bool:
    """Whether the right form of the damaged name stands in the answer, and the wrong one does not."""
    wrong = case.span.of(case.text) if case.span is not None else ""
    return stands_in(case.right, answer) and not stands_in(wrong, answer)


if __name__ == "__main__":
    typer.run(main)
