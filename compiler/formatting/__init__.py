"""Rules files, laid out for reading: one way to write what means the same.

A file is read twice: by the reader of rules, which says what it means, and into a tree
that keeps how it is written (``tree_reader``). The tree is written again from the
beginning (``page``). What comes out is read once more, and thrown away unless it means
the same (``meaning``) and has the same comments.
"""

from rulec.diagnostics import Diagnostic, Location, Problem, ProblemError, RulesError
from rulec.documents import unreadable
from rulec.formatting.meaning import Contents, same_rules
from rulec.formatting.page import page_text
from rulec.formatting.scanning import scan
from rulec.formatting.tree_reader import read_tree
from rulec.items import Broken
from rulec.text import File
from rulec.yaml_reader import place, read_completed, read_yaml


def format_text(text: str, name: str = "<rules>") -> str:
    """Return the text of a rules file as it is written by custom.

    Formatting what has been formatted changes nothing. Line ends are those of the first
    line. Rules need not be correct, but the file has to consist of items.

    :raises RulesError: if it does not, or if it cannot be formatted safely.
    """
    windows = "\r\n" in text[: text.find("\n") + 1]
    content = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    file, old = _read(File(name, content))
    _refuse_no_rules(old)
    found = scan(file.content)
    try:
        page = read_tree(file, found)
    except ProblemError as error:
        raise _refusal(file, error.problem) from None
    new = File(name, page_text(page))
    if not (_means(new, old) and scan(new.content).remarks == found.remarks):
        message = "formatting would change what the file means, so it is left as it is"
        raise _refusal(file, Problem("cannot_format", message, place(file, 0)))
    return new.content.replace("\n", "\r\n") if windows else new.content


def _read(file: File) -> tuple[File, Contents]:
    try:
        documents, content = read_completed(file)
    except ProblemError as error:
        raise RulesError(unreadable(file, error.problem).diagnostics) from None
    completed = File(file.name, content)
    return completed, Contents.of(completed, documents)


def _refuse_no_rules(contents: Contents) -> None:
    """Raise what is wrong with a file that has anything but items."""
    diagnostics = [
        diagnostic
        for reading in contents.readings
        if isinstance(reading.item, Broken) and reading.item.kind in ("file", "")
        for diagnostic in reading.diagnostics
    ]
    if diagnostics:
        raise RulesError(diagnostics)


def _means(file: File, contents: Contents) -> bool:
    try:
        documents = read_yaml(file)
    except ProblemError:
        return False
    return same_rules(contents, Contents.of(file, documents))


def _refusal(file: File, problem: Problem) -> RulesError:
    context = (Location("rules content", "", file, 0),)
    return RulesError([Diagnostic("RULEC_ERR_FORMAT", problem, context)])
