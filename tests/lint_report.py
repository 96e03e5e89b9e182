"""What the lints say about Falco's own rules: the tables of docs/lint-report.md.

``python tests/lint_report.py`` makes them anew from the recorded cases. The rules themselves
are no part of this repository: of them, only names, lines and values are told.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance import folder

from rulec.cluster.audit_policy import AuditPolicy
from rulec.cluster.audit_policy_reader import read_policy
from rulec.files import decode
from rulec.lint import LINTS, Finding, lint
from rulec.text import File

PAGE = Path(__file__).resolve().parent.parent / "docs" / "lint-report.md"
BEGIN = "<!-- the rest is made by: python tests/lint_report.py -->\n"


@dataclass(frozen=True)
class RuleSet:
    """Files that are loaded together, and the audit policy that comes with them."""

    title: str
    short: str
    files: tuple[str, ...]
    policy: str = ""


SETS = (
    RuleSet(
        "Kubernetes audit events, plugin k8saudit 0.18.0",
        "k8s",
        (
            "k8s_audit/rules/plugins-head/k8s_audit_rules.yaml",
            "k8s_audit/rules/plugins-head/gke/k8s_audit_rules_gke.yaml",
        ),
        "k8s_audit/config/audit-policy.yaml",
    ),
    RuleSet(
        "System calls, the rules of 2026: stable, incubating and sandbox",
        "syscall",
        (
            "syscall/rules/stock/falco_rules.yaml",
            "syscall/rules/stock/falco-incubating_rules.yaml",
            "syscall/rules/stock/falco-sandbox_rules.yaml",
        ),
    ),
    RuleSet(
        "Falco 0.31.1 (2022)",
        "0.31.1",
        (
            "k8s_audit/rules/falco-0.31.1/falco_rules.yaml",
            "k8s_audit/rules/falco-0.31.1/k8s_audit_rules.yaml",
        ),
    ),
    RuleSet(
        "Falco 0.23.0 (2020)",
        "0.23.0",
        (
            "syscall/rules/falco-0.23.0/falco_rules.yaml",
            "k8s_audit/rules/falco-0.23.0/k8s_audit_rules.yaml",
        ),
    ),
)


def _read(path: str) -> File:
    """Return a file under its last name: where it lies is nobody's business."""
    return File(Path(path).name, decode((folder() / path).read_bytes()))


def _policy(path: str) -> AuditPolicy | None:
    return read_policy(_read(path)) if path else None


@dataclass(frozen=True)
class Looked:
    """A set of rules, and what the lints find in it; the compiler's warnings are left out."""

    rules: RuleSet
    count: int
    findings: tuple[Finding, ...]
    names: frozenset[str]


def looked() -> list[Looked]:
    """Look at all sets."""
    found = []
    for rules in SETS:
        files = [_read(path) for path in rules.files]
        report = lint(files, only=LINTS, policy=_policy(rules.policy))
        assert not report.broken
        names = frozenset(
            match.strip().strip("\"'")
            for file in files
            for match in re.findall(r"^- rule: *(.+)$", file.content, re.MULTILINE)
        )
        found.append(Looked(rules, report.rules, report.findings, names))
    return found


def tables(found: Sequence[Looked]) -> str:
    """Write the tables: findings by lint, then those of each set."""
    return "\n".join([*_counts(found), *(line for each in found for line in _findings(each))])


def _counts(found: Sequence[Looked]) -> Iterator[str]:
    yield "## How many\n"
    counts = [Counter(finding.lint for finding in each.findings) for each in found]
    yield f"| lint | severity | {' | '.join(each.rules.short for each in found)} |"
    yield f"|---|---|{'---:|' * len(found)}"
    for name in sorted({name for count in counts for name in count}):
        cells = [str(count[name] or "") for count in counts]
        row = f"| [{name}](lints/{name}.md) | {LINTS[name].severity.value} | {' | '.join(cells)} |"
        yield row
    totals = " | ".join(str(len(each.findings)) for each in found)
    yield f"| all | | {totals} |"
    yield f"| rules | | {' | '.join(str(each.count) for each in found)} |\n"


def _findings(found: Looked) -> Iterator[str]:
    yield f"## {found.rules.title}\n"
    yield f"Loaded in this order: {', '.join(f'`{Path(path).name}`' for path in found.rules.files)}."
    if found.rules.policy:
        yield f"The audit policy is `{Path(found.rules.policy).name}`, which comes with them."
    for file in dict.fromkeys(finding.file.name for finding in found.findings):
        yield f"\n### {file}\n"
        yield "| line | lint | rule | what it says |"
        yield "|---:|---|---|---|"
        for finding in found.findings:
            if finding.file.name == file:
                yield _row(finding, found.names)
    yield ""


def _row(finding: Finding, names: frozenset[str]) -> str:
    line = finding.position[0]
    rule = finding.subject if finding.subject in names else ""
    text = _ours(finding.message, names)
    if rule:
        text = text.replace(f"rule {rule!r}", "the rule")
    if finding.lint in ("k8s-never-logged", "k8s-not-logged"):
        text += f" ({finding.hint})"
    cells = (str(line), finding.lint, rule, text)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


_QUOTED = re.compile(r"'((?:[^']|'(?=\w))*)'")


def _ours(message: str, names: frozenset[str]) -> str:
    """Return a message without what it quotes of conditions: names and single values stay."""

    def kept(match: re.Match[str]) -> str:
        text = match[1]
        if text in names or not re.search(r"[\s=<>]", text):
            return match[0]
        field = re.match(r"[a-z]+\.[a-z.]+", text)
        return f"'{field[0]} ...'" if field else "'...'"

    return _QUOTED.sub(kept, message)


def generated() -> str:
    """Return the part of the page that is made."""
    _, _, made = PAGE.read_text("utf-8").partition(BEGIN)
    return made.strip("\n")


if __name__ == "__main__":
    before, _, _ = PAGE.read_text("utf-8").partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{tables(looked()).strip()}\n", "utf-8")
