"""Every result code, one entry each.

A code says which kind of thing went wrong and whether rules can be loaded in
spite of it. The codes are Falco's; what they are called for people is ours,
and so are the codes that begin with ``RULEC_``.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """A result code: ``short`` fits into a line, ``long`` says what it means for the reader."""

    name: str
    severity: str
    short: str
    long: str


def _error(name: str, short: str, long: str) -> Code:
    return Code(name, "error", short, long)


def _warning(name: str, short: str, long: str) -> Code:
    return Code(name, "warning", short, long)


CODES: dict[str, Code] = {
    code.name: code
    for code in (
        _error(
            "LOAD_ERR_FILE_READ",
            "File cannot be read",
            "A rules file does not exist or cannot be read.",
        ),
        _error(
            "LOAD_ERR_YAML_PARSE",
            "Invalid YAML",
            "The text of a rules file is not well-formed YAML.",
        ),
        _error(
            "LOAD_ERR_YAML_VALIDATE",
            "Unexpected structure",
            "The YAML is well-formed, but a rules file has no such structure.",
        ),
        _error(
            "LOAD_ERR_COMPILE_CONDITION",
            "Invalid condition",
            "A condition is not written correctly, or uses an unknown field or a wrong value.",
        ),
        _error(
            "LOAD_ERR_COMPILE_OUTPUT",
            "Invalid output",
            "An output is not written correctly, or uses an unknown field.",
        ),
        _error(
            "LOAD_ERR_VALIDATE",
            "Inconsistent definition",
            "A definition does not fit the other definitions or this version.",
        ),
        _error("LOAD_ERR_EXTENSION", "Extension failed", "An extension item is wrong."),
        _warning(
            "LOAD_UNKNOWN_SOURCE",
            "Unknown source",
            "A rule is skipped because no event source of its name is known.",
        ),
        _warning(
            "LOAD_UNSAFE_NA_CHECK",
            "Comparison with <NA>",
            "A missing field is false in every comparison; use 'exists' rather than <NA>.",
        ),
        _warning(
            "LOAD_NO_EVTTYPE",
            "No event type",
            "The condition restricts no event type, so the rule is tried on too many events.",
        ),
        _warning(
            "LOAD_UNKNOWN_FILTER",
            "Unknown field or event type",
            "A rule with skip-if-unknown-filter is skipped because it uses an unknown name.",
        ),
        _warning("LOAD_UNUSED_MACRO", "Unused macro", "Nothing uses the macro."),
        _warning("LOAD_UNUSED_LIST", "Unused list", "Nothing uses the list."),
        _warning(
            "LOAD_UNKNOWN_ITEM",
            "Unknown item",
            "An item is ignored because it is no rule, macro, list or requirement.",
        ),
        _warning(
            "LOAD_DEPRECATED_ITEM",
            "Deprecated",
            "Something is used that later versions will not accept.",
        ),
        _warning("LOAD_WARNING_EXTENSION", "Extension warning", "An extension item is doubtful."),
        _warning(
            "LOAD_APPEND_NO_VALUES",
            "Nothing appended",
            "An exception is appended to without values, which changes nothing.",
        ),
        _warning(
            "LOAD_EXCEPTION_NAME_NOT_UNIQUE",
            "Repeated exception",
            "A rule has two exceptions of one name; values are appended to the first.",
        ),
        _warning(
            "LOAD_INVALID_MACRO_NAME",
            "Unusable macro name",
            "No condition can refer to a macro of this name.",
        ),
        _warning(
            "LOAD_INVALID_LIST_NAME",
            "Unusable list name",
            "Conditions may not find a list of this name.",
        ),
        _warning(
            "LOAD_COMPILE_CONDITION",
            "Doubtful condition",
            "The condition is accepted, but may not mean what its author meant.",
        ),
        _warning("LOAD_UNKNOWN_KEY", "Unknown key", "A key is ignored because it is unknown."),
        _error(
            "RULEC_ERR_FORMAT",
            "Cannot be formatted",
            "The file is left as it is, because it cannot be formatted safely.",
        ),
        _warning(
            "RULEC_LEGACY_FIELD",
            "Legacy field",
            "The field is known to Falco before 0.32 only.",
        ),
        _warning(
            "RULEC_UNKNOWN_PLUGIN",
            "Unknown plugin",
            "The rules require a plugin of Falco of which nothing is known here.",
        ),
        _warning(
            "RULEC_UNREACHABLE_RULE",
            "Unreachable rule",
            "An earlier rule matches every event that this rule would match.",
        ),
        _warning(
            "RULEC_LIST_FIELD_OPERATOR",
            "Scalar operator on a list",
            "Falco rejects this operator on a field that is a list.",
        ),
    )
}
