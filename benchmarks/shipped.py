"""The rules that the benchmarks are about."""

from importlib.resources import files
from pathlib import Path

RULES = Path(str(files("rulec.rules") / "k8s_audit.yaml"))
