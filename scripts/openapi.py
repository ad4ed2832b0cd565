"""Write the published OpenAPI document, and the example answers in it.

python -m scripts.openapi              write docs/openapi.json
python -m scripts.openapi --check      say whether it is up to date: exit code 1 where it is not
python -m scripts.openapi --examples   first send every example request to the service as the settings build it
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import httpx

from app.api import examples
from app.api.main import create_app
from app.settings import Settings

ROOT: Final = Path(__file__).resolve().parent.parent
PUBLISHED: Final = ROOT / "docs" / "openapi.json"
ANSWERS: Final = ROOT / "app" / "api" / "examples.json"


def openapi_text() -> str:
    """The document as it is published."""
    return _pretty(create_app(Settings()).openapi())


async def example_answers(settings: Settings) -> dict[str, dict[str, Any]]:
    """What the service answers to every example request."""
    app = create_app(settings)
    answers: dict[str, dict[str, Any]] = {}
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://example") as client:
            while (await client.get("/readyz")).status_code != httpx.codes.OK:
                await asyncio.sleep(0.1)
            for name, address, requests in examples.REQUESTS:
                answers[name] = {}
                for key, request in requests.items():
                    response = await client.post(address, json=request["value"])
                    answers[name][key] = response.raise_for_status().json()
            for name, address in examples.ADDRESSES.items():
                answers[name] = {"now": (await client.get(address)).raise_for_status().json()}
    return answers


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.add_argument("--examples", action="store_true", help="make the example answers anew")
    args = parser.parse_args()
    if args.examples:
        _write(ANSWERS, _pretty(asyncio.run(example_answers(Settings()))))
        # The routes have read the old answers already, so a fresh process writes the document.
        return subprocess.run([sys.executable, "-m", "scripts.openapi"], cwd=ROOT, check=False).returncode
    text = openapi_text()
    if args.check:
        return 0 if PUBLISHED.read_text(encoding="utf-8") == text else 1
    _write(PUBLISHED, text)
    return 0


def _pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


if __name__ == "__main__":
    sys.exit(main())
