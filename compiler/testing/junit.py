"""What came of tests as JUnit XML, which systems for continuous integration show."""

from xml.etree import ElementTree as Xml

from rulec.diagnostics import Diagnostic, printable
from rulec.testing.results import Result, Status, SuiteResult, TestReport


def junit(report: TestReport) -> str:
    """Return a report as an XML document."""
    root = Xml.Element("testsuites", {"name": "rulec test", **_counts(report)})
    for suite in report.suites:
        inner = TestReport((suite,))
        element = Xml.SubElement(root, "testsuite", {"name": _shown(suite.name), **_counts(inner)})
        for result in suite.results:
            _case(element, result)
        _mistakes(element, suite)
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _counts(report: TestReport) -> dict[str, str]:
    broken = sum(bool(suite.diagnostics) for suite in report.suites)
    return {
        "tests": str(len(report.results) + broken),
        "failures": str(report.count(Status.FAILED)),
        "errors": str(report.count(Status.BROKEN) + broken),
        "skipped": str(report.count(Status.SKIPPED)),
        "time": f"{sum(result.seconds for result in report.results):.6f}",
    }


def _case(parent: Xml.Element, result: Result) -> None:
    about = {
        "classname": _shown(result.suite),
        "name": _shown(result.name),
        "time": f"{result.seconds:.6f}",
        "file": _shown(result.suite),
        "line": str(result.line),
    }
    element = Xml.SubElement(parent, "testcase", about)
    message = _shown(result.message)
    first = message.partition("\n")[0]
    match result.status:
        case Status.FAILED:
            Xml.SubElement(element, "failure", {"message": first}).text = message
        case Status.BROKEN:
            Xml.SubElement(element, "error", {"message": first}).text = message
        case Status.SKIPPED:
            Xml.SubElement(element, "skipped", {"message": first})
        case Status.PASSED:
            pass


def _mistakes(parent: Xml.Element, suite: SuiteResult) -> None:
    """Tell of a file that could not be read as of a test that could not be run."""
    if not suite.diagnostics:
        return
    name = _shown(suite.name)
    about = {"classname": name, "name": "can be read", "time": "0", "file": name}
    element = Xml.SubElement(parent, "testcase", about)
    first: Diagnostic = suite.diagnostics[0]
    text = "\n".join(map(str, suite.diagnostics))
    Xml.SubElement(element, "error", {"message": _shown(first.message)}).text = _shown(text)


def _shown(text: str) -> str:
    """Return a text without characters that XML cannot have."""
    return printable(text, "\n\t").replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")
