"""What two rulesets say differently: rule by rule, and about a log."""

from rulec.difference.proof import Relation
from rulec.difference.rules import RuleChange, compare
from rulec.difference.sides import Side
from rulec.difference.verdicts import Replay, replay

__all__ = ["Relation", "Replay", "RuleChange", "Side", "compare", "replay"]
