"""Run every example of docs/api.md against a running service, and write down what it answers.

MT_REPAIR_GENERATOR=echo mt-repair serve &
python -m scripts.document_api
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Final

DOCUMENT: Final = Path(__file__).resolve().parent.parent / "docs" / "api.md"
_BLOCK: Final = re.compile(r"```console\n(.*?)```", re.DOTALL)
_SHORT_CHARS: Final = 200  # a shorter answer stays on one line


def main() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(_BLOCK.sub(_run, text), encoding="utf-8")


def _run(block: re.Match[str]) -> str:
    out = ["```console"]
    for line in block[1].splitlines():
        if line.startswith("$ "):
            done = subprocess.run(["bash", "-c", line[2:]], capture_output=True, text=True, check=True)
            out += [line, _laid_out(done.stdout) if "| jq" not in line else done.stdout.rstrip("\n")]
    return "\n".join([*out, "```"])


def _laid_out(answer: str) -> str:
    indent = 1 if len(answer) > _SHORT_CHARS else None
    return json.dumps(json.loads(answer), ensure_ascii=False, indent=indent)


if __name__ == "__main__":
    main()
