"""Scenarios: small descriptions, in YAML, of what happens on a machine, made into events."""

from rulec.scenarios.model import Scenario as Scenario
from rulec.scenarios.reading import read_scenario as read_scenario

__all__ = ["Scenario", "read_scenario"]
