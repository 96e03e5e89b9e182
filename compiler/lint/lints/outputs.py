"""A lint about what alerts show."""

from collections.abc import Iterator

from rulec.lint.model import Finding, Subject
from rulec.lint.presence import absent
from rulec.places import loaded_in
from rulec.plan import Slot
from rulec.runtime.fields import field_text


def output_absent(subject: Subject) -> Iterator[Finding]:
    """Find fields in outputs that have no value in any event that the rule matches."""
    for rule in subject.analysis.rules:
        why = absent(rule, subject.analysis.resolved[rule.name])
        for part in rule.output.parts:
            if isinstance(part, Slot):
                for loaded in loaded_in(part.value):
                    if reason := why(loaded):
                        name = field_text(loaded.field, loaded.argument)
                        message = f"{name} has no value in alerts of {rule.name!r}: {reason}"
                        yield Finding(message, loaded.span, "", rule.name)
