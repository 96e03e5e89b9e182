"""Write the output function of a rule: the message of its alerts, and the fields in them."""

import ast
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from rulec.bodies import Body
from rulec.nodes import Loaded, Value
from rulec.plan import Output, Parts
from rulec.python import call, constant, name
from rulec.references import several, shape
from rulec.runtime.fields import Form, Kind, Several
from rulec.runtime.rendering import NA

if TYPE_CHECKING:
    from rulec.module import Module

# The functions of the runtime that show integers in other forms than decimal.
_FORMS: Final = {
    Form.HEXADECIMAL: "shown_hexadecimal",
    Form.OCTAL: "shown_octal",
    Form.PADDED: "shown_padded",
}


def output_body(output: Output, source: str, module: "Module") -> list[ast.stmt]:
    """Write the statements that make the output of a rule for an event."""
    body = _OutputBody(source, module)
    fields = [
        body.formatted(value) if isinstance(value, tuple) else body.reported(value)
        for _, value in output.fields
    ]
    keys: list[ast.expr | None] = [constant(key) for key, _ in output.fields]
    message = body.formatted(output.parts)
    result = ast.Tuple([message, ast.Dict(keys, fields)], ast.Load())
    return [*body.statements, ast.Return(result)]


class _OutputBody(Body):
    """The body of an output function while it is written."""

    def formatted(self, parts: Parts) -> ast.expr:
        """Write the text that parts make for an event."""
        shown: list[ast.expr] = []
        text = ""
        for part in parts:
            if isinstance(part, str):
                text += part.replace("%", "%%")
                continue
            text += "%s"
            slot = self.shown(part.value)
            if part.width is not None:
                slot = call("fitted", slot, constant(part.width))
            shown.append(slot)
        if not shown:
            return constant(text.replace("%%", "%"))
        return ast.BinOp(constant(text), ast.Mod(), ast.Tuple(shown, ast.Load()))

    def value(self, value: Value) -> ast.expr:
        """Write a value, or that of the field which is shown in its place."""
        if several(value) and isinstance(value, Loaded) and value.field.shown_as:
            field = replace(value.field, name=value.field.shown_as, several=None)
            value = replace(value, field=field)
        return super().value(value)

    def shown(self, value: Value) -> ast.expr:
        """Write the text of a value in an alert."""
        if several(value) is Several.ENDS:
            return constant(NA)
        return call(_shows(value), self.value(value))

    def reported(self, value: Value) -> ast.expr:
        """Write the value of a field as it is reported beside the text."""
        if isinstance(value, Loaded) and value.field.output_attribute is not None:
            return ast.Attribute(name("event"), value.field.output_attribute, ast.Load())
        if several(value) is Several.ENDS:
            return constant(None)
        if isinstance(value, Loaded) and value.field.numeric:
            return self.value(value)
        if _shows(value) != "shown":
            return call("reported_text", self.shown(value))
        if shape(value).type.kind in (Kind.ADDRESS, Kind.BYTES):
            return call("reported", self.value(value))
        return self.value(value)


def _shows(value: Value) -> str:
    """Return the function of the runtime that gives the text of a value."""
    if shape(value).type.kind is Kind.NETWORK:
        return "shown_network"
    if not isinstance(value, Loaded):
        return "shown"
    if several(value) is Several.ANCESTORS and not value.field.shown_as:
        return "shown_joined"
    return _FORMS.get(value.field.form, "shown")
