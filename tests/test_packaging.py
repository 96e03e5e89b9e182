"""What is packed, and what an import of it costs."""

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
FOLDERS = {folder: package for package, folder in SETUPTOOLS["package-dir"].items()}

# What is packed, by how its name ends: programs, and what they read.
PACKED = (".py", ".lark", ".yaml", ".typed", ".css", ".html", ".js", ".json", ".svg")

# `rulec --version` should feel like nothing. This is for machines that are slow.
VERSION_BUDGET = 0.5


def run_python(code: str) -> str:
    # Not from the checkout: what is tested is what is installed.
    done = subprocess.run(
        [sys.executable, "-c", code], cwd="/", capture_output=True, text=True, check=True
    )
    return done.stdout


def test_every_package_is_listed() -> None:
    found = {
        ".".join([package, *init.parent.relative_to(ROOT / folder).parts])
        for folder, package in FOLDERS.items()
        for init in (ROOT / folder).rglob("__init__.py")
    }
    assert found == set(SETUPTOOLS["packages"])


def test_every_module_is_in_a_package() -> None:
    for folder in FOLDERS:
        for module in (ROOT / folder).rglob("*.py"):
            assert (module.parent / "__init__.py").is_file(), f"{module} is in no package"


def test_no_folder_at_the_root_shadows_the_package() -> None:
    assert not (ROOT / "rulec").exists()
    assert not (ROOT / "__init__.py").exists()


# --- imports --------------------------------------------------------------------------


@pytest.mark.parametrize("module", ["rulec", "rulec.runtime", "rulec.runtime.ruleset"])
def test_the_import_loads_no_compiler(module: str) -> None:
    loaded = run_python(f"import sys, {module}; print(*sys.modules)").split()
    assert {"lark", "yaml", "click", "rich", "rulec.api", "rulec.parse"}.isdisjoint(loaded)


def test_every_public_name_is_there() -> None:
    run_python("import rulec; [getattr(rulec, name) for name in rulec.__all__]")
    names = "rulec.runtime.EXPORTS"
    run_python(f"import rulec.runtime; [getattr(rulec.runtime, name) for name in {names}]")


def test_every_module_of_the_runtime_does_without_the_compiler() -> None:
    modules = [
        ".".join(["rulec.runtime", *path.relative_to(ROOT / "runtime").with_suffix("").parts])
        for path in (ROOT / "runtime").rglob("*.py")
        if path.name != "__init__.py"
    ]
    code = f"import sys, {', '.join(sorted(modules))}; print(*sys.modules)"
    loaded = run_python(code).split()
    ours = {name for name in loaded if name.split(".")[0] == "rulec"}
    assert {name for name in ours if not f"{name}.".startswith("rulec.runtime.")} == {"rulec"}
    assert {"lark", "yaml", "click", "rich"}.isdisjoint(loaded)


def test_the_version_is_told_at_once() -> None:
    taken = []
    for _ in range(5):
        start = os.times()
        done = subprocess.run(
            [sys.executable, "-m", "rulec", "--version"], capture_output=True, text=True, check=True
        )
        end = os.times()
        # What other processes take meanwhile does not count.
        taken.append(
            end.children_user + end.children_system - start.children_user - start.children_system
        )
    assert done.stdout.startswith("rulec ")
    assert min(taken) < VERSION_BUDGET


# --- the wheel ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy, so that nothing is left behind in the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in FOLDERS:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    call = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "-w", str(folder), "."]
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(call, cwd=source, env=environment, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"the wheel cannot be built here: {done.stderr.strip()[-300:]}")
    (found,) = folder.glob("*.whl")
    return found


def test_the_wheel_has_everything_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = {
        "/".join([*package.split("."), *path.relative_to(ROOT / folder).parts])
        for folder, package in FOLDERS.items()
        for path in (ROOT / folder).rglob("*")
        if path.suffix in PACKED and ROOT / "rules" / "tests" not in path.parents
    }
    assert packed == expected
    assert {
        "rulec/py.typed",
        "rulec/grammar/condition.lark",
        "rulec/rules/k8s_attack_paths.yaml",
        "rulec/rules/k8s_audit.yaml",
    } <= packed


def test_the_wheel_works(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    code = (
        "import rulec, rulec.rules, importlib.resources as resources\n"
        f"assert rulec.__file__.startswith({str(tmp_path)!r}), rulec.__file__\n"
        "rules = resources.files('rulec.rules') / 'k8s_audit.yaml'\n"
        "print(len(rulec.compile_ruleset(rules).rules))"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    call = [sys.executable, "-c", code]
    done = subprocess.run(call, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.stderr == ""
    assert int(done.stdout) > 40
