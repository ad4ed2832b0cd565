"""The files of deploy/: they can be read, and name settings, routes and counters that there are."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.api.auth import OPEN
from app.settings import Settings
from app.telemetry import Metrics

DEPLOY = Path(__file__).resolve().parent.parent / "deploy"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
SETTINGS = {f"MT_REPAIR_{name.upper()}" for name in Settings.model_fields}


def counters() -> set[str]:
    """Every series that the service gives, by its name."""
    text = Metrics().render().decode()
    return {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE ")}


def containers() -> list[dict[str, Any]]:
    documents = yaml.safe_load_all((DEPLOY / "kubernetes" / "mt-repair.yaml").read_text())
    found: list[dict[str, Any]] = next(d for d in documents if d["kind"] == "Deployment")["spec"]["template"]["spec"][
        "containers"
    ]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(DEPLOY)))
def test_every_setting_in_a_file_is_one(path: Path) -> None:
    named = set(re.findall(r"MT_REPAIR_[A-Z_]+[A-Z]", path.read_text(encoding="utf-8")))
    assert named <= SETTINGS


@pytest.mark.parametrize("path", ["grafana/mt-repair.json", "prometheus/alerts.yml"])
def test_every_counter_that_is_shown_is_counted_and_the_other_way_round(path: str) -> None:
    named = set(re.findall(r"mt_repair_[a-z_]+", (DEPLOY / path).read_text()))
    known = counters()
    bare = {re.sub(r"_(total|bucket)$", "", name) for name in named}
    assert bare <= {re.sub(r"_total$", "", name) for name in known}
    if path.startswith("grafana"):
        own = {re.sub(r"_total$", "", n) for n in known if n.startswith("mt_repair_") and not n.endswith("_created")}
        assert own <= bare


def test_the_dashboard_asks_the_source_that_is_chosen() -> None:
    dashboard = json.loads((DEPLOY / "grafana" / "mt-repair.json").read_text())
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    assert {panel["datasource"]["uid"] for panel in dashboard["panels"]} == {"${source}"}


@pytest.mark.parametrize("path", [p for p in FILES if p.suffix in (".yaml", ".yml")], ids=lambda path: path.name)
def test_yaml_can_be_read(path: Path) -> None:
    assert all(yaml.safe_load_all(path.read_text()))


def test_probes_ask_what_needs_no_key() -> None:
    (container,) = containers()
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["path"] in OPEN
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["resources"]["limits"]["memory"]


def test_a_stop_waits_longer_than_the_longest_request() -> None:
    longest = Settings.model_fields["request_timeout_s"].default
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    assert int(compose["services"]["service"]["stop_grace_period"].rstrip("s")) > longest
    unit = (DEPLOY / "systemd" / "mt-repair.service").read_text()
    assert int(re.findall(r"TimeoutStopSec=(\d+)", unit)[0]) > longest
