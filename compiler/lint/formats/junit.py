"""Findings as results of tests in the form of JUnit, which most CI systems show.

Each file is a suite, each finding a test that failed, each suppressed one a test that was skipped.
"""

import re
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from rulec.lint.linter import LintReport
from rulec.lint.model import Finding
from rulec.text import File

# What XML cannot have in it at all.
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(report: LintReport) -> str:
    """Return the report as XML."""
    top = Element("testsuites", name="rulec check --lint")
    for file in report.files:
        top.append(_suite(report, file))
    indent(top)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(top, encoding="unicode")}\n'


def _suite(report: LintReport, file: File) -> Element:
    found = [finding for finding in report.findings if finding.file is file]
    suppressed = [each for each in report.suppressed if each.finding.file is file]
    suite = Element(
        "testsuite",
        name=_text(file.name),
        tests=str(len(found) + len(suppressed) or 1),
        failures=str(len(found)),
        skipped=str(len(suppressed)),
        errors="0",
    )
    for finding in found:
        failure = SubElement(_case(suite, finding), "failure", message=_text(finding.message))
        failure.set("type", finding.severity.value)
        failure.text = _text(str(finding))
    for each in suppressed:
        SubElement(_case(suite, each.finding), "skipped", message=_text(each.reason))
    if not found and not suppressed:
        SubElement(suite, "testcase", classname=_text(file.name), name="lint")
    return suite


def _case(suite: Element, finding: Finding) -> Element:
    line, column = finding.position
    name = f"{finding.lint} at {line}:{column}"
    return SubElement(suite, "testcase", classname=_text(finding.file.name), name=name)


def _text(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
