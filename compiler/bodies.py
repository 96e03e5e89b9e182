"""What the functions of a rule have in common: variables for the values that they use."""

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, assert_never

from rulec.nodes import Constant, Loaded, Sequence, Transformed, Value
from rulec.python import assign, call, constant, identifier, name
from rulec.runtime import EXPORTS
from rulec.runtime.fields import field_text
from rulec.transformers import TRANSFORMERS

if TYPE_CHECKING:
    from rulec.module import Module


@dataclass
class Body:
    """The body of a function while it is written: its statements and its variables."""

    source: str
    module: "Module"
    statements: list[ast.stmt] = field(default_factory=list)
    variables: dict[Value, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=lambda: {"event", "item", *EXPORTS})

    def value(self, value: Value) -> ast.expr:
        """Write a value: a constant, or a variable that is assigned before its first use."""
        match value:
            case Constant():
                return self.module.operand(None, value)
            case Sequence(parts):
                return ast.Tuple([self.value(part) for part in parts], ast.Load())
            case Loaded() | Transformed():
                if value not in self.variables:
                    written = self.computed(value)
                    self.variables[value] = identifier(described(value), self.names)
                    self.statements.append(assign(self.variables[value], written))
                return name(self.variables[value])
            case _:
                assert_never(value)

    def computed(self, value: Loaded | Transformed) -> ast.expr:
        if isinstance(value, Loaded):
            if value.field.named:
                text = constant(field_text(value.field, value.argument))
                return ast.Subscript(name("event"), text, ast.Load())
            return self.module.load(value, self.source)
        arguments = [self.value(argument) for argument in value.arguments]
        if value.selector is not None:
            arguments.append(constant(value.selector))
        return call(TRANSFORMERS[value.transformer].function, *arguments)


def described(value: Value) -> str:
    """Return words to name a value by."""
    match value:
        case Loaded(declared, argument):
            # "field" keeps a variable from looking like a load function.
            prefix = "field " if declared.name.startswith("load") else ""
            return f"{prefix}{declared.name} {argument or ''}"
        case Transformed(transformer, arguments):
            return " ".join([transformer, *map(described, arguments)])
        case _:
            return "text"
