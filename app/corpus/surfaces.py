"""Findings where a code host shows them: SARIF, GitHub annotations, GitLab code quality, JUnit."""

from __future__ import annotations

import hashlib
import re
import xml.etree.ElementTree as ET
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import app
from app.corpus.report import relative
from app.corpus.run import Result, describe_failure
from app.corpus.tally import Finding

SARIF_RESULTS = 5000  # a code host shows no more of one run; the least sure come first
ANNOTATIONS = 50
_SURE = 0.8  # from here on a finding is a note rather than a warning
_JUNIT_LINES = 20
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def message(finding: Finding) -> str:
    """One line for a person."""
    if not finding.original:
        what = f"insert “{finding.replacement}”"
    elif not finding.replacement:
        what = f"delete “{finding.original}”"
    else:
        what = f"“{finding.original}” → “{finding.replacement}”"
    return f"{what}: {finding.reason}" if finding.reason else what


def _fingerprint(finding: Finding) -> str:
    """The same when lines move, so that a closed alert stays closed."""
    key = "\0".join((finding.rule, finding.original, finding.replacement, finding.context))
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def to_sarif(result: Result) -> dict[str, Any]:
    """SARIF 2.1.0, one run, at most ``SARIF_RESULTS`` results.

    Source:
        OASIS, Static Analysis Results Interchange Format 2.1.0; docs.github.com on the limits of code scanning.
    """
    findings = result.tally.findings[:SARIF_RESULTS]
    rules = sorted({f.rule for f in findings})
    kinds = {f.rule: f.kind for f in findings}
    invocation: dict[str, Any] = {"executionSuccessful": not result.quarantined and not result.interrupted}
    notes = [describe_failure(entry) for entry in result.quarantined] + result.tally.problems
    if notes:
        invocation["toolExecutionNotifications"] = [
            {"level": "error", "message": {"text": note}} for note in notes[:100]
        ]
    run = {
        "tool": {
            "driver": {
                "name": "mt-repair",
                "version": app.__version__,
                "rules": [
                    {
                        "id": rule,
                        "name": "".join(word.title() for word in rule.split("_")),
                        "shortDescription": {"text": f"Machine-translated English: {kinds[rule]}"},
                        "defaultConfiguration": {"level": "warning"},
                    }
                    for rule in rules
                ],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation],
        "properties": {"model": result.identity.model if result.identity else "", "edits": result.tally.edits},
        "results": [_sarif_result(f, rules.index(f.rule)) for f in findings],
    }
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }


def _sarif_result(finding: Finding, rule: int) -> dict[str, Any]:
    location = {"uri": relative(finding.file).replace(" ", "%20")}
    region: dict[str, Any] = {"startLine": max(finding.line, 1)}
    if finding.is_exact:
        region |= {"startColumn": finding.column, "endLine": finding.end_line, "endColumn": finding.end_column}
    values: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": rule,
        "level": "note" if finding.confidence >= _SURE else "warning",
        "message": {"text": message(finding)},
        "locations": [{"physicalLocation": {"artifactLocation": location, "region": region}}],
        "partialFingerprints": {"mtRepair/v1": _fingerprint(finding)},
        "rank": round(100 * (1 - finding.confidence), 2),
        "properties": {"confidence": finding.confidence, "kind": finding.kind, "row": finding.row},
    }
    if finding.is_exact:
        replacement = {"deletedRegion": region, "insertedContent": {"text": finding.replacement}}
        values["fixes"] = [
            {
                "description": {"text": message(finding)},
                "artifactChanges": [{"artifactLocation": location, "replacements": [replacement]}],
            }
        ]
    return values


def to_github(result: Result, where: str) -> list[str]:
    """Workflow commands that annotate lines; at most ``ANNOTATIONS``, the least sure first.

    Args:
        result: What the run came to.
        where: Where the reader finds the rest.
    """
    lines = []
    for entry in result.quarantined:
        lines.append(
            f"::error title=mt-repair,file={_property(relative(entry['file']))}::{_data(describe_failure(entry))}"
        )
    for finding in result.tally.findings[:ANNOTATIONS]:
        place = f"file={_property(relative(finding.file))},line={max(finding.line, 1)}"
        if finding.is_exact:
            place += f",col={finding.column},endLine={finding.end_line},endColumn={finding.end_column}"
        level = "notice" if finding.confidence >= _SURE else "warning"
        lines.append(f"::{level} {place},title={_property(finding.rule)}::{_data(message(finding))}")
    more = result.tally.edits - min(len(result.tally.findings), ANNOTATIONS)
    if more > 0:
        lines.append(f"::notice title=mt-repair::{_data(f'{more:,} more edits: {where}')}")
    return lines


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def to_gitlab(result: Result) -> list[dict[str, Any]]:
    """A code quality report; a finding that comes several times has a fingerprint for each."""
    seen: Counter[str] = Counter()
    entries = []
    for finding in result.tally.findings[:SARIF_RESULTS]:
        key = f"{_fingerprint(finding)} {finding.file}"
        seen[key] += 1
        entries.append(
            {
                "description": message(finding),
                "check_name": finding.rule,
                "fingerprint": hashlib.sha256(f"{key} {seen[key]}".encode()).hexdigest(),
                "severity": "info" if finding.confidence >= _SURE else "minor",
                "location": {"path": relative(finding.file), "lines": {"begin": max(finding.line, 1)}},
            }
        )
    return entries


def to_junit(result: Result) -> bytes:
    """One test case a file; it fails where something was found, and is in error where it could not be repaired."""
    findings: dict[str, list[Finding]] = defaultdict(list)
    for finding in result.tally.findings:
        findings[finding.file].append(finding)
    broken: dict[str, list[str]] = defaultdict(list)
    for entry in result.quarantined:
        broken[entry["file"]].append(describe_failure(entry))
    names = sorted({*result.names, *broken})
    suite = ET.Element(
        "testsuite",
        name="mt-repair",
        tests=str(len(names)),
        failures=str(sum(n in findings and n not in broken for n in names)),
        errors=str(len(broken)),
        time=f"{result.wall_s:.3f}",
    )
    for name in names:
        case = ET.SubElement(suite, "testcase", classname="mt-repair", name=_xml(relative(name)))
        if name in broken:
            ET.SubElement(case, "error", message=_xml(broken[name][0])).text = _xml("\n".join(broken[name]))
        elif name in findings:
            found = findings[name]
            failure = ET.SubElement(case, "failure", message=f"{len(found)} edits")
            failure.text = _xml("\n".join(_lines(found)))
    root = ET.Element("testsuites")
    root.append(suite)
    data: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return data


def _lines(findings: Sequence[Finding]) -> Iterable[str]:
    for finding in findings[:_JUNIT_LINES]:
        yield f"{finding.line}:{finding.column}: {finding.rule} {message(finding)} ({finding.confidence:.2f})"
    if len(findings) > _JUNIT_LINES:
        yield f"and {len(findings) - _JUNIT_LINES} more"


def _xml(text: str) -> str:
    """Without the characters that no XML document may hold."""
    return _NOT_XML.sub("\ufffd", text)
