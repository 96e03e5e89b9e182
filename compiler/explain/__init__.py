"""Why a rule fires on an event, or does not, and what would change that."""

from rulec.explain.explainer import Explainer
from rulec.explain.outline import Origin, Outline, OutlinePart, outlines
from rulec.explain.probe import Probe
from rulec.explain.results import Change, Explanation, Part, Seen, Setting, Why

__all__ = [
    "Change",
    "Explainer",
    "Explanation",
    "Origin",
    "Outline",
    "OutlinePart",
    "Part",
    "Probe",
    "Seen",
    "Setting",
    "Why",
    "outlines",
]
