"""Rules files with anything wrong in them compile, or are refused with places and reasons.

``RULEC_FUZZ=50000 pytest -m fuzz tests/test_fuzz_rules_files.py -s`` tries
that many mutants, in processes of their own, and also looks at the time and
the memory that each takes. ``RULEC_FUZZ_SEED`` chooses other mutants. What
fails is written to a file, whose name is printed.
"""

import json
import multiprocessing
import os
import re
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Final

import conformance
import msgspec
import pytest
from mutations import mutant
from rule_events import audit_event

from rulec import RulesError, Source
from rulec.api import build_files
from rulec.codes import CODES
from rulec.diagnostics import Diagnostic
from rulec.event_sources import known_sources
from rulec.files import decode
from rulec.runtime.extract import extract
from rulec.runtime.fields import Argument
from rulec.runtime.loading import execute
from rulec.text import File
from rulec.validation import validate

FUZZ: Final = int(os.environ.get("RULEC_FUZZ", "0"))
SEED: Final = os.environ.get("RULEC_FUZZ_SEED", "0")
FAILURES: Final = Path(tempfile.gettempdir()) / "rulec-fuzz"

SECONDS, MEGABYTES = 2.0, 300  # more than this must no mutant take


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

OWN_EVENTS: Final[tuple[Any, ...]] = (
    {
        "time": 1_772_443_800_000,
        **{"text": "a b", "number": 300, "signed": -1, "double": 1.5, "flag": True, "port": 443},
        **{"bytes": "YQBi", "address": "192.0.2.1", "since": 5, "list": ["a", "b", 1, None]},
        **{"numbers": [1, 2], "labels": {"a": "x", "": "none"}},
        "groups": [{"members": [{"name": "n"}, {}]}, {"members": {"name": "m"}}, 1],
    },
    {"time": 0},
    {
        "time": 1.5,
        **{"text": None, "number": "x", "signed": 2**70, "double": "1e400", "flag": "no"},
        **{"bytes": 1, "address": "::ffff:192.0.2.1", "list": {}, "groups": "x", "labels": []},
    },
)

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
    return [*shipped_rules(), *(text.encode() for text in BY_HAND.values()) , *_often()]


def _often() -> Iterator[bytes]:
    """Yield what uses most features again and again: there are few of them."""
    for text in BY_HAND.values():
        for _ in range(6):
            yield text.encode()


# --- what must be true of every mutant ----------------------------------------------


def examine(files: Sequence[File]) -> str:
    """Compile and check rules; return what came of it, and fail if that is not in order."""
    results = validate(files, known_sources([own_source()]))
    for result in results:
        json.loads(msgspec.json.encode(result.to_falco()))
        for diagnostic in result.diagnostics:
            in_order(diagnostic, files)
    try:
        built = build_files(files, sources=["k8s_audit", own_source()], rule_matching="all")
    except RulesError as error:
        assert str(error)
        for diagnostic in error.diagnostics:
            in_order(diagnostic, files)
        errors = [each for each in error.diagnostics if each.severity == "error"]
        assert errors, "rules are refused without a reason"
        assert results[-1].error is not None, "Falco's report knows nothing of it"
        return f"{errors[0].code} {errors[0].kind}"
    assert results[-1].error is None, f"only Falco's report has {results[-1].error}"
    for diagnostic in built.warnings:
        in_order(diagnostic, files)
    ruleset = execute(built.code)
    alerts = ruleset.match(audit_event(), "k8s_audit") + ruleset.match(list(OWN_EVENTS), "own")
    for alert in alerts:
        assert "\n" not in alert.text()
        json.loads(alert.json())
    return "compiles" if ruleset.rules else "compiles to nothing"


def in_order(diagnostic: Diagnostic, files: Sequence[File]) -> None:
    """Fail if a diagnostic is not about a place in one of the files, or cannot be shown."""
    assert diagnostic.code in CODES
    (file,) = (file for file in files if file.name == diagnostic.file)
    lines = file.content.split("\n")
    assert 1 <= diagnostic.line <= len(lines), diagnostic
    assert 1 <= diagnostic.column <= len(lines[diagnostic.line - 1]) + 1, diagnostic
    shown = str(diagnostic)
    assert all(c.isprintable() or c in "\n\t" or c.isspace() for c in shown), ascii(shown)
    assert shown.count("\n") <= 3, ascii(shown)
    assert diagnostic.message
    assert "Error(" not in diagnostic.message
    falco = diagnostic.to_falco()
    assert falco["context"]["locations"], "Falco always tells where"
    json.loads(msgspec.json.encode(falco))


def mutated_files(number: int, seeds: Sequence[bytes]) -> list[bytes]:
    """Return the contents of the files of a mutant: one, or a sound one before it."""
    random = Random(f"{SEED}/{number}")
    found = [mutant(seeds, random)]
    return [random.choice(seeds), *found] if random.random() < 0.2 else found


def files_of(contents: Sequence[bytes]) -> list[File]:
    names = [f"rules{position}.yaml" for position in range(len(contents))]
    return [File(*each) for each in zip(names, map(decode, contents), strict=True)]


def keep(number: int, contents: Sequence[bytes], what: str) -> str:
    """Write a mutant that failed to files, and return how to find them."""
    FAILURES.mkdir(exist_ok=True)
    paths = []
    for position, content in enumerate(contents):
        path = FAILURES / f"{SEED}-{number}-{position}.yaml"
        path.write_bytes(content)
        paths.append(str(path))
    return f"mutant {number}: {what}: {' '.join(paths)}"
