"""Lints that know Kubernetes: what they tell of, what they leave alone, and that it is true.

The pages of the lints have an example of each; here are the corners.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import audit_policy
import pytest
import yaml
from audit_policy import load
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_events import audit_event, container, pod
from test_audit_policy import some
from test_cluster_policy import FOLDER, in_its_group
from test_shipped_attack_paths import CASES as ATTACK_CASES
from test_shipped_k8s_rules import CASES as STOCK_CASES

from rulec.api import build_files, check_files, plan_files
from rulec.cli import cli
from rulec.cluster.audit_policy_reader import read_policy
from rulec.cluster.policy import policy as policy_for_rules
from rulec.cluster.policy_text import policy_text
from rulec.files import collect
from rulec.lint import LINTS, Subject, lint
from rulec.lint.lints.k8s_policy import views
from rulec.runtime.loading import execute
from rulec.runtime.ruleset import Ruleset
from rulec.runtime.sources import SOURCES
from rulec.text import File

COMPLETE = "ka.stage = ResponseComplete and "
POD = COMPLETE + "ka.target.resource = pods and not ka.target.subresource exists and "
NEW_POD = POD + "ka.verb = create and "


def rule(condition: str, name: str = "r") -> str:
    item = (
        f"- rule: {name}\n  desc: d\n  condition: >-\n    {condition}\n  output: '%ka.user.name'\n"
    )
    return f"{item}  priority: INFO\n  source: k8s_audit\n"


def told(*rules: str, policy: str | None = None) -> dict[str, list[str]]:
    """Return the messages about rules by lint, of the lints that know Kubernetes."""
    read = None if policy is None else read_policy(File("policy.yaml", policy))
    report = lint([File("rules.yaml", "".join(rules))], policy=read)
    assert not report.broken, report.findings
    found: dict[str, list[str]] = {}
    for finding in report.findings:
        if finding.lint.startswith("k8s-"):
            found.setdefault(finding.lint, []).append(finding.message)
    return found


IMAGES = "ka.req.pod.containers.image.repository"
INIT_IMAGES = "ka.req.pod.initContainers.image.repository"

# Conditions, and whether the lint tells of them.
TELLS: Sequence[tuple[str, str, bool]] = [
    # --- containers
    ("k8s-other-containers", NEW_POD + f"not {IMAGES} in (a)", True),
    ("k8s-other-containers", NEW_POD + f"not {IMAGES} in (a) and not {INIT_IMAGES} in (a)", False),
    (
        "k8s-other-containers",
        NEW_POD + f"{IMAGES} intersects (a) and ka.req.pod.initContainers.image intersects (a)",
        True,
    ),
    ("k8s-other-containers", COMPLETE + f"ka.verb = get and {IMAGES} intersects (a)", False),
    (
        "k8s-other-containers",
        COMPLETE + f"ka.target.resource = deployments and {IMAGES} intersects (a)",
        False,
    ),
    (
        "k8s-other-containers",
        NEW_POD + "jevt.value[/requestObject/spec/containers] contains privileged",
        False,
    ),
    (
        "k8s-other-containers",
        NEW_POD + "jevt.value[/requestObject/spec/containers/0/image] = a"
        " and jevt.value[/requestObject/spec/initContainers] contains a",
        False,
    ),
    (
        "k8s-other-containers",
        NEW_POD + f"{IMAGES} intersects (a) or jevt.value[/requestObject] contains a",
        False,
    ),
    ("k8s-other-containers", NEW_POD + "ka.req.container.privileged = true", True),
    (
        "k8s-one-container",
        NEW_POD + "jevt.value[/requestObject/spec/volumes/1/hostPath/path] = /",
        True,
    ),
    ("k8s-one-container", NEW_POD + "jevt.value[/requestObject/spec/volumes/1] exists", False),
    ("k8s-one-container", NEW_POD + "ka.req.pod.volumes.hostpath[0] intersects (/)", True),
    ("k8s-one-container", NEW_POD + "ka.req.pod.volumes.hostpath intersects (/)", False),
    ("k8s-one-container", NEW_POD + "jevt.value[/requestObject/metadata/labels/0] = a", False),
    ("k8s-every-element", COMPLETE + "ka.user.groups in (system:masters)", True),
    ("k8s-every-element", COMPLETE + "ka.user.groups intersects (system:masters)", False),
    ("k8s-every-element", COMPLETE + "not ka.user.groups in (a, b)", False),
    ("k8s-every-element", COMPLETE + 'ka.req.role.rules.verbs in ("*")', True),
    ("k8s-every-element", NEW_POD + f"not {IMAGES}[0] in (a)", False),
    (
        "k8s-every-element",
        NEW_POD + "not ka.req.pod.containers.privileged intersects (true)",
        False,
    ),
    # --- objects of requests
    ("k8s-absent-body", "ka.verb = delete and ka.req.configmap.obj contains a", True),
    ("k8s-absent-body", "ka.verb != create and ka.req.configmap.obj contains a", False),
    ("k8s-absent-body", "ka.verb = delete and not ka.req.configmap.obj contains a", False),
    (
        "k8s-absent-body",
        "ka.verb in (get, create) and (ka.verb = get or ka.req.configmap.obj contains a)",
        False,
    ),
    (
        "k8s-absent-body",
        "ka.target.subresource = exec and jevt.value[/requestObject/stdin] = true",
        True,
    ),
    ("k8s-workload-fields", "ka.target.resource = cronjobs and ka.req.pod.host_pid = true", True),
    (
        "k8s-workload-fields",
        "ka.target.resource = jobs and jevt.value[/requestObject/spec/volumes] exists",
        True,
    ),
    (
        "k8s-workload-fields",
        "ka.target.resource = jobs and jevt.value[/requestObject/spec/template] contains a",
        False,
    ),
    (
        "k8s-workload-fields",
        "ka.target.resource = jobs or ka.target.resource = pods and ka.req.pod.host_pid = true",
        False,
    ),
    ("k8s-workload-fields", "ka.target.resource = roles and ka.req.pod.host_pid = true", False),
    ("k8s-patch-body", "ka.verb = patch and jevt.value[/requestObject] contains a", False),
    ("k8s-patch-body", "ka.verb = patch and ka.req.role.rules.verbs intersects (a)", True),
    (
        "k8s-patch-body",
        "ka.verb = patch and ka.response.code = 201 and ka.req.role.rules.verbs intersects (a)",
        False,
    ),
    ("k8s-patch-body", "ka.verb = patch and not ka.req.role.rules.verbs intersects (a)", False),
    ("k8s-default-value", NEW_POD + "not ka.req.pod.host_network = false", False),
    ("k8s-default-value", NEW_POD + "ka.req.pod.host_network = true", False),
    (
        "k8s-default-value",
        NEW_POD + "ka.req.pod.initContainers.allow_privilege_escalation intersects (true)",
        True,
    ),
    ("k8s-default-value", NEW_POD + "jevt.value[/requestObject/spec/hostPID] = false", True),
    ("k8s-default-value", "ka.req.service.type = ClusterIP", False),
    # --- verbs
    ("k8s-update-without-patch", "ka.verb in (update, delete)", True),
    ("k8s-update-without-patch", "ka.verb != patch", False),
    ("k8s-update-without-patch", 'ka.verb startswith "update" or ka.verb = patch', False),
    ("k8s-create-only", COMPLETE + "ka.verb = create and ka.target.resource = nodes", True),
    ("k8s-create-only", COMPLETE + "ka.verb = create and ka.target.resource = tokenreviews", False),
    (
        "k8s-create-only",
        COMPLETE + "ka.verb = create and ka.target.resource = pods"
        " and ka.target.subresource = eviction",
        False,
    ),
    ("k8s-create-only", COMPLETE + "ka.verb = create", False),
    ("k8s-create-only", COMPLETE + "ka.verb = create and ka.req.role.rules exists", False),
    (
        "k8s-server-side-apply",
        COMPLETE + "ka.verb = create and ka.target.resource = roles and ka.req.role.rules exists",
        True,
    ),
    ("k8s-session-verbs", "ka.verb = get and ka.target.subresource = exec", True),
    ("k8s-session-verbs", "ka.target.subresource = exec", False),
    ("k8s-session-verbs", "ka.verb = delete and ka.target.subresource = exec", False),
    ("k8s-session-verbs", "ka.verb = get and ka.target.subresource = proxy", True),
    ("k8s-session-verbs", "ka.verb = get and ka.target.subresource = log", False),
    # --- stages
    ("k8s-stage-missing", "ka.verb = create", False),
    ("k8s-stage-missing", "ka.target.subresource = exec", True),
    ("k8s-stage-missing", "ka.verb = create and ka.response.code = 403", False),
    ("k8s-stage-missing", "ka.verb = watch and ka.response.code = 200", True),
    ("k8s-stage-missing", "ka.verb = create and jevt.value[/stage] = ResponseComplete", False),
    ("k8s-stage-never", "ka.stage = ResponseStarted and ka.verb = watch", False),
    ("k8s-stage-never", "ka.stage = ResponseStarted and ka.target.resource = nodes", False),
    (
        "k8s-stage-never",
        "ka.stage = ResponseStarted and ka.target.resource = secrets and ka.verb = get",
        True,
    ),
    ("k8s-stage-never", "ka.stage = ResponseStarted and ka.uri = /debug/pprof/profile", False),
    ("k8s-stage-never", "ka.stage = RequestReceived and ka.auth.decision = forbid", True),
    ("k8s-stage-never", "ka.stage = RequestReceived and not ka.auth.decision = forbid", False),
    (
        "k8s-stage-late",
        "ka.stage in (ResponseStarted, ResponseComplete) and ka.target.subresource = exec",
        False,
    ),
    ("k8s-stage-late", COMPLETE + "ka.target.subresource = log", False),
    ("k8s-stage-late", COMPLETE + "ka.target.subresource != exec", False),
    # --- values
    ("k8s-impossible-value", "ka.stage = ResponseCompleted", True),
    ("k8s-impossible-value", "ka.verb in (get, Get)", True),
    ("k8s-impossible-value", "ka.verb = post", False),
    ("k8s-impossible-value", "ka.target.resource in (ingress, svc)", True),
    ("k8s-impossible-value", "ka.target.resource = Widgets", True),
    ("k8s-impossible-value", "ka.target.resource = widgets", False),
    ("k8s-impossible-value", "ka.target.subresource = pods/exec", True),
    ("k8s-impossible-value", "ka.auth.decision != reject", True),
    ("k8s-impossible-value", 'ka.response.code in (4xx, "200")', True),
    ("k8s-impossible-value", "ka.response.code startswith 4", False),
    ("k8s-impossible-value", "jevt.value[/level] = None", True),
    ("k8s-user-and-group", "ka.user.name = system:serviceaccount:shop", True),
    ("k8s-user-and-group", "ka.user.name in (system:serviceaccounts:shop, a)", True),
    ("k8s-user-and-group", "ka.impuser.name = system:masters", True),
    ("k8s-user-and-group", "ka.user.name = system:serviceaccount:shop:front", False),
    ("k8s-user-and-group", "ka.user.name startswith system:serviceaccount:shop:", False),
    ("k8s-user-and-group", "ka.user.groups intersects (system:anonymous)", True),
    ("k8s-user-and-group", "ka.user.groups intersects (system:serviceaccounts:shop)", False),
    # --- requests
    ("k8s-subresources", COMPLETE + "ka.verb = patch and ka.target.resource = nodes", True),
    ("k8s-subresources", COMPLETE + "ka.verb = patch and ka.target.resource = secrets", False),
    ("k8s-subresources", COMPLETE + "ka.target.resource = pods", False),
    (
        "k8s-subresources",
        COMPLETE + "ka.verb = create and ka.target.resource = pods and ka.req.pod.host_pid = true",
        False,
    ),
    (
        "k8s-controllers-excluded",
        NEW_POD + f"{IMAGES} intersects (a)"
        " and not ka.user.name = system:serviceaccount:kube-system:job-controller",
        True,
    ),
    (
        "k8s-controllers-excluded",
        NEW_POD + f"{IMAGES} intersects (a) and ka.user.name = eve",
        False,
    ),
    ("k8s-controllers-excluded", NEW_POD + 'not ka.user.name startswith "system:"', False),
    ("k8s-workload-pods", NEW_POD + "ka.req.pod.host_pid = true", True),
    ("k8s-workload-pods", NEW_POD + "ka.req.pod.host_pid = true and ka.user.name = eve", False),
    (
        "k8s-service-accounts-excluded",
        COMPLETE + 'not ka.user.name startswith "system:serviceaccount:"',
        True,
    ),
    (
        "k8s-service-accounts-excluded",
        COMPLETE + 'not ka.user.name startswith "system:node:"',
        False,
    ),
    (
        "k8s-service-accounts-excluded",
        COMPLETE + 'ka.user.name = eve and not ka.user.name startswith "system:"',
        False,
    ),
]


@pytest.mark.parametrize(("name", "condition", "tells"), TELLS)
def test_what_a_lint_tells_of(name: str, condition: str, tells: bool) -> None:
    assert (name in told(rule(condition))) is tells


def test_every_lint_is_tried() -> None:
    tried = {name for name, _, _ in TELLS} | {"k8s-never-logged", "k8s-not-logged"}
    assert tried == {name for name in LINTS if name.startswith("k8s-")}


def test_a_rule_that_is_switched_off_is_left_alone() -> None:
    condition = "ka.verb = Create and ka.target.subresource = exec and jevt.rawtime = 0"
    assert told(rule(condition)) == {}


def test_what_would_be_too_much_work_is_left_alone() -> None:
    names = ", ".join(f"u{number}" for number in range(300))
    parts = " or ".join(f"ka.target.name = n{number}" for number in range(100))
    condition = f"ka.verb = Create and ka.user.name in ({names}) and ({parts})"
    assert told(rule("ka.verb = Create")) != {}
    assert told(rule(condition)) == {}


def test_what_another_rule_sees_is_not_missed() -> None:
    of_roles = "ka.target.resource = roles and ka.target.name = a and ka.verb"
    updated = rule(COMPLETE + of_roles + " in (create, update)", "updated")
    patched = rule(COMPLETE + of_roles + " = patch", "patched")
    assert "k8s-update-without-patch" in told(updated)
    assert told(updated, patched) == {}
    other = rule(COMPLETE + of_roles.replace("= a", "= b") + " = patch", "patched")
    assert "k8s-update-without-patch" in told(updated, other)


def test_what_a_rule_about_everything_sees_is_not_missed() -> None:
    created = rule(COMPLETE + "ka.verb = create and ka.target.resource = nodes")
    assert "k8s-create-only" in told(created)
    assert told(created, rule(COMPLETE + "ka.verb exists", "all")) == {}


def test_what_a_macro_asks_is_told_of_at_the_rule() -> None:
    macro = "- macro: kcreate\n  condition: ka.verb = create\n"
    condition = COMPLETE + "kcreate and ka.target.resource = nodes"
    report = lint([File("rules.yaml", macro + rule(condition))], only=["k8s-create-only"])
    assert [finding.position for finding in report.findings] == [(3, 3)]
    written = rule(condition.replace("kcreate", "ka.verb = create"))
    report = lint([File("rules.yaml", written)], only=["k8s-create-only"])
    assert [finding.position[0] for finding in report.findings] == [4]


def test_the_lists_of_containers_that_are_not_seen_are_named() -> None:
    condition = COMPLETE + f"ka.target.resource = pods and {IMAGES} intersects (a)"
    (message,) = told(rule(condition))["k8s-other-containers"]
    assert message.endswith("alone: init containers and ephemeral containers pass unseen")


def test_the_parts_that_a_rule_matches_are_named() -> None:
    condition = COMPLETE + "ka.verb = create and ka.target.resource = pods"
    (message,) = told(rule(condition))["k8s-subresources"]
    assert "pods/binding, pods/eviction and pods/exec" in message


# --- audit policies -----------------------------------------------------------------------

HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n"
ROLES = COMPLETE + "ka.verb = create and ka.target.resource in (roles, clusterroles)"


_UNSEEN = (
    "with this policy, rule 'r' matches roles and clusterroles (create)"
    " without seeing what it asks for"
)


@pytest.mark.parametrize(
    ("condition", "entries", "expected"),
    [
        pytest.param(ROLES, "- level: Metadata\n", {}, id="as it needs no object"),
        pytest.param(
            ROLES + " and ka.req.role.rules exists",
            "- level: Metadata\n",
            {"k8s-never-logged": ["rule 'r' never matches with this policy"]},
            id="without objects",
        ),
        pytest.param(
            ROLES + " and not ka.req.role.rules exists",
            "- level: Metadata\n",
            {
                "k8s-not-logged": [_UNSEEN],
            },
            id="matching everything",
        ),
        pytest.param(
            "ka.stage = RequestReceived and ka.verb = create and ka.target.resource = roles",
            "- level: Request\n",
            {"k8s-never-logged": ["rule 'r' never matches with this policy"]},
            id="at a stage that is omitted",
        ),
        pytest.param(
            COMPLETE + "ka.verb in (get, delete) and ka.target.resource = secrets",
            "- level: None\n  verbs: [get, list]\n- level: Metadata\n",
            {"k8s-not-logged": ["with this policy, rule 'r' never matches secrets (get)"]},
            id="of a verb",
        ),
        pytest.param(
            COMPLETE + "ka.verb = get and ka.target.resource = secrets",
            "- level: None\n  users: [eve]\n- level: Metadata\n",
            {},
            id="of somebody who is not everybody",
        ),
        pytest.param(
            COMPLETE + "ka.verb = get and ka.target.resource = secrets and ka.user.name = eve",
            "- level: None\n  users: [eve]\n- level: Metadata\n",
            {"k8s-never-logged": ["rule 'r' never matches with this policy"]},
            id="of the only one",
        ),
        pytest.param(
            COMPLETE + "ka.verb = get and ka.target.resource = secrets"
            " and ka.user.name startswith system:serviceaccount:shop:",
            "- level: None\n  userGroups: ['system:serviceaccounts:shop']\n- level: Metadata\n",
            {"k8s-never-logged": ["rule 'r' never matches with this policy"]},
            id="of a group",
        ),
        pytest.param(
            COMPLETE + "ka.verb = get and ka.target.resource = secrets"
            " and ka.target.namespace = shop",
            "- level: None\n  namespaces: [shop]\n- level: Metadata\n",
            {"k8s-never-logged": ["rule 'r' never matches with this policy"]},
            id="in a namespace",
        ),
        pytest.param(
            COMPLETE + "ka.verb = get and ka.target.resource = secrets",
            "- level: Metadata\n  resources:\n  - group: ''\n    resourceNames: [a]\n"
            "    resources: [secrets]\n",
            {},
            id="of some names",
        ),
        pytest.param(
            "ka.stage = ResponseStarted and ka.target.subresource = exec",
            "- level: Metadata\n  resources:\n  - group: ''\n    resources: [pods]\n",
            {"k8s-never-logged": ["rule 'r' never matches with this policy"]},
            id="of parts, which a policy has to name",
        ),
        pytest.param(COMPLETE + "ka.verb = get", "- level: None\n", {}, id="of nothing by name"),
    ],
)
def test_what_a_policy_keeps_from_rules(
    condition: str, entries: str, expected: Mapping[str, list[str]]
) -> None:
    found = told(rule(condition), policy=HEAD + entries)
    names = ("k8s-never-logged", "k8s-not-logged")
    assert {name: found[name] for name in names if name in found} == expected


def test_the_lines_of_the_policy_are_named() -> None:
    text = HEAD + "- level: None\n  verbs: [get]\n- level: Metadata\n"
    policy = read_policy(File("policy.yaml", text))
    condition = COMPLETE + "ka.verb = get and ka.target.resource = secrets"
    report = lint([File("r.yaml", rule(condition))], only=["k8s-never-logged"], policy=policy)
    (finding,) = report.findings
    assert (finding.lint, finding.hint) == ("k8s-never-logged", "policy.yaml:5 has level None")


def test_a_stage_that_the_policy_omits_does_not_alert_twice() -> None:
    condition = "ka.verb = create and ka.target.resource = nodes and ka.target.name = a"
    omitted = HEAD + "- level: Metadata\n"
    assert "k8s-stage-missing" not in told(rule(condition), policy=omitted)
    logged = omitted.replace("omitStages: [RequestReceived]\n", "")
    (message,) = told(rule(condition), policy=logged)["k8s-stage-missing"]
    assert message.endswith("at RequestReceived and ResponseComplete")


def test_the_command_takes_a_policy(tmp_path: Path) -> None:
    rules, policy = tmp_path / "rules.yaml", tmp_path / "policy.yaml"
    rules.write_text(rule(COMPLETE + "ka.verb = get and ka.target.resource = secrets"), "utf-8")
    policy.write_text(HEAD + "- level: None\n", "utf-8")
    arguments = ["check", "--lint", str(rules), "--policy"]
    found = CliRunner().invoke(cli, [*arguments, str(policy)])
    assert found.exit_code == 1
    assert f"{policy}:5 has level None" in found.stdout
    policy.write_text(HEAD + "- level: none\n", "utf-8")
    found = CliRunner().invoke(cli, [*arguments, str(policy)])
    assert found.exit_code == 4
    assert found.stderr.strip() == f"rulec check: {policy}:5:10: no level 'none'"
    found = CliRunner().invoke(cli, [*arguments, str(tmp_path / "nowhere")])
    assert found.exit_code == 4
    assert "cannot read" in found.stderr


# --- what is said to be impossible is -------------------------------------------------------


@st.composite
def policies_about(draw: st.DrawFn, event: Mapping[str, Any]) -> dict[str, Any]:
    """Draw a policy whose entries are likely to be about an event."""
    target = event.get("objectRef", {})
    user = event["user"]["username"]
    names = [target.get("resource", "pods"), "*", "secrets"]
    if part := target.get("subresource"):
        names += [f"{names[0]}/{part}", f"{names[0]}/*", f"*/{part}"]
    group = st.sampled_from([target.get("apiGroup", ""), target.get("apiGroup", ""), "", "apps"])
    resources = st.fixed_dictionaries(
        {"group": group}, optional={"resources": st.lists(st.sampled_from(names), min_size=1)}
    )
    namespace = target.get("namespace", "")
    optional = {
        "users": st.lists(st.sampled_from([user, "eve"]), max_size=1),
        "userGroups": st.lists(st.sampled_from(event["user"]["groups"]), max_size=1),
        "verbs": st.lists(st.sampled_from([event["verb"], "get"]), max_size=2, unique=True),
        "omitStages": some(audit_policy.STAGES),
        "resources": st.lists(resources, max_size=2),
        "namespaces": st.lists(st.sampled_from([namespace, "other"]), max_size=1),
    }
    rules = st.fixed_dictionaries(
        {"level": st.sampled_from(audit_policy.LEVELS)}, optional=optional
    )
    document = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy"}
    return {**document, "rules": draw(st.lists(rules, min_size=1, max_size=4))}


@cache
def shipped(overlay: str) -> tuple[Ruleset, Subject]:
    found = [*collect(FOLDER), File("overlay.yaml", overlay)]
    built = build_files(found, sources=["k8s_audit"], rule_matching="all")
    definitions, analysis, _ = check_files(found)
    return execute(built.code), Subject(tuple(found), (), definitions, analysis, SOURCES)


CASES = [*STOCK_CASES, *ATTACK_CASES]


@settings(max_examples=200, deadline=None)
@given(st.data(), st.sampled_from(CASES))
def test_what_a_policy_keeps_from_rules_they_do_not_match(data: st.DataObject, case: Any) -> None:
    """A rule that is said not to match some requests matches no event that is logged of them."""
    ruleset, subject = shipped(case.overlay)
    change = data.draw(st.sampled_from([{}, *case.hits]))
    event = in_its_group(audit_event(**{**case.event, **change}))
    text = yaml.safe_dump(data.draw(policies_about(event)))
    logged = load(text).logged(event)
    if logged is None or "objectRef" not in event:
        return
    target = event["objectRef"]
    part = target.get("subresource")
    name = f"{target['resource']}/{part}" if part else target["resource"]
    policy = read_policy(File("policy.yaml", text))
    (view,) = (
        view for view in views(replace(subject, policy=policy)) if view.rule.name == case.rule
    )
    outcome = view.outcomes().get((name, event["verb"]))
    alerts = [alert.rule for alert in ruleset.match(logged, source="k8s_audit")]
    if case.rule in alerts and name in map(str, view.cells()):
        assert outcome is not None
        assert outcome.matches


def test_the_policy_that_rulec_writes_keeps_nothing_from_the_rules() -> None:
    files = collect(FOLDER)
    planned, _ = plan_files(files, sources=["k8s_audit"])
    text = policy_text(policy_for_rules(planned.rules, {}), "rules")
    names = ("k8s-never-logged", "k8s-not-logged")
    report = lint(files, only=names, policy=read_policy(File("policy.yaml", text)))
    assert report.findings == ()


# --- what is said to pass unseen does ---------------------------------------------------------

EVIL = container("example.com/miner", privileged=True)
GOOD = container("registry.example.com/shop:1")
NEW = {"verb": "create", "code": 201}
EXEC = {"resource": "pods", "subresource": "exec", "code": 101, "stage": "ResponseStarted"}

# A lint, a condition that it tells of, and an event that the author would want to be told of.
UNSEEN: Sequence[tuple[str, str, Mapping[str, Any]]] = [
    (
        "k8s-other-containers",
        NEW_POD + "ka.req.pod.containers.privileged intersects (true)",
        {**NEW, "request": pod(GOOD, initContainers=[EVIL])},
    ),
    (
        "k8s-other-containers",
        NEW_POD + f"not {IMAGES} in (registry.example.com/shop)",
        {**NEW, "request": pod(GOOD, initContainers=[EVIL])},
    ),
    (
        "k8s-one-container",
        NEW_POD + "jevt.value[/requestObject/spec/containers/0/image] = example.com/miner",
        {**NEW, "request": pod(GOOD, EVIL)},
    ),
    (
        "k8s-every-element",
        NEW_POD + "ka.req.pod.containers.image in (example.com/miner)",
        {**NEW, "request": pod(GOOD, EVIL)},
    ),
    (
        "k8s-every-element",
        COMPLETE + "ka.user.groups in (system:masters)",
        {"user": "eve", **NEW},
    ),
    (
        "k8s-server-side-apply",
        NEW_POD + "ka.req.pod.containers.privileged intersects (true)",
        {"verb": "patch", "code": 201, "request": pod(EVIL)},
    ),
    (
        "k8s-create-only",
        COMPLETE + "ka.verb = create and ka.target.resource = namespaces",
        {"verb": "patch", "code": 201, "resource": "namespaces"},
    ),
    (
        "k8s-update-without-patch",
        COMPLETE + "ka.verb in (create, update) and ka.target.resource = secrets",
        {"verb": "patch", "resource": "secrets"},
    ),
    (
        "k8s-patch-body",
        COMPLETE + "ka.verb = patch and ka.req.configmap.obj contains password",
        {
            "verb": "patch",
            "resource": "configmaps",
            "requestObject": [{"op": "add", "path": "/data/password", "value": "hunter2"}],
        },
    ),
    (
        "k8s-session-verbs",
        "ka.stage = ResponseStarted and ka.verb = create and ka.target.subresource = exec",
        {**EXEC, "verb": "get"},
    ),
    (
        "k8s-stage-late",
        COMPLETE + "ka.target.subresource = exec",
        {**EXEC, "verb": "create"},
    ),
    (
        "k8s-workload-fields",
        COMPLETE + "ka.target.resource = deployments and ka.req.pod.host_network = true",
        {
            **NEW,
            "resource": "deployments",
            "request": {"spec": {"template": pod(hostNetwork=True)}},
        },
    ),
    (
        "k8s-controllers-excluded",
        NEW_POD + f'{IMAGES} exists and not ka.user.name startswith "system:"',
        {
            **NEW,
            "user": "system:serviceaccount:kube-system:replicaset-controller",
            "request": pod(EVIL),
        },
    ),
    (
        "k8s-service-accounts-excluded",
        COMPLETE + 'ka.target.resource = secrets and not ka.user.name startswith "system:"',
        {"resource": "secrets", "user": "system:serviceaccount:shop:front"},
    ),
    (
        "k8s-default-value",
        NEW_POD + "ka.req.pod.containers.allow_privilege_escalation intersects (true)",
        {**NEW, "request": pod(GOOD)},
    ),
    (
        "k8s-impossible-value",
        COMPLETE + "ka.target.resource = pod",
        {**NEW, "request": pod(GOOD)},
    ),
    (
        "k8s-user-and-group",
        COMPLETE + "ka.user.name = system:authenticated",
        {**NEW, "user": "eve"},
    ),
]


@pytest.mark.parametrize(("name", "condition", "event"), UNSEEN)
def test_what_is_said_to_pass_unseen_does(
    name: str, condition: str, event: Mapping[str, Any]
) -> None:
    assert name in told(rule(condition))
    ruleset = execute(build_files([File("rules.yaml", rule(condition))]).code)
    assert list(ruleset.match(audit_event(**event), source="k8s_audit")) == []


@pytest.mark.parametrize(
    ("name", "condition", "events"),
    [
        (
            "k8s-stage-missing",
            "ka.target.subresource = exec",
            [{**EXEC, "verb": "get"}, {**EXEC, "verb": "get", "stage": "ResponseComplete"}],
        ),
        (
            "k8s-subresources",
            COMPLETE + "ka.verb = create and ka.target.resource = serviceaccounts",
            [{**NEW, "resource": "serviceaccounts", "subresource": "token"}],
        ),
        (
            "k8s-impossible-value",
            COMPLETE + "ka.auth.decision != reject",
            [{"decision": "forbid", "code": 403}],
        ),
    ],
)
def test_what_is_said_to_alert_does(
    name: str, condition: str, events: Sequence[Mapping[str, Any]]
) -> None:
    assert name in told(rule(condition))
    ruleset = execute(build_files([File("rules.yaml", rule(condition))]).code)
    for event in events:
        assert len(list(ruleset.match(audit_event(**event), source="k8s_audit"))) == 1
