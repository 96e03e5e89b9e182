"""Rules files with anything wrong in them are linted, told of in every format, and mended.

``RULEC_FUZZ=5000 pytest -m fuzz tests/test_fuzz_lints.py -s`` tries that many mutants.
"""

from collections import Counter
from random import Random

import pytest
from fuzzing import FUZZ, SEED
from lint_pages import examples
from mutations import mutant

from rulec.api import check_files
from rulec.files import decode
from rulec.lint import LINTS, lint
from rulec.lint.fixing import fix
from rulec.lint.formats import FORMATS
from rulec.lint.meaning import meaning
from rulec.text import File

pytestmark = pytest.mark.fuzz

SEEDS = [
    example.content.encode()
    for lint_id in LINTS
    for example in examples(lint_id)
    if example.language == "yaml"
]


def test_mutants_are_linted_and_mended() -> None:
    random = Random(SEED)
    seen: Counter[str] = Counter()
    for _ in range(FUZZ or 60):
        file = File("rules.yaml", decode(mutant(SEEDS, random)))
        report = lint([file])
        for form in FORMATS.values():
            form(report).encode()
        seen.update(finding.lint for finding in report.findings)
        done = fix([file], report.findings)
        seen["mended"] += len(done.applied)
        if done.changed:
            before, after = (check_files(files)[:2] for files in ([file], done.files))
            assert meaning(*before) == meaning(*after)
    print(dict(seen))
    assert len(seen) > 5
