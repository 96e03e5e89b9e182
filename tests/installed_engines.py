"""What tests of engines need, and why they are skipped without it."""

import os
import shutil
from types import ModuleType
from typing import Any

import pytest


def needed(*modules: str) -> list[Any]:
    """Import modules, or skip what needs them; Spark needs Java besides."""
    found: list[ModuleType] = [
        pytest.importorskip(name, reason=f"{name} is not installed ('make spark' installs it)")
        for name in modules
    ]
    if "pyspark" in modules and not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        pytest.skip("Spark needs Java, and there is none", allow_module_level=True)
    return found
