"""The words of a file with what they are, as semantic tokens."""

from collections.abc import Collection, Mapping
from typing import Final

from lsprotocol.types import SemanticTokenModifiers, SemanticTokens, SemanticTokensLegend
from lsprotocol.types import SemanticTokenTypes as Token

from rulec.lsp.naming import Kind, naming
from rulec.lsp.positions import Lines
from rulec.text import File

# What is left out, the editor's own highlighting of YAML shows as well.
_TOKENS: Final[Mapping[Kind, Token]] = {
    Kind.RULE: Token.Class,
    Kind.MACRO: Token.Function,
    Kind.LIST: Token.Enum,
    Kind.FIELD: Token.Property,
    Kind.OPERATOR: Token.Operator,
    Kind.MODIFIER: Token.Operator,
    Kind.TRANSFORMER: Token.Method,
    Kind.VALUE: Token.String,
    Kind.CONNECTIVE: Token.Keyword,
    Kind.PRIORITY: Token.EnumMember,
    Kind.SOURCE: Token.Namespace,
}

_TYPES: Final = list(dict.fromkeys(_TOKENS.values()))
_DEFINITION: Final = 1  # the first modifier, as a bit

LEGEND: Final = SemanticTokensLegend(
    [token.value for token in _TYPES], [SemanticTokenModifiers.Definition.value]
)


def semantic_tokens(file: File, lines: Lines, lists: Collection[str]) -> SemanticTokens:
    """Return the tokens of a file, each counted from the one before."""
    data: list[int] = []
    line = character = 0
    reached = 0
    for mention in naming(file).mentions:
        token = _TOKENS.get(mention.kind)
        if mention.kind in (Kind.VALUE, Kind.MACRO) and mention.name in lists:
            token = Token.Enum
        where = lines.range(mention.start, mention.end)
        start, end = where.start, where.end
        if token is None or mention.start < reached or start.line != end.line:
            continue
        reached = mention.end
        before = character if start.line == line else 0
        length = end.character - start.character
        modifiers = _DEFINITION if mention.defines else 0
        data += [
            start.line - line,
            start.character - before,
            length,
            _TYPES.index(token),
            modifiers,
        ]
        line, character = start.line, start.character
    return SemanticTokens(data)
