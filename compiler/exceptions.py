"""Exceptions of rules: checked, added to, and folded into the condition.

A condition ``C`` with exceptions becomes ``(C) and not (...) and not (...)``
with one clause for each exception that has values. That is done with the text,
not with its meaning, because Falco does so and rules rely on it: a value can
be the name of a list or a call of a transformer.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from rulec.diagnostics import Diagnostic, Problem, ProblemError
from rulec.item_reader import suggest
from rulec.items import Context, Entry, Rule, RuleException, Value
from rulec.phrases import joined, parenthesised, quoted, trimmed
from rulec.text import Span, Text
from rulec.yaml_reader import place

_LIST_OPERATORS = frozenset({"in", "pmatch", "intersects"})


def takes_list(operator: str) -> bool:
    """Return whether an operator has a list on its right, as those with a modifier have.

    >>> takes_list("in"), takes_list("startswith oneof"), takes_list("=")
    (True, True, False)
    """
    return operator in _LIST_OPERATORS or " " in operator


def _diagnose(exception: RuleException, kind: str, message: str, hint: str = "") -> Diagnostic:
    problem = Problem(kind, message, place_of(exception), hint, exception.name)
    return Diagnostic("LOAD_ERR_VALIDATE", problem, exception.context)


def place_of(exception: RuleException) -> Span:
    """Return where an exception begins: what was not written of it stands there."""
    last = exception.context[-1]
    return place(last.file, last.at)


def complete_exceptions(
    exceptions: Iterable[RuleException], operators: Collection[str]
) -> tuple[tuple[RuleException, ...], list[Diagnostic]]:
    """Return the exceptions with all they leave out, and what is wrong with them."""
    complete: list[RuleException] = []
    diagnostics: list[Diagnostic] = []
    for exception in exceptions:
        exception = _with_operators(exception)
        complete.append(exception)
        diagnostics += _faults(exception, operators)
    return tuple(complete), diagnostics


def _with_operators(exception: RuleException) -> RuleException:
    fields, given = exception.fields, exception.operators
    if given is None:
        if isinstance(fields, tuple):
            given = tuple(Text.standing_for("=", place_of(exception)) for _ in fields)
        else:
            given = Text.standing_for("in", place_of(exception))
    elif isinstance(given, tuple):
        given = tuple(map(trimmed, given))
    else:
        given = trimmed(given)
    return replace(exception, operators=given)


def _faults(exception: RuleException, operators: Collection[str]) -> Iterator[Diagnostic]:
    fields, given = exception.fields, exception.operators
    if fields is None or not len(fields):
        yield _diagnose(exception, "exception_missing_fields", "the exception has no fields")
    elif isinstance(fields, tuple):
        given = (given,) if isinstance(given, Text) else given or ()
        if len(given) != len(fields):
            message = f"the exception has {len(fields)} fields, but {len(given)} comps"
            yield _diagnose(exception, "exception_fields_comps_length", message)
        for operator in map(str, given):
            if operator not in operators:
                message = f"'{operator}' is no comparison operator"
                hint = suggest(operator, operators)
                yield _diagnose(exception, "exception_unknown_operator", message, hint)
    elif isinstance(given, tuple):
        message = "the exception has a single field, but a list of comps"
        yield _diagnose(exception, "exception_comps_not_scalar", message)
    elif str(given) not in operators or not takes_list(str(given)):
        message = f"'{given}' does not take a list, as it must with a single field"
        hint = "write in, pmatch, intersects, or an operator with oneof, anyof or allof"
        yield _diagnose(exception, "exception_comp_not_set_operator", message, hint)


def append_exceptions(
    previous: tuple[RuleException, ...],
    more: Iterable[RuleException],
    operators: Collection[str],
) -> tuple[tuple[RuleException, ...], list[Diagnostic]]:
    """Return the exceptions with more of them added, and what is wrong with those.

    Values are added to an exception that is there already; any other
    exception has to be complete.
    """
    exceptions = list(previous)
    diagnostics: list[Diagnostic] = []
    for addition in more:
        names = [exception.name for exception in exceptions]
        if addition.name not in names:
            new, faults = _new_exception(addition, operators)
            exceptions.append(new)
            diagnostics += faults
            continue
        faults = list(_surplus(addition))
        diagnostics += faults
        index = names.index(addition.name)
        if not faults:
            values = (exceptions[index].values or ()) + (addition.values or ())
            exceptions[index] = replace(exceptions[index], values=values)
    return tuple(exceptions), diagnostics


def _surplus(addition: RuleException) -> Iterator[Diagnostic]:
    for kind, entry in (("fields", addition.fields), ("comps", addition.operators)):
        if entry is not None:
            message = f"'{kind}' of exception '{addition.name}' is given once more"
            hint = "append 'values' only"
            yield _diagnose(addition, f"exception_append_{kind}", message, hint)


def _new_exception(
    addition: RuleException, operators: Collection[str]
) -> tuple[RuleException, list[Diagnostic]]:
    if addition.fields is None:
        message = f"exception '{addition.name}' is new to the rule, but has no fields"
        return addition, [_diagnose(addition, "exception_missing_fields", message)]
    if not addition.values:
        message = f"exception '{addition.name}' is new to the rule, but has no values"
        return addition, [_diagnose(addition, "exception_missing_values", message)]
    complete, diagnostics = complete_exceptions([addition], operators)
    return complete[0], diagnostics


def exception_fields(rule: Rule) -> Iterator[tuple[Text, Context]]:
    """Yield each field of the exceptions of a rule, with the way to its exception."""
    for exception in rule.exceptions:
        fields = exception.fields or ()
        for field in (fields,) if isinstance(fields, Text) else fields:
            yield field, exception.context


def exception_texts(exception: RuleException) -> Iterator[Text]:
    """Yield what was written of an exception: its fields, its operators and its values."""
    given = (exception.fields, exception.operators, *(exception.values or ()))
    pending: list[Value | None] = list(given)
    while pending:
        match pending.pop():
            case Text() as text:
                yield text
            case tuple(parts):
                pending.extend(parts)
            case None:
                pass


def fold_exceptions(rule: Rule) -> tuple[Text, list[Diagnostic]]:
    """Return the condition of a rule with its exceptions, and what is wrong with their values."""
    if not rule.exceptions:
        return rule.condition, []
    start, end = rule.condition.span(0), rule.condition.span(len(rule.condition))
    parts = [Text.standing_for("(", start), rule.condition, Text.standing_for(")", end)]
    diagnostics: list[Diagnostic] = []
    for exception in rule.exceptions:
        if not exception.values:
            continue
        glue = place_of(exception)
        try:
            clause = list(_clause(exception, glue))
        except ProblemError as error:
            problem = error.problem
            diagnostics.append(Diagnostic("LOAD_ERR_VALIDATE", problem, exception.context))
        else:
            parts += [Text.standing_for(" and not (", glue), *clause]
            parts.append(Text.standing_for(")", glue))
    return joined(parts), diagnostics


def _clause(exception: RuleException, glue: Span) -> Iterator[Text]:
    fields, operators = exception.fields, exception.operators
    values = exception.values or ()
    if isinstance(fields, Text):
        operator = operators if isinstance(operators, Text) else Text()
        yield from _single(exception, fields, operator, values, glue)
        return
    fields = fields or ()
    given = operators if isinstance(operators, tuple) else ()
    if len(given) != len(fields):
        # Only possible when exceptions are replaced, where nothing is added to them.
        raise _wrong(exception, "exception_fields_comps_length", "give as many comps as fields")
    for index, value in enumerate(values):
        members = value if isinstance(value, tuple) else ()
        if len(members) != len(fields):
            message = f"a value has {len(members)} members for {len(fields)} fields"
            raise _wrong(exception, "exception_fields_values_length", message)
        yield Text.standing_for(" or (" if index else "(", glue)
        for number, (field, operator, member) in enumerate(
            zip(fields, given, members, strict=True)
        ):
            yield Text.standing_for(" and  " if number else " ", glue)
            yield from (field, Text.standing_for(" ", glue), operator)
            yield from (Text.standing_for(" ", glue), _member(member, str(operator), glue))
        yield Text.standing_for(")", glue)


def _single(
    exception: RuleException,
    field: Text,
    operator: Text,
    values: Iterable[Value],
    glue: Span,
) -> Iterator[Text]:
    if not len(operator):
        raise _wrong(exception, "exception_fields_comps_length", "give 'comps' for the field")
    yield from (field, Text.standing_for(" ", glue), operator, Text.standing_for(" (", glue))
    for index, value in enumerate(values):
        if not isinstance(value, Text):
            message = "a value is a list, but there is a single field"
            raise _wrong(exception, "exception_values_not_scalar", message)
        if index:
            yield Text.standing_for(", ", value.span(0))
        yield quoted(value)
    yield Text.standing_for(")", glue)


def _wrong(exception: RuleException, kind: str, message: str) -> ProblemError:
    return ProblemError(Problem(kind, message, place_of(exception), subject=exception.name))


def _member(member: Entry, operator: str, glue: Span) -> Text:
    if not isinstance(member, Text):
        return parenthesised(map(quoted, member), member[0].span(0) if member else glue)
    if not takes_list(operator):
        return quoted(member)
    if str(member).startswith("("):
        return member
    return parenthesised([member], member.span(0))
