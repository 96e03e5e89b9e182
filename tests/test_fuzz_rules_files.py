"""Rules files with anything wrong in them compile, or are refused with places and reasons.

``RULEC_FUZZ=50000 pytest -m fuzz tests/test_fuzz_rules_files.py -s`` tries
that many mutants; ``fuzzing.py`` says how.
"""

import json
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Final

import conformance
import msgspec
import pytest
from fuzzing import FUZZ, SEED, Fuzzing, Outcome, kept, try_mutants
from mutations import mutant
from rule_events import audit_event
from test_conformance_rules_files import sources

from rulec import RulesError, Source
from rulec.api import build_files
from rulec.codes import CODES
from rulec.diagnostics import Diagnostic
from rulec.event_sources import known_sources
from rulec.files import decode
from rulec.runtime.events import EventError
from rulec.runtime.fields import Argument
from rulec.runtime.loading import execute
from rulec.text import File
from rulec.validation import validate

SECONDS: Final = 2.0  # more than this must no mutant take
SMALL: Final = 20_000  # bytes: only so small are those that are tried every time


# --- the seeds ----------------------------------------------------------------------

OWN_SOURCE: Final = """\
source: own
time: /time
time_unit: ms
fields:
  - {name: own.text, pointer: /text}
  - {name: own.number, pointer: /number, type: uint64, format: hexadecimal}
  - {name: own.signed, pointer: /signed, type: int64}
  - {name: own.double, pointer: /double, type: double}
  - {name: own.flag, pointer: /flag, type: bool}
  - {name: own.port, pointer: /port, type: port}
  - {name: own.bytes, pointer: /bytes, type: bytes, encoding: base64}
  - {name: own.address, pointer: /address, type: ipaddr}
  - {name: own.network, pointer: /address, type: ipnet}
  - {name: own.since, pointer: /since, type: reltime}
  - {name: own.list, pointer: "/list[]", list: true}
  - {name: own.numbers, pointer: "/numbers[]", list: true, type: uint64}
  - {name: own.each, pointer: "/groups[]/members[]/name", list: true, argument: index}
  - {name: own.key, pointer: "/labels/{argument}", argument: key}
  - {name: own.maybe, pointer: "/labels/{argument}", argument: optional}
  - {name: own.plain, pointer: /text, transformable: false, comparable: false}
"""

RULE: Final = """\
- rule: r
  desc: d
  condition: evt.num exists
  output: '{output}'
  priority: INFO
  source: {source}
"""

OWN_EVENTS: Final = """\
[{"time": 1772443800000, "text": "a b", "number": 300, "signed": -1, "double": 1.5, "flag": true,
  "port": 443, "bytes": "YQBi", "address": "192.0.2.1", "since": 5, "list": ["a", "b", 1, null],
  "numbers": [1, 2], "labels": {"a": "x", "": "none"},
  "groups": [{"members": [{"name": "n"}, {}]}, {"members": {"name": "m"}}, 1]},
 {"time": 0},
 {"time": 1.5, "text": null, "number": "x", "signed": 99999999999999999999, "double": "1e400",
  "flag": "no", "bytes": 1, "address": "::ffff:192.0.2.1", "list": {}, "groups": "x", "labels": []}]
"""

BY_HAND: Final = {
    "items": """\
- required_engine_version: 0.31.0
- required_engine_version: 11
- required_plugin_versions:
  - name: k8saudit
    version: 0.7.0
    alternatives: [{name: k8saudit-eks, version: 0.4.0}]
- list: verbs
  items: [create, "update", 'two words', -1, 0x10]
- list: more
  items: [verbs, patch]
- list: verbs
  items: [delete]
  override: {items: append}
- list: more
  append: true
  items: [patch]
- macro: changes
  condition: ka.verb in (more) and not ka.user.name startswith "system:"
- list: more
  items: ['"(x)"', '"quoted"', a]
- macro: changes
  condition: or ka.verb = deletecollection
  override:
    condition: append
- rule: Full Rule
  desc: >
    Several lines
    of text.
  condition: changes and ka.user.groups intersects (a, b) and ka.response.code != 403
  output: Changed (verb=%ka.verb user=%tolower(ka.user.name) param=%ka.uri.param[a b])
  priority: WARNING
  source: k8s_audit
  enabled: yes
  tags: [b, a, k8s]
  warn_evttypes: false
  skip-if-unknown-filter: true
  capture: true
  capture_duration: 5000
- rule: Full Rule
  condition: and ka.stage = ResponseComplete
  tags: [c]
  desc: more
  output: uri=%ka.uri
  override: {condition: append, tags: append, desc: append, output: append}
- rule: Full Rule
  enabled: false
- rule: Full Rule
  append: true
  condition: or changes
- rule: Full Rule
  priority: info
  enabled: true
  override: {priority: replace, enabled: replace}
""",
    "exceptions": """\
- list: users
  items: [alice, bob]
- rule: With Exceptions
  desc: d
  condition: ka.verb = get or (ka.verb = list and not ka.target.name exists)
  output: '%ka.verb %ka.user.name %ka.target.name'
  priority: CRITICAL
  source: k8s_audit
  exceptions:
    - name: tuples
      fields: [ka.user.name, ka.target.namespace, tolower(ka.verb)]
      comps: [in, =, startswith oneof]
      values:
        - [(users), shop, [g, l]]
        - [[carol, "dave e"], kube-system, list]
    - name: flat
      fields: ka.user.name
      comps: pmatch
      values: [/a/b, "system:*", users]
    - name: later
      fields: [ka.user.name]
    - name: default
      fields: ka.target.name
      values: [a, b]
- rule: With Exceptions
  exceptions:
    - name: tuples
      values: [[eve, shop, get]]
    - name: new
      fields: [ka.uri]
      comps: [contains]
      values: [[/healthz], [x]]
  override: {exceptions: append}
- rule: With Exceptions
  append: true
  exceptions:
    - name: later
      values: [[frank]]
""",
    "documents": """\
%YAML 1.2
---
# several documents, anchors, aliases
- &item
  list: a
  items: &items [x, y]
- list: b
  items: *items
- *item
--- # the next
- rule: "Quoted \\"rule\\" \\u00e9"
  desc: 'single ''quoted'''
  condition: |-
    ka.verb in (a, b)
      or (ka.uri glob '/api/*' and
    not ka.uri iglob "*[!A-Z]?")
    or ka.uri regex "^/(a|b)[0-9]{1,3}$"
  output: >2-
    Folded %ka.verb

     %ka.user.groups %jevt.value[/a~1b/0]
  priority: !!str Emergency
  source: k8s_audit
...
---
~
---
- macro: m
  condition: not not (ka.verb exists) # a comment
- rule: Plain
    Name
  desc: &d text
  output: *d
  condition: m and
    (tolower(ka.verb) = x or ka.verb = val(ka.target.name))
  priority: Debug
  source: k8s_audit
""",
    "own": """\
- list: blocks
  items: [10.0.0.0/8, 192.0.2.0/24]
- macro: near
  condition: own.network in (blocks) or own.address = 192.0.2.1 or own.address in (::1, 192.0.2.2)
- rule: Every Type
  desc: d
  condition: >
    near and own.number >= 5 and own.signed < -0 and own.double != 1 and own.flag = true
    and own.port in (http, 443) and own.since > 0
    or own.bytes bcontains 6100 or own.bytes contains a or own.text icontains A
  output: >
    %own.text %own.number %own.signed %own.double %own.flag %own.port %own.bytes %own.address
    %own.network %own.since %own.list %own.numbers %evt.time %evt.num %json.value[/a] %json.obj
  priority: ERROR
  source: own
- rule: Lists
  desc: d
  condition: >
    own.list intersects (a, b) and own.numbers in (1, 2, 3) or own.each[1] in (n)
    or own.key[a] = anyof (x, y) or own.maybe != allof (x, none) or own.maybe[a] contains oneof (x)
    or len(own.list) > 1 or join(",", (own.text, "x", own.list)) contains a
    or getopt(own.list, "ab:")[b] = x or concat(own.text, "-", own.text) endswith b
    or b64(own.text) exists or basename(own.text) = val(own.text)
  output: '%len(own.list) %join("-", own.list) %20own.text %5own.number %own.key[a]'
  priority: notice
  source: own
- rule: Not Ours
  desc: d
  condition: evt.type = open and proc.name = cat
  output: "%proc.name"
  priority: INFO
""",
}


@cache
def own_source() -> Source:
    """Return the source ``own``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "own.yaml"
        path.write_text(OWN_SOURCE, "utf-8")
        return Source.from_yaml(path)


def shipped_rules() -> list[bytes]:
    """Return parts of the shipped rules: some rules each, with the macros and lists they use."""
    text = (conformance.ROOT / "rules" / "k8s_audit.yaml").read_text("utf-8")
    items = re.findall(r"^- .*\n(?:(?!- ).*\n)*", text, re.MULTILINE)
    defined = {name: item for item in items if (name := _defined(item))}
    random = Random("shipped")
    rules = [item for item in items if item.startswith("- rule:")]
    parts = [random.sample(rules, random.randint(1, 3)) for _ in range(30)]
    return ["".join(with_definitions(part, items, defined)).encode() for part in parts]


def _defined(item: str) -> str:
    match = re.match(r"- (?:list|macro): (\S+)", item)
    return match[1] if match else ""


def with_definitions(part: list[str], items: list[str], defined: dict[str, str]) -> list[str]:
    """Return items and everything that they need, in the order of the file."""
    needed, waiting = set(part), list(part)
    while waiting:
        for word in re.findall(r"[\w-]+", waiting.pop()):
            item = defined.get(word)
            if item is not None and item not in needed:
                needed.add(item)
                waiting.append(item)
    return [item for item in items if item in needed]


def recorded_rules() -> list[bytes]:
    """Return the rules of the recorded cases."""
    folder = conformance.folder()
    found = []
    for case in conformance.cases("language/rules_load.jsonl"):
        contents = case.get("files") or [{"content": case.get("rules", "")}]
        found += [content["content"].encode("utf-8", "surrogatepass") for content in contents]
    for path in sorted(folder.glob("*/rules/**/*.yaml")):
        content = path.read_bytes()
        found += [content] if len(content) < 30_000 else re.split(rb"\n(?=- rule)", content)
    return found


def own_seeds() -> list[bytes]:
    """Return what is here for everybody; what uses most features is there several times."""
    return [*shipped_rules(), *(text.encode() for text in BY_HAND.values() for _ in range(7))]


# --- what must be true of every mutant ----------------------------------------------


Examine = Callable[[Sequence[File]], Outcome]


def examine(files: Sequence[File]) -> Outcome:
    """Compile and check rules, both ways; fail if what comes of it is not in order."""
    start = time.process_time()
    results = validate(files, known_sources([own_source()]))
    reports = [result.to_falco() for result in results]
    seconds = time.process_time() - start
    json.loads(msgspec.json.encode(reports))
    places_in_order([d for result in results for d in result.diagnostics], files)
    error = results[-1].error
    start = time.process_time()
    try:
        count = compiled_and_run(files)
    except RulesError as refusal:
        seconds = max(seconds, time.process_time() - start)
        return Outcome(refused(refusal, error, files), seconds)
    seconds = max(seconds, time.process_time() - start)
    assert error is None, f"only Falco's report has {error}"
    return Outcome("compiles" if count else "compiles to nothing", seconds)


def examine_recorded(files: Sequence[File]) -> Outcome:
    """Do the same, and check rules about system calls, which most recorded rules are about."""
    start = time.process_time()
    results = validate(files, sources())
    json.loads(msgspec.json.encode([result.to_falco() for result in results]))
    seconds = time.process_time() - start
    for result in results:
        places_in_order(result.diagnostics, files)
    outcome = examine(files)
    error = results[-1].error
    what = f"{error.code} {error.kind}" if error else "can be loaded"
    return Outcome(what, max(seconds, outcome.seconds))


def refused(refusal: RulesError, error: Diagnostic | None, files: Sequence[File]) -> str:
    """Return why rules are refused; fail if that is not told well, or Falco's report differs."""
    assert str(refusal)
    errors = [each for each in refusal.diagnostics if each.severity == "error"]
    # Falco looks at the plugins that rules need only when it has loaded them.
    of_plugins = {each.kind for each in errors} <= {"plugin_version_mismatch"}
    assert error is not None or of_plugins, f"Falco's report knows nothing of {errors[0]}"
    places_in_order(refusal.diagnostics, files)
    return f"{errors[0].code} {errors[0].kind}"


def compiled_and_run(files: Sequence[File]) -> int:
    """Compile rules, show them some events, and return how many rules there are."""
    built = build_files(files, sources=["k8s_audit", own_source()], rule_matching="all")
    ruleset = execute(built.code)
    alerts = ruleset.match(audit_event(), "k8s_audit") + ruleset.match(OWN_EVENTS, "own")
    for alert in alerts:
        assert "\n" not in alert.text()
        json.loads(alert.json())
    places_in_order(built.warnings, files)
    return len(ruleset.rules)


def places_in_order(diagnostics: Sequence[Diagnostic], files: Sequence[File]) -> None:
    """Fail if a diagnostic is not about a place in one of the files, or cannot be shown."""
    lines = {file.name: file.content.split("\n") for file in files}
    for diagnostic in diagnostics[:200]:
        assert diagnostic.code in CODES
        assert 1 <= diagnostic.line <= len(lines[diagnostic.file]), diagnostic
        line = lines[diagnostic.file][diagnostic.line - 1]
        assert 1 <= diagnostic.column <= len(line) + 1, diagnostic
        assert diagnostic.message
        shown = str(diagnostic)
        assert all(c.isprintable() or c.isspace() for c in shown), ascii(shown)
        assert shown.count("\n") <= 3, ascii(shown)
        falco = diagnostic.to_falco()
        if not diagnostic.code.startswith("RULEC_"):
            assert falco["context"]["locations"], "Falco always tells where"
        json.loads(msgspec.json.encode(falco))


# --- the mutants --------------------------------------------------------------------


def mutated_files(number: int, seeds: Sequence[bytes]) -> list[bytes]:
    """Return the contents of the files of a mutant: one, or a sound one before it."""
    random = Random(f"{SEED}/{number}")
    found = [mutant(seeds, random)]
    return [random.choice(seeds), *found] if random.random() < 0.2 else found


def files_of(contents: Sequence[bytes]) -> list[File]:
    names = [f"rules{position}.yaml" for position in range(len(contents))]
    return [File(*each) for each in zip(names, map(decode, contents), strict=True)]


def fuzzing(seeds: Sequence[bytes], examine: Examine = examine) -> Fuzzing:
    """Return how mutants of rules files are made and looked at."""

    def examined(contents: Sequence[bytes]) -> Outcome:
        return examine(files_of(contents))

    return Fuzzing(lambda number: mutated_files(number, seeds), examined, ".yaml", SECONDS)


@pytest.mark.parametrize("name", BY_HAND)
def test_the_seeds_compile(name: str) -> None:
    assert examine(files_of([BY_HAND[name].encode()])).what == "compiles"


def test_the_shipped_seeds_compile() -> None:
    assert {examine(files_of([seed])).what for seed in shipped_rules()} == {"compiles"}


@pytest.mark.fuzz
def test_mutants(capsys: pytest.CaptureFixture[str]) -> None:
    seeds = own_seeds()
    try_mutants(fuzzing(seeds), capsys, 200, SMALL)


@pytest.mark.fuzz
@pytest.mark.conformance
def test_mutants_of_recorded_rules(capsys: pytest.CaptureFixture[str]) -> None:
    seeds = recorded_rules()
    try_mutants(fuzzing(seeds, examine_recorded), capsys, 200, SMALL)


@pytest.mark.fuzz
def test_mutants_of_descriptions(tmp_path: Path) -> None:
    """Descriptions of event sources are refused like rules, or describe a source that works."""
    example = conformance.ROOT / "docs" / "samples" / "cloudtrail" / "source.yaml"
    seeds = [OWN_SOURCE.encode(), example.read_bytes()]
    path = tmp_path / "source.yaml"
    for number in range(FUZZ // 10 or 100):
        path.write_bytes(content := mutant(seeds, Random(f"{SEED}/{number}")))
        try:
            described_or_refused(path)
        except BaseException:
            names = kept(number, [content], ".yaml")
            print(f"mutant {number}: {names}")
            raise


def described_or_refused(path: Path) -> None:
    try:
        source = Source.from_yaml(path)
    except RulesError as refusal:
        places_in_order(refusal.diagnostics, [File(str(path), decode(path.read_bytes()))])
        return
    try:
        events, _ = source.documents.read(OWN_EVENTS)
    except EventError:
        return
    arguments = {Argument.KEY: "a", Argument.REQUIRED_INDEX: "1"}
    shown = "".join(
        f" %{each.name}[{arguments[each.argument]}]"
        if each.argument in arguments
        else f" %{each.name}"
        for each in source.fields.values()
    )
    rule = RULE.format(source=source.name, output=shown)
    ruleset = execute(build_files(files_of([rule.encode()]), sources=[source]).code)
    for event in events:
        (alert,) = ruleset.matcher(source.name).match(event)
        assert alert.text()
        json.loads(alert.json())
