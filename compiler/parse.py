"""Read conditions.

What a condition is, ``grammar/condition.lark`` says. Here the tokens are given
to the parser one at a time, so that nesting can be limited, and the tree that
comes out is turned into nodes. What is wrong with a condition that cannot be
read is worked out in ``syntax_errors``.
"""

from functools import cache
from typing import Any, Final, NamedTuple

from lark import Lark, Token, Transformer_NonRecursive, Tree, UnexpectedInput, UnexpectedToken

from rulec.diagnostics import Problem, ProblemError
from rulec.grammar import grammar
from rulec.nodes import (
    And,
    Argument,
    Call,
    Check,
    Condition,
    FieldRef,
    Group,
    Items,
    Literal,
    Macro,
    Not,
    Operand,
    Or,
    Reference,
)
from rulec.quoting import EscapeError, unescape
from rulec.syntax_errors import Obstacle, explain
from rulec.text import Span, Text

# Falco's limit when it compiles rules; about 200 nested parentheses.
MAX_DEPTH: Final = 1000


def parse_condition(text: Text, max_depth: int = MAX_DEPTH) -> Condition:
    """Return what ``text`` means.

    :raises ProblemError: if it is no condition; the kind says what is wrong.

    >>> parse_condition(Text.of("not a.b in (x, 'y z')"))
    Not(operand=Check(left=FieldRef(name='a.b', argument=None), operator='in', \
right=Items(items=(Literal(text='x'), Literal(text='y z')))))
    """
    condition: Condition = Builder(text).transform(condition_tree(text, max_depth)).node
    return condition


def condition_tree(text: Text, max_depth: int = MAX_DEPTH) -> Tree[Token]:
    """Return a condition as the grammar has it, with its parentheses and quotes.

    :raises ProblemError: if it is no condition.
    """
    source = str(text)
    if not source:
        raise ProblemError(Problem("empty_condition", "the condition is empty", text.span(0)))
    parser = _lark().parse_interactive(source)
    progress = Progress(text, max_depth)
    try:
        for token in parser.iter_parse():
            progress.see(token)
        tree: Tree[Token] = parser.feed_eof()  # type: ignore[no-untyped-call]
    except UnexpectedInput as error:
        at_end = isinstance(error, UnexpectedToken) and error.token.type == "$END"
        obstacle = Obstacle(
            text=text,
            position=len(source) if at_end else error.pos_in_stream or 0,
            previous=progress.previous,
            opener=progress.openers[-1] if progress.openers else None,
            accepted=frozenset(parser.accepts()),  # type: ignore[no-untyped-call]
            grammar=_lark(),
        )
        raise ProblemError(explain(obstacle)) from None
    return tree


@cache
def _lark() -> Lark:
    return Lark(grammar("condition"), parser="lalr", start="condition", maybe_placeholders=False)


# --- while tokens are read ----------------------------------------------------------
#
# Falco counts one level for each rule of its grammar that is being read: or, and,
# not, check and group (five) for a parenthesis, fewer where "not(", "and(" or "or("
# skip some of them. Calls are not measured; they are given what a parenthesis has.

_LEVELS_OPENED: Final = {
    "GROUP_OPEN": 5,
    "NOT_OPEN": 4,
    "AND_OPEN": 3,
    "OR_OPEN": 2,
    "CALL_OPEN": 5,
    "SEQUENCE_OPEN": 0,
    "VAL_OPEN": 0,
    "LIST_OPEN": 0,
}

# What it takes, at the level of the innermost parenthesis, to read such a token.
_LEVELS_NEEDED: Final = {
    **dict.fromkeys(("NOT", "NOT_OPEN"), 3),
    **dict.fromkeys(("GROUP_OPEN", "NAME", "FIELD", "CALL_OPEN"), 4),
    "EXISTS": 5,
    **dict.fromkeys(("NUMBER_OPERATOR", "STRING_OPERATOR", "LIST_OPERATOR"), 6),
}


class Progress:
    """What has been read so far: the last token, and the parentheses still open."""

    def __init__(self, text: Text, max_depth: int) -> None:
        self.previous: Token | None = None
        self.openers: list[Token] = []
        self._text = text
        self._max_depth = max_depth
        self._depth = 0

    def see(self, token: Token) -> None:
        """Take note of a token that the parser is about to be given.

        :raises ProblemError: if it is nested too deeply, or a quoted string
            with a bad escape. Both are reported before anything that follows.
        """
        kind = token.type
        if self._depth + _LEVELS_NEEDED.get(kind, 0) > self._max_depth:
            raise self._problem(
                "depth_exceeded",
                "the condition is nested too deeply",
                token.start_pos,
                hint="move a part of it into a macro",
            )
        if kind in _LEVELS_OPENED:
            self.openers.append(token)
            self._depth += _LEVELS_OPENED[kind]
        elif kind == "CLOSE" and self.openers:
            self._depth -= _LEVELS_OPENED[self.openers.pop().type]
        elif kind in ("QUOTED", "QUOTED_ARGUMENT"):
            try:
                unescape(token)
            except EscapeError as error:
                message, hint = str(error), error.hint
                raise self._problem(error.kind, message, token.end_pos, hint) from None
        self.previous = token

    def _problem(self, kind: str, message: str, at: int | None, hint: str) -> ProblemError:
        place = at or 0
        return ProblemError(Problem(kind, message, self._text.span(place, place), hint))


# --- from the tree to nodes -----------------------------------------------------------


class Part(NamedTuple):
    """A node and the place it takes together with its parentheses."""

    node: Any
    start: int
    end: int


class Builder(Transformer_NonRecursive[Token, Any]):
    """Turns what the grammar found into nodes; each method is named after a rule."""

    def __init__(self, text: Text) -> None:
        super().__init__(visit_tokens=False)
        self._text = text

    def condition(self, parts: list[Part]) -> Part:
        return parts[0]

    def disjunction(self, parts: list[Part]) -> Part:
        return self._joined(Or, parts)

    def conjunction(self, parts: list[Part]) -> Part:
        return self._joined(And, parts)

    def _joined(self, kind: type[And | Or], parts: list[Part]) -> Part:
        start, end = parts[0].start, parts[-1].end
        node = kind(tuple(part.node for part in parts), span=self._text.span(start, end))
        return Part(node, start, end)

    def negation(self, children: list[Any]) -> Part:
        """Neighbouring ``not``s cancel each other out; ``not (not a)`` stays as it is."""
        (operand,) = (child for child in children if isinstance(child, Part))
        start, end = _start(children[0]), max(operand.end, _end(children[-1]))
        if sum(_is(child, "NOT", "NOT_OPEN") for child in children) % 2 == 0:
            return Part(operand.node, start, end)
        return Part(Not(operand.node, span=self._text.span(start, end)), start, end)

    def group(self, children: list[Any]) -> Part:
        opening, inner, closing = children
        return Part(inner.node, _start(opening), _end(closing))

    def macro(self, children: list[Token]) -> Part:
        (name,) = children
        return Part(Macro(str(name), span=self._span(name)), _start(name), _end(name))

    def exists(self, children: list[Any]) -> Part:
        left, operator = children
        return self._check(left, [operator], None, _end(operator))

    def comparison(self, children: list[Any]) -> Part:
        left, *operator, right = children
        match right:
            case Token():
                return self._check(left, operator, self._literal(right), _end(right))
            case Part():
                return self._check(left, operator, right.node, right.end)
            case _:
                return self._check(left, operator, right, right.span.end)

    def _check(
        self, left: Reference, operator: list[Token], right: Operand | None, end: int
    ) -> Part:
        start = left.span.start
        span = self._text.span(start, end)
        return Part(Check(left, " ".join(operator), right, span=span), start, end)

    def val(self, children: list[Any]) -> Part:
        """``val(a.b)`` is the field itself; with a selector, which nothing allows, a call."""
        opening, field, closing, *selector = children
        if selector:
            field = self.call([opening, field, closing, *selector])
        return Part(field, _start(opening), _end(children[-1]))

    def items(self, tokens: list[Token]) -> Items:
        items = tuple(map(self._literal, tokens[1:-1]))
        return Items(items, span=self._span(tokens[0], tokens[-1]))

    def field(self, children: list[Token]) -> FieldRef:
        name, *argument = children
        span = self._span(name, children[-1])
        return FieldRef(str(name), _content(argument[0]) if argument else None, span=span)

    def call(self, children: list[Any]) -> Call:
        closing = next(i for i, child in enumerate(children) if _is(child, "CLOSE"))
        arguments = tuple(map(self._argument, children[1:closing]))
        selector = _content(children[closing + 1]) if children[closing + 1 :] else None
        span = self._span(children[0], children[-1])
        return Call(str(children[0][:-1]), arguments, selector, span=span)

    def sequence(self, children: list[Any]) -> Group:
        items: tuple[Any, ...] = tuple(map(self._argument, children[1:-1]))
        return Group(items, span=self._span(children[0], children[-1]))

    def _argument(self, child: Any) -> Argument:
        return self._literal(child) if isinstance(child, Token) else child

    def _literal(self, token: Token) -> Literal:
        return Literal(_content(token), span=self._span(token))

    def _span(self, first: Token, last: Token | None = None) -> Span:
        return self._text.span(_start(first), _end(last or first))


def _is(child: object, *kinds: str) -> bool:
    return isinstance(child, Token) and child.type in kinds


def _start(token: Token) -> int:
    assert token.start_pos is not None
    return token.start_pos


def _end(token: Token | Part) -> int:
    end = token.end if isinstance(token, Part) else token.end_pos
    assert end is not None
    return end


def _content(token: Token) -> str:
    return unescape(token) if token[0] in "\"'" else str(token)
