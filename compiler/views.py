"""Write the view of an event source: classes that say what the rules read of an event.

The members that the gate looks at, or that many conditions do, are decoded with
every event, the others when a rule first asks for them. What is not declared is skipped.
"""

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from keyword import iskeyword
from typing import TYPE_CHECKING, Final

from rulec.places import Place, Read, declarable, names, tree
from rulec.python import (
    assign,
    call,
    class_,
    class_identifier,
    compare,
    constant,
    function,
    identifier,
    name,
)
from rulec.runtime.fields import EACH, Step, pointer_steps
from rulec.runtime.sources.reading import Envelope

if TYPE_CHECKING:
    from rulec.module import Module


@dataclass(frozen=True, slots=True)
class Shape:
    """What a value is decoded to: a part with members, a list, or nothing of that.

    A value that is not ``decoded`` waits for somebody to ask for it.
    """

    part: str = ""  # the class of a part
    members: "Mapping[str, Member]" = field(default_factory=dict)
    element: "Shape | None" = None
    decoded: bool = True

    def annotation(self) -> ast.expr:
        """Write the type."""
        if self.part:
            return name(self.part)
        if self.element is None:
            return name("Simple" if self.decoded else "Raw")
        return ast.Subscript(name("list"), self.element.annotation(), ast.Load())


SIMPLE: Final = Shape()
ANYTHING: Final = Shape(decoded=False)


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a part: its attribute there, and whether it waits to be decoded."""

    attribute: str
    shape: Shape
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Reached:
    """An expression, what it is decoded to, and the steps that still lead into it."""

    value: ast.expr
    shape: Shape | None
    rest: tuple[Step, ...]


def reach(root: ast.expr, shape: Shape, path: tuple[Step, ...]) -> Reached:
    """Follow a path through the members that a view declares."""
    value = root
    for position, step in enumerate(path):
        if step is EACH or step not in shape.members:
            return Reached(value, shape, path[position:])
        member = shape.members[step]
        value = ast.Attribute(value, member.attribute, ast.Load())
        if not member.shape.decoded:
            value = call("opened", value)
        shape = member.shape
    return Reached(value, shape, ())


def opener(title: str, kept: str, root: str, json_name: str, member: Member) -> ast.stmt:
    """Write the function that decodes a member of an event when it is first asked for.

    What it says is ``kept`` as an attribute of the event. Whoever asks for a part has looked there.
    """
    waiting = ast.Attribute(
        ast.Attribute(name("event"), root, ast.Load()), member.attribute, ast.Load()
    )
    value = call("opened", waiting)
    if member.shape.part:
        value = call("viewed", waiting, name(member.shape.part))
    store = ast.Attribute(name("event"), kept, ast.Store())
    decode: ast.stmt = ast.Assign([ast.Name("value", ast.Store()), store], value)
    body = [decode]
    if not member.shape.part:
        unknown = compare(name("value"), ast.Is(), name("MISSING"))
        body = [
            assign("value", ast.Attribute(name("event"), kept, ast.Load())),
            ast.If(unknown, [decode], []),
        ]
    body.append(ast.Return(name("value")))
    doc = f"Return /{json_name} of an event, which is decoded when a rule first asks for it."
    return function(title, ["event"], doc, body)


@dataclass(frozen=True, slots=True)
class WrittenView:
    """A view, and the statements that declare it."""

    shape: Shape
    statements: tuple[ast.stmt, ...]
    time: str  # the function that returns what the envelope says of the time


def write_view(
    source: str,
    envelope: Envelope,
    reads: Iterable[Read],
    eager: Iterable[str],
    module: "Module",
) -> WrittenView:
    """Write the view for the rules of a source, which read ``reads``.

    ``eager`` are the members at the top of an event that are decoded at once.
    """
    time = () if envelope.time is None else pointer_steps(envelope.time)
    declared = declarable(names(time))
    required = [Read((each,), simple=True) for each in envelope.members]
    top = tree([*reads, *required, *(Read(path, True) for path in [declared] if path)])
    writer = _Writer(source, module)
    shape = writer.view(top, envelope, {*eager, *envelope.members, *map(str, declared[:1])})
    # Without a way to the time, every document is read with care.
    time_function = writer.time(shape, time) if declared else ""
    return WrittenView(shape, (*writer.classes, *writer.functions), time_function)


@dataclass
class _Writer:
    source: str
    module: "Module"
    classes: list[ast.stmt] = field(default_factory=list)
    functions: list[ast.stmt] = field(default_factory=list)

    def view(self, top: Place, envelope: Envelope, eager: set[str]) -> Shape:
        """Write the class of a whole event, after those of its parts."""
        class_name = self.class_name(("view",))
        order = [each for each in envelope.order if each in top.members]
        taken: set[str] = set()
        members: dict[str, Member] = {}
        for each in dict.fromkeys([*order, *sorted(top.members)]):
            place = top.members[each]
            attribute = _attribute(each, taken)
            if each in eager:
                members[each] = Member(attribute, self.shape(place, (each,)))
            else:
                shape = self.shape(place, (each,)) if place.members else ANYTHING
                members[each] = Member(attribute, shape, waits=True)
        doc = f"What the rules read of an event of {self.source}."
        body = [_declared(each, member, envelope) for each, member in members.items()]
        settings = {"kw_only": ast.Constant(True), **_renamed(members)}
        self.classes.append(class_(class_name, "View", settings, doc, body))
        return Shape(class_name, members)

    def shape(self, place: Place, path: tuple[str, ...]) -> Shape:
        """Return the shape of a place, and write the classes that it takes."""
        if place.element is not None and not place.element.whole:
            return Shape(element=self.shape(place.element, path))
        if not place.members:
            return SIMPLE if place.simple else ANYTHING
        taken: set[str] = set()
        members = {
            each: Member(_attribute(each, taken), self.shape(inner, (*path, each)))
            for each, inner in sorted(place.members.items())
        }
        class_name = self.class_name(path)
        body = [_declared(each, member) for each, member in members.items()]
        doc = f"What the rules read at /{'/'.join(path)} of an event of {self.source}."
        self.classes.append(class_(class_name, "Part", _renamed(members), doc, body))
        return Shape(class_name, members)

    def class_name(self, path: tuple[str, ...]) -> str:
        """Return a name for a class: that of the source and of the member that it is about."""
        return class_identifier(f"{self.source} {words_of(path[-1])}", self.module.names)

    def time(self, shape: Shape, path: tuple[str, ...]) -> str:
        """Write the function that returns what an event says of its time."""
        reached = reach(name("view"), shape, path)
        value = reached.value
        if reached.rest:
            value = call("follow", value, constant(tuple(map(str, reached.rest))))
        found = identifier(f"{self.source} time", self.module.names)
        doc = f"Return what an event of {self.source} says of its time."
        self.functions.append(function(found, ["view"], doc, [ast.Return(value)]))
        return found


def _declared(json_name: str, member: Member, envelope: Envelope | None = None) -> ast.stmt:
    """Write the declaration of a member: its name, its type, its default if it may be missing."""
    type_ = name("Raw") if member.waits else member.shape.annotation()
    default: ast.expr | None = name("MISSING")
    if member.shape is SIMPLE and not member.waits:
        default = ast.Constant(None)
    if member.shape.element is not None and not member.waits:
        default = ast.Tuple([], ast.Load())
    elif member.shape.part and not member.waits:
        default = call(member.shape.part)
    if envelope is not None and json_name in envelope.members:
        default = None
        wanted = envelope.members[json_name]
        if wanted is str:
            type_ = name("str")
        elif isinstance(wanted, str):
            type_ = ast.Subscript(name("Literal"), ast.Constant(wanted), ast.Load())
    return ast.AnnAssign(ast.Name(member.attribute, ast.Store()), type_, default, 1)


def _renamed(members: Mapping[str, Member]) -> dict[str, ast.expr]:
    """Write the names in JSON of the attributes that are called otherwise."""
    renamed = {
        member.attribute: json_name
        for json_name, member in members.items()
        if member.attribute != json_name
    }
    if not renamed:
        return {}
    keys: list[ast.expr | None] = [constant(key) for key in renamed]
    return {"rename": ast.Dict(keys, [constant(value) for value in renamed.values()])}


# What the declarations of a class refer to: members of these names need others.
_NOT_ATTRIBUTES: Final = frozenset({"list", "str"})


def _attribute(member: str, taken: set[str]) -> str:
    """Return the attribute for a member: its own name wherever Python allows it.

    >>> _attribute("objectRef", set()), _attribute("app.kubernetes.io/name", set())
    ('objectRef', 'app_kubernetes_io_name')
    """
    wanted = words_of(member)
    if re.fullmatch("[a-z][A-Za-z0-9_]*", member) and not iskeyword(member):
        if member not in taken | _NOT_ATTRIBUTES:
            taken.add(member)
            return member
        wanted += " member"
    return identifier(wanted, taken)


def words_of(text: str) -> str:
    """Return the words of a name, whose parts may be marked by capitals.

    >>> words_of("requestObject"), words_of("auditID"), words_of("k8s_audit")
    ('request Object', 'audit ID', 'k8s_audit')
    """
    return re.sub("(?<=[a-z0-9])(?=[A-Z])", " ", text)
