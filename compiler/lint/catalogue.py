"""Every lint, one entry each. To add one, add an entry here and a page in ``docs/lints/``."""

from collections.abc import Mapping
from typing import Final

from rulec.codes import CODES
from rulec.lint.lints import (
    comments,
    exceptions,
    items,
    lists,
    logic,
    operators,
    outputs,
    shadowing,
)
from rulec.lint.model import Lint, Severity
from rulec.lint.source_lints import SOURCE_LINTS

LINTS: Final[Mapping[str, Lint]] = {
    lint.id: lint
    for lint in (
        Lint(
            "always-false",
            Severity.ERROR,
            "a rule cannot match any event",
            logic.always_false,
        ),
        Lint(
            "always-true",
            Severity.WARNING,
            "a rule matches every event",
            logic.always_true,
        ),
        Lint(
            "append-deprecated",
            Severity.NOTE,
            "'append: true' is the older form of 'override'",
            items.append_deprecated,
            fixes=True,
        ),
        Lint(
            "dead-part",
            Severity.WARNING,
            "a part of a condition never holds",
            logic.dead_part,
        ),
        Lint(
            "disabled-without-reason",
            Severity.NOTE,
            "a rule is disabled, and no comment says why",
            items.disabled_without_reason,
        ),
        Lint(
            "duplicate-item",
            Severity.NOTE,
            "an item is in a list twice",
            lists.duplicate_item,
        ),
        Lint(
            "duplicate-macro",
            Severity.NOTE,
            "a macro means the same as another one",
            items.duplicate_macro,
        ),
        Lint(
            "exception-idle",
            Severity.WARNING,
            "an exception, or a value of it, lets nothing pass",
            exceptions.exception_idle,
        ),
        Lint(
            "lost-blank",
            Severity.WARNING,
            "a blank behind a backslash is lost",
            operators.lost_blank,
        ),
        Lint(
            "not-equal-absent",
            Severity.NOTE,
            "'!=' says something else of events that have no such value",
            operators.not_equal_absent,
        ),
        Lint(
            "output-absent",
            Severity.WARNING,
            "an output shows a field that never has a value there",
            outputs.output_absent,
        ),
        Lint(
            "redefined-item",
            Severity.WARNING,
            "a file has two definitions of one name",
            items.redefined_item,
        ),
        Lint(
            "redundant-part",
            Severity.NOTE,
            "a part of a condition changes nothing",
            logic.redundant_part,
        ),
        Lint(
            "regex-simpler",
            Severity.NOTE,
            "a regular expression says what a simpler operator says",
            operators.regex_simpler,
            fixes=True,
            replaces=frozenset({"regex_could_be_simpler"}),
        ),
        Lint(
            "repeated-key",
            Severity.ERROR,
            "an item has a key twice",
            items.repeated_key,
        ),
        Lint(
            "rule-undescribed",
            Severity.NOTE,
            "a rule has no description or no tags",
            items.rule_undescribed,
        ),
        Lint(
            "shadowed-rule",
            Severity.WARNING,
            "an earlier rule always matches first",
            shadowing.shadowed_rule,
        ),
        Lint(
            "suppression-unused",
            Severity.WARNING,
            "a comment suppresses a finding that there is not",
            comments.suppression_unused,
        ),
        Lint(
            "suppression-without-reason",
            Severity.WARNING,
            "a comment suppresses a finding and does not say why",
            comments.suppression_without_reason,
        ),
        *SOURCE_LINTS,
    )
}


def known_ids() -> frozenset[str]:
    """Return what findings can be called: the lints, and the codes of the compiler."""
    return frozenset({*LINTS, *CODES})
