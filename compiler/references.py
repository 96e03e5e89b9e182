"""Find what a name in a condition or an output refers to."""

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final, assert_never

from rulec.diagnostics import Problem, ProblemError
from rulec.nodes import (
    Argument,
    Call,
    Constant,
    FieldRef,
    Group,
    Literal,
    Loaded,
    Reference,
    Sequence,
    Transformed,
    Value,
)
from rulec.runtime.fields import CHARBUF, DOTTED, Catalogue, Field, Several, argument_problem
from rulec.runtime.fields import Argument as ArgumentPolicy
from rulec.transformers import JOINABLE, TRANSFORMERS, Shape, Transformer


def shape(value: Value) -> Shape:
    """Return the type of a value."""
    match value:
        case Loaded(field):
            return Shape(field.type, field.is_list)
        case Constant(_, type_):
            return Shape(type_, constant=True)
        case Sequence():
            return Shape(CHARBUF, is_list=True)
        case Transformed():
            return Shape(value.type, value.is_list)
        case _:
            assert_never(value)


def several(value: Value) -> Several | None:
    """Return what a value is one of, if it is one of several."""
    return value.field.several if isinstance(value, Loaded) and value.argument is None else None


@dataclass(frozen=True, slots=True)
class References:
    """Looks references up in the fields of a source and in the transformers.

    What is worth a warning is added to ``warnings``. Names that are nearly
    right are looked for only if somebody is going to read about them.
    """

    fields: Catalogue
    warnings: list[Problem]
    suggest: bool = True
    _suggestions: dict[str, str] = field(default_factory=dict, repr=False)

    def value(self, reference: Reference) -> Value:
        """Return what a reference stands for.

        :raises ProblemError: if there is no such thing, or not of this type.
        """
        match reference:
            case FieldRef():
                return self.field(reference)
            case Call():
                return self.call(reference)
            case _:
                assert_never(reference)

    def known(self, text: str) -> bool:
        """Return whether ``text`` names a field, with an argument that fits it."""
        name, bracket, rest = text.partition("[")
        if bracket and not rest.endswith("]"):
            return False
        field, argument, dotted = self.found(name, rest[:-1] if bracket else None)
        return field is not None and argument_problem(field, argument, dotted=dotted) is None

    def field(self, reference: FieldRef) -> Loaded:
        """Return the field that a name refers to."""
        name = reference.name
        found, argument, dotted = self.found(name, reference.argument)
        if found is None:
            text = f"unknown field {name!r}"
            raise ProblemError(Problem("unknown_field", text, reference.span, self.near(name)))
        if complaint := argument_problem(found, argument, dotted=dotted):
            kind = _argument_kind(found, argument)
            raise ProblemError(Problem(kind, complaint, reference.span))
        if found.warning:
            self.warnings.append(_used(found, reference))
        return Loaded(found, argument, span=reference.span)

    def near(self, name: str) -> str:
        """Return a hint at the field that may have been meant."""
        if not self.suggest:
            return ""
        if name not in self._suggestions:
            near = get_close_matches(name, self.fields, n=1, cutoff=0.7)
            self._suggestions[name] = f"did you mean {near[0]!r}?" if near else ""
        return self._suggestions[name]

    def found(self, name: str, argument: str | None) -> tuple[Field | None, str | None, bool]:
        """Return the field of a name, its argument, and whether a dot is before that."""
        found = self.fields.get(name)
        if found is None and argument is None:
            short, _, rest = name.rpartition(".")
            while short and (found := self.fields.get(short)) is None:
                short, _, step = short.rpartition(".")
                rest = f"{step}.{rest}"
            is_dotted = found is not None and found.argument in DOTTED
            return (found if is_dotted else None), rest, is_dotted
        return found, argument, False

    def call(self, call: Call) -> Transformed:
        """Return the transformed value that a call refers to."""
        if call.name not in TRANSFORMERS:  # val(field)[x], which the grammar lets through
            text = f"{call.name}(...) takes no argument in brackets"
            hint = "write val(field[x])"
            raise ProblemError(Problem("transformer_bad_index", text, call.span, hint))
        transformer = TRANSFORMERS[call.name]
        least, most = transformer.arity
        if not least <= len(call.arguments) <= most:
            wanted = str(least) if least == most else f"at least {least}"
            text = f"{call.name} takes {wanted} arguments, not {len(call.arguments)}"
            raise ProblemError(Problem("transformer_bad_arity", text, call.span))
        arguments = tuple(self.argument(argument, call) for argument in call.arguments)
        result = transformer.result([shape(argument) for argument in arguments])
        if result is None:
            text = f"{call.name} does not take a {_listed(arguments)}"
            raise ProblemError(Problem("transformer_type_mismatch", text, call.span))
        is_list = not self.selected(transformer, call) and result.is_list
        return Transformed(
            call.name, arguments, call.selector, result.type, is_list, span=call.span
        )

    def selected(self, transformer: Transformer, call: Call) -> bool:
        """Return whether a selector follows the call, or complain about it."""
        if call.selector is None:
            return False
        if not transformer.selects or len(call.selector) != 1:
            text = f"{call.name} takes no [{call.selector}]"
            hint = "only getopt(...)[x] with one letter selects an option"
            raise ProblemError(Problem("transformer_bad_index", text, call.span, hint))
        return True

    def argument(self, argument: Argument, call: Call) -> Value:
        """Return the value of an argument of a transformer."""
        match argument:
            case Literal(text):
                return Constant(text, CHARBUF, span=argument.span)
            case Group(items):
                parts = tuple(self.argument(item, call) for item in items)
                if any(shape(part).type.name not in JOINABLE for part in parts):
                    text = f"a list with a {_listed(parts)} cannot be put together"
                    raise ProblemError(Problem("transformer_type_mismatch", text, argument.span))
                return Sequence(parts, span=argument.span)
            case FieldRef():
                loaded = self.field(argument)
                if not loaded.field.transformable:
                    text = f"{argument.name} cannot be transformed"
                    raise ProblemError(Problem("transformer_not_allowed", text, argument.span))
                return loaded
            case Call():
                return self.call(argument)
            case _:
                assert_never(argument)


# What rules are told that use such a field, by the kind of the warning.
_WARNINGS: Final = {
    "deprecated_field": "is deprecated",
    "legacy_field": "is unknown to Falco since 0.32",
}


def _used(field: Field, reference: FieldRef) -> Problem:
    text = f"field {field.name} {_WARNINGS[field.warning]}"
    return Problem(field.warning, text, reference.span, subject=field.name)


def _argument_kind(field: Field, argument: str | None) -> str:
    """Return the kind of the problem with the argument of a field."""
    if argument is None:
        return "field_argument_required"
    takes_none = field.argument is ArgumentPolicy.NONE
    return "field_argument_not_allowed" if takes_none else "field_argument_invalid"


def _listed(values: tuple[Value, ...]) -> str:
    shapes = [shape(value) for value in values]
    return " and a ".join(f"list of {s.type.name}" if s.is_list else s.type.name for s in shapes)
