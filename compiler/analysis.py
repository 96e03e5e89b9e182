"""From definitions to checked rules: everything that can be wrong is found here.

For each rule: fold the exceptions in, read the output, substitute the lists,
parse the condition, replace the macros, and look every name up. Diagnostics
come in the order in which Falco would come across them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from rulec.check import check
from rulec.definitions import Definitions, MacroDefinition
from rulec.diagnostics import Diagnostic, Problem, ProblemError, diagnose_condition
from rulec.event_types import event_types
from rulec.exceptions import exception_fields, fold_exceptions
from rulec.extras import NO_EXTRAS, Extras
from rulec.items import Context, Rule
from rulec.lists import Lists, expand_lists
from rulec.nodes import Condition
from rulec.outputs import CONTAINER_INFO, read_output, without_container_info
from rulec.parse import parse_condition
from rulec.plan import CheckedRule, Output
from rulec.references import References
from rulec.resolve import Macros, resolve_macros
from rulec.runtime.fields import Catalogue
from rulec.runtime.sources import EventSource
from rulec.text import Text
from rulec.yaml_reader import place

CONDITION: Final = "LOAD_ERR_COMPILE_CONDITION"
OUTPUT: Final = "LOAD_ERR_COMPILE_OUTPUT"
VALIDATE: Final = "LOAD_ERR_VALIDATE"

# Mistakes in conditions that have a code of their own.
_ERROR_CODES: Final = {"undefined_macro": VALIDATE, "macro_loop": VALIDATE}
_WARNING_CODES: Final = {
    "deprecated_field": "LOAD_DEPRECATED_ITEM",
    "legacy_field": "RULEC_LEGACY_FIELD",
    "list_field_operator": "RULEC_LIST_FIELD_OPERATOR",
    "unsafe_na_check": "LOAD_UNSAFE_NA_CHECK",
}

# A rule about more types of events than this slows everything down.
MANY_TYPES: Final = 100

# What "skip-if-unknown-filter" forgives.
_UNKNOWN: Final = frozenset({"unknown_field", "unknown_event_type", "format_unknown_field"})


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the definitions amount to.

    ``rules`` are all that could be checked, enabled or not; ``resolved`` has
    the condition of each as it was written, with lists and macros replaced.
    ``used_macros`` and ``used_lists`` are those that something refers to.
    """

    rules: tuple[CheckedRule, ...]
    diagnostics: tuple[Diagnostic, ...]
    resolved: Mapping[str, Condition]
    macros: Mapping[str, Condition]
    used_macros: frozenset[str]
    used_lists: frozenset[str]


def analyse(
    definitions: Definitions, sources: Mapping[str, EventSource], extras: Extras = NO_EXTRAS
) -> Analysis:
    """Check all definitions against the event sources that there are."""
    return _Analysis(definitions, sources, extras).run()


@dataclass
class _Analysis:
    definitions: Definitions
    sources: Mapping[str, EventSource]
    extras: Extras
    diagnostics: list[Diagnostic] = field(default_factory=list)
    resolved: dict[str, Condition] = field(default_factory=dict)
    used_lists: set[str] = field(default_factory=set)

    def run(self) -> Analysis:
        texts, problems = expand_lists(self.definitions.lists)
        self.diagnostics += problems
        self.lists = Lists(texts)
        for text in texts:
            self.used_lists.update(text.uses)
        self.macros = self.read_macros()
        rules = tuple(self.checked_rules())
        if not self.is_incomplete and not any(d.severity == "error" for d in self.diagnostics):
            self.diagnostics += self.unused()
        return Analysis(
            rules,
            tuple(self.diagnostics),
            self.resolved,
            self.macros.conditions,
            frozenset(self.macros.used),
            frozenset(self.used_lists),
        )

    def read_macros(self) -> Macros:
        """Parse and resolve every macro, used or not."""
        macros = self.definitions.macros
        texts, parsed = {}, {}
        broken = {name for kind, name in self.definitions.broken if kind == "macro"}
        for name, macro in macros.items():
            try:
                texts[name] = self.substituted(macro.condition)
                parsed[name] = parse_condition(texts[name])
            except ProblemError as error:
                broken.add(name)
                self.report(error.problem, macro.condition_context, error.problem.span.text)

        def sees(name: str, other: str) -> bool:
            return other not in macros or macros[name].sees(macros[other])

        def report(name: str, problem: Problem) -> None:
            if not self.is_incomplete or problem.kind != "undefined_macro":
                self.report(problem, macros[name].context, texts[name])

        return resolve_macros(parsed, broken, sees, report)

    def substituted(self, text: Text) -> Text:
        """Return the text of a condition with its lists replaced."""
        replaced, used = self.lists.substitute(text)
        self.used_lists.update(used)
        return replaced

    def checked_rules(self) -> Iterator[CheckedRule]:
        for rule in self.definitions.rules.values():
            source = self.sources.get(rule.source)
            if source is None:
                continue  # the definition was warned about
            found = len(self.diagnostics)
            checked = self.checked_rule(rule, source)
            mistakes = [d for d in self.diagnostics[found:] if d.severity == "error"]
            if not mistakes:
                if checked is not None:
                    yield checked
            elif rule.skip_if_unknown_filter and all(d.kind in _UNKNOWN for d in mistakes):
                first = mistakes[0]
                skipped = Diagnostic("LOAD_UNKNOWN_FILTER", first.problem, first.context)
                self.diagnostics[found:] = [skipped]

    def checked_rule(self, rule: Rule, source: EventSource) -> CheckedRule | None:
        """Check one rule; None if something is wrong with it or with what it uses."""
        fields = self.extras.fields(source.fields)
        self.check_exceptions(rule, fields)
        text, problems = fold_exceptions(rule)
        self.diagnostics += problems
        output = self.read_output(rule, fields)
        try:
            text = self.substituted(text)
            condition = self.macros.resolve(parse_condition(text))
        except ProblemError as error:
            self.refuse(rule, error.problem, text)
            return None
        if condition is None:
            return None
        self.resolved[rule.name] = condition
        checked = check(condition, source, fields)
        for warning in checked.warnings:
            code = _WARNING_CODES.get(warning.kind, "LOAD_COMPILE_CONDITION")
            self.diagnostics.append(diagnose_condition(code, warning, rule.condition_context, text))
        for problem in checked.problems:
            self.report(problem, rule.condition_context, text)
        if output is None or checked.problems:
            return None
        self.check_event_types(rule, condition, source, text)
        return CheckedRule(
            rule.name,
            rule.priority.text,
            rule.source,
            rule.tags,
            place(rule.context[-1].file, rule.context[-1].at),
            checked.condition,
            output,
        )

    def read_output(self, rule: Rule, fields: Catalogue) -> Output | None:
        """Read the output of a rule; None if something is wrong with it."""
        written = self.extras.output(rule)
        if CONTAINER_INFO in str(written):
            message = f"{CONTAINER_INFO} is not shown any more"
            problem = Problem("container_info", message, rule.output.span(0))
            self.diagnostics.append(Diagnostic("LOAD_DEPRECATED_ITEM", problem, rule.context))
            written = without_container_info(written)
        warnings: list[Problem] = []
        try:
            return read_output(written, fields, self.extras.extra_fields(rule), warnings)
        except ProblemError as error:
            self.diagnostics.append(Diagnostic(OUTPUT, error.problem, rule.output_context))
            return None
        finally:
            for warning in warnings:
                code = _WARNING_CODES[warning.kind]
                self.diagnostics.append(Diagnostic(code, warning, rule.output_context))

    def check_event_types(
        self, rule: Rule, condition: Condition, source: EventSource, text: Text
    ) -> None:
        """Warn of a rule that has to be tried on most events, or on none."""
        if not source.event_types:
            return
        try:
            count = len(event_types(condition).among(source.event_types))
        except ProblemError as error:
            self.report(error.problem, rule.condition_context, text)
            return
        if rule.warn_evttypes and (count == 0 or count > MANY_TYPES):
            message = f"the condition is about {count} types of events"
            hint = "begin it with evt.type = ... or evt.type in (...)"
            problem = Problem("no_evttype", message, rule.condition.span(0), hint, rule.name)
            self.diagnostics.append(Diagnostic("LOAD_NO_EVTTYPE", problem, rule.context))

    def refuse(self, rule: Rule, problem: Problem, text: Text) -> None:
        """Report what makes it impossible to read the condition of a rule."""
        if problem.kind != "undefined_macro":
            self.report(problem, rule.condition_context, text)
        elif not self.is_incomplete:
            self.report(problem, rule.context, text)

    @property
    def is_incomplete(self) -> bool:
        """Whether a file could not be read, and nobody knows what would have been in it."""
        return any(kind == "file" for kind, _ in self.definitions.broken)

    def check_exceptions(self, rule: Rule, fields: Catalogue) -> None:
        """Complain about fields of exceptions that do not exist."""
        for text, context in exception_fields(rule):
            try:
                written = parse_condition(text + Text.standing_for(" exists", text.span(0)))
                References(fields, []).value(written.left)  # type: ignore[union-attr]
            except (ProblemError, AttributeError):
                message = f"the exception names a field {str(text)!r}, which does not exist"
                problem = Problem("exception_unknown_field", message, text.span(0))
                self.diagnostics.append(Diagnostic(VALIDATE, problem, context))

    def report(self, problem: Problem, context: Context, condition: Text) -> None:
        """Add a mistake that was found in a condition, or in a macro that it uses."""
        code = _ERROR_CODES.get(problem.kind, CONDITION)
        self.diagnostics.append(diagnose_condition(code, problem, context, condition))

    def unused(self) -> Iterator[Diagnostic]:
        """Warn of macros and lists that nothing refers to."""
        for name, macro in self.definitions.macros.items():
            if name not in self.macros.used:
                yield _unused("macro", macro)
        for name, definition in self.definitions.lists.items():
            if name not in self.used_lists:
                problem = Problem("unused_list", f"list {name!r} is not used", subject=name)
                yield Diagnostic("LOAD_UNUSED_LIST", problem, definition.context)


def _unused(kind: str, macro: MacroDefinition) -> Diagnostic:
    problem = Problem(f"unused_{kind}", f"{kind} {macro.name!r} is not used", subject=macro.name)
    return Diagnostic("LOAD_UNUSED_MACRO", problem, macro.context)
