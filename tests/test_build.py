"""Built modules: the same bytes everywhere, light to import, and as good as compiling anew."""

import hashlib
import json
import linecache
import os
import pickle
import random
import subprocess
import sys
import traceback
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from rulec import compile_ruleset
from rulec.api import build
from rulec.runtime.alert import Alert
from rulec.runtime.loading import load, to_bytecode
from rulec.runtime.ruleset import Ruleset

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "rules"
SAMPLE = ROOT / "docs" / "samples" / "audit.jsonl"

# What importing the shipped rules may cost at most, in seconds of one processor. A busy machine
# takes several times as long as a quiet one; `make bench` measures.
IMPORT_BUDGET = 0.150

MANY_KINDS = {
    "10-words.yaml": """\
- list: verbs
  items: [create, update, patch, delete, get, list, watch]
- list: networks
  items: [10.0.0.0/8, 192.168.0.0/16, "fe80::/10"]
- macro: writes
  condition: ka.verb in (verbs)
""",
    "20-rules.yaml": """\
- rule: By pattern
  desc: d
  condition: >
    writes and (ka.user.name glob "a*b" or ka.uri regex ".*[0-9]+" or ka.uri pmatch (/api, /apis)
    or ka.user.groups intersects (a, b, c) or tolower(ka.user.name) in (x, y, z))
  output: "%ka.user.name %10ka.verb %ka.req.pod.containers.image"
  priority: WARNING
  source: k8s_audit
  tags: [z, a, m]
""",
    "30-more.yml": """\
- rule: By address
  desc: d
  condition: ka.sourceips intersects (networks) or ka.verb in (a, b, c, d, e, f)
  output: x
  priority: INFO
  source: k8s_audit
""",
}


def write(files: Mapping[str, str], folder: Path, seed: int) -> Path:
    """Write files in some order, with some times; ``folder`` is new."""
    chosen = random.Random(seed)
    folder.mkdir(parents=True)
    for name, content in chosen.sample(list(files.items()), len(files)):
        (folder / name).write_text(content, "utf-8")
        moment = chosen.randrange(10**9, 2 * 10**9)
        os.utime(folder / name, (moment, moment))
    return folder


def built_by_the_command(rules: str, output: Path, *, cwd: Path, seed: str) -> bytes:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    call = [sys.executable, "-m", "rulec", "build", rules, "-o", str(output)]
    subprocess.run(call, cwd=cwd, env=environment, check=True, capture_output=True)
    return output.read_bytes()


SETS = {
    "the shipped rules": {path.name: path.read_text("utf-8") for path in RULES.glob("*.yaml")},
    "rules of many kinds": MANY_KINDS,
}


@pytest.mark.parametrize("files", SETS.values(), ids=list(SETS))
@pytest.mark.parametrize("suffix", [".py", ".pyc"])
def test_the_same_rules_give_the_same_bytes(
    suffix: str, files: Mapping[str, str], tmp_path: Path
) -> None:
    code = build(write(files, tmp_path / "here", 0)).code
    expected = code.encode() if suffix == ".py" else to_bytecode(code)
    for number, seed in enumerate(["0", "1", "4294967295"]):
        folder = write(files, tmp_path / f"elsewhere {number}" / "and deeper", number)
        cwd, rules = (folder, ".") if number else (tmp_path, str(folder))
        output = tmp_path / f"{number}{suffix}"
        assert built_by_the_command(rules, output, cwd=cwd, seed=seed) == expected


def test_building_twice_in_one_process(tmp_path: Path) -> None:
    first = build(write(MANY_KINDS, tmp_path / "a", 1)).code
    build(RULES)
    second = build(write(MANY_KINDS, tmp_path / "b", 2)).code
    assert first == second
    assert to_bytecode(first) == to_bytecode(second)


def test_nothing_tells_where_it_was_built(tmp_path: Path) -> None:
    code = build(write(MANY_KINDS, tmp_path / "secret", 1)).code
    assert "secret" not in code
    assert str(tmp_path) not in code
    assert str(tmp_path).encode() not in to_bytecode(code)


# --- what is in a module --------------------------------------------------------------


def test_the_manifest_names_the_files_with_their_digests(tmp_path: Path) -> None:
    manifest = compile_ruleset(write(MANY_KINDS, tmp_path / "rules", 1)).manifest
    assert manifest.inputs == tuple(
        (name, hashlib.sha256(content.encode()).hexdigest())
        for name, content in sorted(MANY_KINDS.items())
    )


def test_the_manifest_of_the_shipped_rules() -> None:
    for name, digest in compile_ruleset(RULES).manifest.inputs:
        assert digest == hashlib.sha256((RULES / name).read_bytes()).hexdigest()


# --- the import -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the shipped rules as module ``compiled``, in both forms."""
    folder = tmp_path_factory.mktemp("built")
    code = build(RULES).code
    (folder / "compiled.py").write_text(code, "utf-8")
    (folder / "bytecode").mkdir()
    (folder / "bytecode" / "compiled.pyc").write_bytes(to_bytecode(code))
    return folder


def run_python(code: str, folder: Path) -> str:
    """Run a program as users do: what is imported a second time has been compiled."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": "cache"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("folder", [".", "bytecode"])
def test_the_import_is_quick(folder: str, built: Path) -> None:
    code = (
        "import time; start = time.process_time(); import compiled;"
        "print(time.process_time() - start)"
    )
    run_python(code, built / folder)  # writes the bytecode
    seconds = min(float(run_python(code, built / folder)) for _ in range(7))
    assert seconds < IMPORT_BUDGET, f"{1000 * seconds:.1f} ms"


def test_the_import_loads_the_runtime_and_nothing_else(built: Path) -> None:
    modules = run_python("import compiled, sys; print(*sys.modules)", built).split()
    ours = [name for name in modules if name.split(".")[0] == "rulec"]
    assert [name for name in ours if not f"{name}.".startswith("rulec.runtime.")] == ["rulec"]
    unwanted = {"lark", "yaml", "click", "rich", "re2", "jsonpointer", "jinja2"}
    assert unwanted.isdisjoint(modules)


def test_matching_loads_no_compiler_either(built: Path) -> None:
    code = (
        "import compiled, sys\n"
        f"for line in open({str(SAMPLE)!r}, 'rb'):\n"
        "    for alert in compiled.ruleset.match(line, source='k8s_audit'):\n"
        "        alert.json()\n"
        "print(*sys.modules)"
    )
    modules = run_python(code, built).split()
    assert {"lark", "yaml", "click", "rich", "rulec.parse", "rulec.api"}.isdisjoint(modules)


# --- one ruleset, however it was loaded -----------------------------------------------


@cache
def events() -> tuple[bytes, ...]:
    return tuple(SAMPLE.read_bytes().splitlines())


def alerts_of(ruleset: Ruleset) -> list[str]:
    """Return what a ruleset has to say about the sample log."""
    return [
        f"{number} {alert.json()} {alert.text()}"
        for number, alert in ruleset.match_many(events(), source="k8s_audit")
    ]


def imported(path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(path.parent))
    monkeypatch.delitem(sys.modules, name, raising=False)
    return __import__(name)


@cache
def compiled(rule_matching: str = "first") -> Ruleset:
    return compile_ruleset(RULES, rule_matching=rule_matching)


def test_the_sample_log_has_alerts() -> None:
    assert len(alerts_of(compiled())) > 20
    assert len(alerts_of(compiled("all"))) > len(alerts_of(compiled()))


def test_a_built_module_gives_the_alerts_of_compiling(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = alerts_of(compiled())
    assert alerts_of(imported(built / "compiled.py", "compiled", monkeypatch).ruleset) == expected
    assert alerts_of(load(built / "compiled.py")) == expected
    assert alerts_of(load(built / "bytecode" / "compiled.pyc")) == expected


def test_the_ways_to_match_agree() -> None:
    ruleset = compiled("all")
    matcher = ruleset.matcher("k8s_audit")
    decoded = [json.loads(line) for line in events()]
    expected = [ruleset.match(event, source="k8s_audit") for event in events()]
    assert [matcher(event) for event in events()] == expected
    assert [matcher(event.decode()) for event in events()] == expected
    assert [matcher(event) for event in decoded] == expected
    assert matcher({"kind": "EventList", "items": decoded}) == [*chain(*expected)]
    many = list(ruleset.match_many(events(), source="k8s_audit"))
    assert many == [(n, alert) for n, alerts in enumerate(expected) for alert in alerts]


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_compiled_rulesets_pickle(protocol: int) -> None:
    again = pickle.loads(pickle.dumps(compiled("all"), protocol))
    assert again.rule_matching == "all"
    assert again.manifest == compiled().manifest
    assert alerts_of(again) == alerts_of(compiled("all"))


def test_imported_rulesets_pickle(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ruleset = imported(built / "compiled.py", "compiled", monkeypatch).ruleset
    assert alerts_of(pickle.loads(pickle.dumps(ruleset))) == alerts_of(compiled())


@pytest.mark.parametrize("name", ["compiled.py", "bytecode/compiled.pyc"])
def test_loaded_rulesets_pickle(name: str, built: Path) -> None:
    again = pickle.loads(pickle.dumps(load(built / name)))
    assert alerts_of(again) == alerts_of(compiled())


def test_rulesets_without_rules_pickle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty.yaml").write_text("[]", "utf-8")
    code = build(tmp_path / "empty.yaml").code
    (tmp_path / "no_rules.py").write_text(code, "utf-8")
    ruleset = imported(tmp_path / "no_rules.py", "no_rules", monkeypatch).ruleset
    assert pickle.loads(pickle.dumps(ruleset)).rules == ()


def test_pickles_cross_processes(tmp_path: Path) -> None:
    (tmp_path / "ruleset").write_bytes(pickle.dumps(compiled()))
    code = (
        "import pickle, sys; ruleset = pickle.load(open('ruleset', 'rb'));"
        f"events = open({str(SAMPLE)!r}, 'rb').read().splitlines();"
        "print(sum(1 for _ in ruleset.match_many(events, source='k8s_audit')));"
        "print('lark' in sys.modules)"
    )
    assert run_python(code, tmp_path).split() == [str(len(alerts_of(compiled()))), "False"]


def test_threads_can_share_a_ruleset() -> None:
    # A new one, so that the threads race for what is made when it is first used.
    ruleset = compile_ruleset(RULES, rule_matching="all")
    expected = alerts_of(compiled("all"))
    with ThreadPoolExecutor(8) as threads:
        for found in threads.map(lambda _: alerts_of(ruleset), range(16)):
            assert found == expected


def test_rulesets_cannot_be_changed() -> None:
    ruleset: Any = compiled()
    for what, name in [(ruleset, "rules"), (ruleset.rules[0], "name"), (ruleset.manifest, "rulec")]:
        with pytest.raises(AttributeError):
            setattr(what, name, None)
    (alert, *_) = [alert for event in events() for alert in ruleset.match(event, "k8s_audit")]
    assert isinstance(alert, Alert)
    with pytest.raises(AttributeError):
        alert.rule = "another"


def test_tracebacks_show_the_generated_code(tmp_path: Path) -> None:
    ruleset = compile_ruleset(write(MANY_KINDS, tmp_path / "rules", 1))
    try:
        ruleset.rules[0].condition(None)  # type: ignore[arg-type]
    except AttributeError:
        shown = traceback.format_exc()
    linecache.checkcache()
    assert "in by_pattern\n    ka_user_name = load_ka_user_name(event)" in shown
    assert "in load_ka_user_name\n    value = " in shown
    assert linecache.getline(ruleset.rules[0].condition.__code__.co_filename, 1).startswith('"""')


def test_rules_say_what_their_conditions_read(tmp_path: Path) -> None:
    """Of a document its members, of a system call the texts of fields; also in a built module."""
    rules = """\
- rule: one
  desc: d
  condition: >
    ka.verb = get and (ka.req.pod.containers.image exists or jevt.value[/a~1b/c] = x) and
    not tolower(ka.target.name) in (y) and evt.num > 5
  output: "%ka.user.name %ka.verb"
  priority: INFO
  source: k8s_audit
- rule: two
  desc: d
  condition: ka.verb = list and ka.verb = get
  output: x
  priority: INFO
  source: k8s_audit
- rule: three
  desc: d
  condition: >
    evt.type = open and fd.name = val(proc.name) and proc.aname[2] = x
    and evt.arg.flags contains a
  output: "%user.name %evt.type"
  priority: INFO
"""
    ruleset = compile_ruleset(write({"rules.yaml": rules}, tmp_path / "rules", 1))
    reads = {rule.name: rule.reads for rule in ruleset.rules}
    assert reads == {
        "one": ("a/b", "objectRef", "requestObject", "verb"),
        "two": ("verb",),
        "three": ("evt.arg.flags", "evt.type", "fd.name", "proc.aname[2]", "proc.name"),
    }
    audit, calls = ruleset.programs
    assert audit.tells == ("user", "verb")
    assert audit.members == {*reads["one"], "user"}
    assert calls.members == {*reads["three"], "user.name"}
    # A module that was built before does not say so.
    old = replace(calls, rules=tuple(replace(rule, reads=None) for rule in calls.rules))
    assert old.members is None
    assert replace(calls, tells=None).members is None
