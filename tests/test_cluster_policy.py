"""The audit policy for rules: with it they give the same alerts as with everything logged."""

import itertools
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import audit_policy
import pytest
import yaml
from audit_policy import LEVELS, Policy, RefusedError, load
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_cases import switch
from rule_events import audit_event, binding, config_map, container, ingress, pod, role, service
from test_shipped_attack_paths import CASES as ATTACK_CASES
from test_shipped_k8s_rules import CASES as STOCK_CASES

from rulec.api import build_files, plan_files
from rulec.cli import cli, main
from rulec.cluster.policy import UnknownGroupError, policy
from rulec.cluster.policy_text import policy_text
from rulec.cluster.tables import GROUPS, SUBRESOURCES, USER_GROUPS, VERBS, WITHOUT_PARTS
from rulec.files import collect
from rulec.runtime.loading import execute
from rulec.runtime.ruleset import Ruleset
from rulec.text import File

FOLDER = Path(str(files("rulec.rules")))
STAGES = audit_policy.STAGES


def text_for(rules: str | Path, groups: Mapping[str, Sequence[str]] | None = None) -> str:
    given = collect(rules) if isinstance(rules, Path) else [File("rules.yaml", rules)]
    planned, _ = plan_files(given, sources=["k8s_audit"])
    return policy_text(policy(planned.rules, groups or {}), "some rules")


def policy_for(rules: str | Path, groups: Mapping[str, Sequence[str]] | None = None) -> Policy:
    return load(text_for(rules, groups))


def rule(condition: str, output: str = "%ka.user.name", name: str = "r") -> str:
    item = f"- rule: {name}\n  desc: d\n  condition: >-\n    {condition}\n  output: '{output}'\n"
    return f"{item}  priority: INFO\n  source: k8s_audit\n"


# --- requests as an API server knows them -------------------------------------------------


USERS = (
    "kubernetes-admin",
    "m.keller@example.net",
    "system:anonymous",
    "system:apiserver",
    "system:kube-controller-manager",
    "system:kube-scheduler",
    "system:node:worker-1",
    "system:serviceaccount:kube-system:deployment-controller",
    "system:serviceaccount:shop:storefront",
    "eve",
    "",
)
URIS = ("/healthz", "/healthz?verbose", "/livez", "/readyz/etcd", "/version", "/api", "/metrics")
BODIES = (
    pod(container(privileged=True), hostPID=True),
    {"kind": "DaemonSet", "spec": {"template": pod(container(privileged=True))}},
    role(["*"], ["escalate"]),
    binding("cluster-admin", "system:anonymous"),
    service("NodePort"),
    config_map(password="hunter2"),
    ingress(tls=False),
    [{"op": "add", "path": "/x/privileged", "value": True}],
    {"metadata": {"name": "web"}, "data": {"a": "b"}},
)
# Resources that the shipped rules name, some that they do not, and one that is an extension.
RESOURCES = (*sorted(GROUPS), "rollouts")


def members_of(user: str) -> list[str]:
    """Return the groups that the API server puts a user into."""
    groups = [group for group, prefix in USER_GROUPS.items() if user.startswith(prefix)]
    if user.startswith("system:serviceaccount:"):
        groups.append(f"system:serviceaccounts:{user.split(':')[2]}")
    known = "system:unauthenticated" if user == "system:anonymous" else "system:authenticated"
    return [*dict.fromkeys(groups), known]


def parts_of(resource: str) -> list[str | None]:
    if resource in WITHOUT_PARTS:
        return [None]
    named = [part for part, whole in SUBRESOURCES.items() if resource in whole]
    return [None, "status", "scale", *named]


@st.composite
def events(draw: Any, users: Sequence[str] = USERS, uris: Sequence[str] = URIS) -> dict[str, Any]:
    """Draw an event with everything in it that can be logged of a request."""
    user = draw(st.sampled_from(users))
    about: dict[str, Any] = {"user": user, "stage": draw(st.sampled_from(STAGES))}
    about["code"] = draw(st.sampled_from((200, 201, 101, 403, 404)))
    about["decision"] = draw(st.sampled_from(("allow", "forbid", None)))
    about["verb"] = draw(st.sampled_from((*VERBS, "post")))
    if draw(st.integers(0, 5)) == 0:
        event = audit_event(resource=None, uri=draw(st.sampled_from(uris)), **about)
    else:
        resource = draw(st.sampled_from(RESOURCES))
        part = draw(st.sampled_from(parts_of(resource)))
        name = draw(st.sampled_from(("web", "cluster-admin", "system:x", None)))
        namespace = draw(st.sampled_from(("shop", "kube-system", None)))
        body = draw(st.sampled_from((None, *BODIES)))
        event = audit_event(
            resource=resource, subresource=part, name=name, namespace=namespace, **about
        )
        group = draw(st.sampled_from(GROUPS.get(resource, ("argoproj.io",))))
        if group:
            event["objectRef"]["apiGroup"] = group
        if body is not None:
            event["requestObject"] = body
            event["responseObject"] = {"metadata": {"name": name}, "kind": "X"}
    event["level"] = "RequestResponse"
    event["user"]["groups"] = members_of(user)
    if draw(st.integers(0, 9)) == 0:
        event["impersonatedUser"] = {"username": "system:admin", "groups": ["system:masters"]}
    return event


def alerts(ruleset: Ruleset, event: Mapping[str, Any] | None) -> list[Any]:
    if event is None:
        return []
    found = ruleset.match(event, source="k8s_audit")
    return [(alert.rule, alert.output, alert.output_fields) for alert in found]


def turned_off(name: str) -> str:
    return f"- rule: {name}\n  enabled: false\n  override: {{enabled: replace}}\n"


SETTINGS = {
    "as shipped": "",
    "everything on": "".join(
        [
            switch("allowed_k8s_containers", "ka.req.pod.containers.image contains shop"),
            switch("consider_all_events", "k8s_audit_always_true"),
            switch("allowed_full_admin_users", "k8s_audit_never_true"),
            switch("allow_all_k8s_nodes", "k8s_audit_never_true"),
            switch("allowed_k8s_workloads", "jevt.value[/requestObject/kind] = Deployment"),
        ]
    ),
    "quiet": "".join(
        [
            switch("consider_activity_events", "k8s_audit_never_true"),
            turned_off("Disallowed K8s User"),
            turned_off("Impersonation of Administrator or Component"),
            turned_off("Anonymous Request Allowed"),
        ]
    ),
}


@cache
def shipped(overlay: str) -> tuple[Ruleset, Policy]:
    found = [*collect(FOLDER), File("overlay.yaml", overlay)]
    built = build_files(found, sources=["k8s_audit"], rule_matching="all")
    planned, _ = plan_files(found, sources=["k8s_audit"])
    return execute(built.code), load(policy_text(policy(planned.rules, {}), "rules"))


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_shipped_rules_give_the_same_alerts(setting: str) -> None:
    ruleset, logs = shipped(SETTINGS[setting])

    @settings(max_examples=300, deadline=None)
    @given(events())
    def check(event: dict[str, Any]) -> None:
        assert alerts(ruleset, logs.logged(event)) == alerts(ruleset, event)

    check()


@pytest.mark.parametrize("case", [*STOCK_CASES, *ATTACK_CASES], ids=lambda case: case.rule)
def test_what_each_shipped_rule_reports_is_logged(case: Any) -> None:
    """The events of the tests of the rules, each with all its variants and near misses."""
    ruleset, logs = shipped(case.overlay)
    for change in ({}, *case.hits, *case.misses):
        event = in_its_group(audit_event(**{**case.event, **change}))
        assert alerts(ruleset, logs.logged(event)) == alerts(ruleset, event), change


def in_its_group(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event as if Kubernetes had the part of the resource that it is about."""
    event["level"] = "RequestResponse"
    event["user"]["groups"] = members_of(event["user"]["username"])
    if "objectRef" in event:
        group = GROUPS[event["objectRef"]["resource"]][0]
        event["objectRef"] |= {"apiGroup": group} if group else {}
    return event


# --- rules of any kind ----------------------------------------------------------------------


CHECKS = (
    "ka.verb = create",
    "ka.verb in (get, list, post)",
    "ka.verb != delete",
    "ka.verb startswith delete",
    "jevt.value[/verb] = watch",
    "ka.stage = ResponseComplete",
    "ka.stage in (RequestReceived, Panic)",
    "ka.stage exists",
    "ka.target.resource = pods",
    "ka.target.resource in (secrets, configmaps, deployments)",
    "ka.target.resource endswith sets",
    "ka.target.resource != pods",
    "ka.target.resource exists",
    "ka.target.resource = tolower(ka.verb)",
    "ka.target.subresource exists",
    "ka.target.subresource = exec",
    "ka.target.subresource in (portforward, status, token)",
    "ka.target.subresource contains x",
    "ka.target.name = web",
    "ka.user.name = eve",
    "ka.user.name in (eve, system:kube-scheduler, system:anonymous)",
    'ka.user.name startswith "system:"',
    'ka.user.name startswith "system:node:"',
    'ka.user.name startswith "system:serviceaccount:kube-system:dep"',
    'ka.user.name glob "*admin"',
    "ka.user.name exists",
    "ka.user.groups intersects (system:nodes)",
    "ka.uri = /healthz",
    'ka.uri startswith "/healthz?"',
    "ka.uri in (/version, /metrics)",
    "ka.uri contains pods",
    'ka.uri in ("/livez?x", "/readyz/etcd", "/met*")',
    "ka.response.code startswith 2",
    "ka.req.pod.containers.privileged intersects (true)",
    "jevt.value[/requestObject] contains password",
    "jevt.value[/responseObject] exists",
    "ka.resp.name = web",
    "jevt.value[/level] = RequestResponse",
    "jevt.rawtime = 0",
    "jevt.rawtime exists",
)
OUTPUTS = ("%ka.user.name", "%ka.resp.name", "%jevt.value[/requestObject]", "%jevt.obj")


def conditions(depth: int) -> st.SearchStrategy[str]:
    if depth == 0:
        return st.sampled_from(CHECKS)
    inner = conditions(depth - 1)
    pair = st.tuples(inner, st.sampled_from(("and", "and", "or")), inner)
    return inner | pair.map(lambda p: f"({p[0]} {p[1]} {p[2]})") | inner.map("not ({})".format)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(conditions(3), st.sampled_from(OUTPUTS)), min_size=1, max_size=4),
    st.lists(events(), min_size=25, max_size=25),
)
def test_any_rules_give_the_same_alerts(
    written: list[tuple[str, str]], requests: list[dict[str, Any]]
) -> None:
    text = "".join(rule(*found, name=f"r{number}") for number, found in enumerate(written))
    ruleset = execute(build_files([File("rules.yaml", text)], rule_matching="all").code)
    logs = policy_for(text)
    for event in requests:
        logged = logs.logged(event)
        assert alerts(ruleset, logged) == alerts(ruleset, event), text_for(text)


# --- no more than that ------------------------------------------------------------------------


def level_of(logs: Policy, **about: Any) -> str:
    logged = logs.logged(in_its_group(audit_event(**about)))
    return "None" if logged is None else logged["level"]


@pytest.mark.parametrize(
    ("condition", "output", "about", "level"),
    [
        ("ka.verb = create and ka.target.resource = pods", "x", {"verb": "create"}, "Metadata"),
        ("ka.verb = create and ka.target.resource = pods", "x", {"verb": "delete"}, "None"),
        ("ka.verb = create and ka.target.resource = pods", "x", {"resource": "jobs"}, "None"),
        ("ka.target.resource = pods", "%ka.req.pod.containers.image", {}, "Request"),
        ("ka.target.resource = pods", "%ka.resp.name", {}, "RequestResponse"),
        ("ka.target.resource = pods and jevt.rawtime = 0", "%ka.resp.name", {}, "None"),
        ("ka.target.resource = pods", "x", {"subresource": "log"}, "Metadata"),
        (
            "ka.target.resource = pods and not ka.target.subresource exists",
            "x",
            {"subresource": "log"},
            "None",
        ),
        ("ka.stage = ResponseStarted", "x", {}, "None"),
        ("ka.stage = ResponseStarted", "x", {"stage": "ResponseStarted"}, "Metadata"),
        ("ka.user.name = eve", "x", {"user": "eve"}, "Metadata"),
        ("ka.user.name = eve", "x", {"user": "adam"}, "None"),
        ("ka.uri = /version", "x", {"resource": None, "uri": "/version"}, "Metadata"),
        ("ka.uri = /version", "x", {"resource": None, "uri": "/metrics"}, "None"),
        ('ka.uri = "/a?b"', "x", {"resource": None, "uri": "/a?b"}, "Metadata"),
        ('ka.uri = "/a%62"', "x", {"resource": None, "uri": "/a%62"}, "Metadata"),
        ('not ka.user.name startswith "system:"', "x", {"user": "system:node:a"}, "None"),
        ('not ka.user.name startswith "system:"', "x", {"user": "node:a"}, "Metadata"),
        (
            "not ka.target.resource = secrets",
            "%ka.req.configmap.obj",
            {"resource": "secrets"},
            "None",
        ),
        (
            "not ka.target.resource = secrets",
            "%ka.req.configmap.obj",
            {"resource": "configmaps"},
            "Request",
        ),
    ],
)
def test_a_policy_logs_what_is_read_and_no_more(
    condition: str, output: str, about: Mapping[str, Any], level: str
) -> None:
    assert level_of(policy_for(rule(condition, output)), **about) == level


VOLUME = [
    {"user": "system:node:worker-1", "verb": "update", "resource": "leases"},
    {"user": "system:node:worker-1", "verb": "patch", "resource": "nodes", "subresource": "status"},
    {"user": "system:node:worker-1", "verb": "list", "resource": "pods"},
    {"user": "system:node:worker-1", "verb": "watch", "resource": "configmaps"},
    {"user": "system:kube-controller-manager", "verb": "get", "resource": "leases"},
    {"user": "system:kube-scheduler", "verb": "watch", "resource": "pods"},
    {"user": "system:kube-proxy", "verb": "watch", "resource": "endpointslices"},
    {
        "user": "system:serviceaccount:kube-system:deployment-controller",
        "verb": "update",
        "resource": "deployments",
        "subresource": "status",
    },
    {"user": "system:anonymous", "resource": None, "uri": "/livez?verbose"},
    {"user": "system:anonymous", "resource": None, "uri": "/readyz"},
]


@pytest.mark.parametrize("about", VOLUME, ids=lambda about: " ".join(map(str, about.values())))
def test_what_components_say_all_day_is_not_logged_for_the_shipped_rules(
    about: Mapping[str, Any],
) -> None:
    _, logs = shipped("")
    assert level_of(logs, **about) == "None"


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("setting", ["as shipped", "quiet"])
def test_what_is_in_secrets_is_never_logged_for_the_shipped_rules(setting: str, verb: str) -> None:
    _, logs = shipped(SETTINGS[setting])
    for resource, part in (("secrets", None), ("serviceaccounts", "token"), ("tokenreviews", None)):
        about = {"resource": resource, "subresource": part, "verb": verb}
        for user, stage in itertools.product(USERS, STAGES):
            level = level_of(logs, user=user, stage=stage, **about)
            assert LEVELS.index(level) <= LEVELS.index("Metadata")


def test_rules_that_read_secrets_are_named() -> None:
    text = text_for(rule("ka.target.resource = secrets", "%jevt.obj", name="Everything of Secrets"))
    assert "What is in secrets is logged, because rules read it: Everything of Secrets." in text
    assert "secrets" not in text_for(rule("ka.target.resource = pods")).split("rules:")[1]


# --- the text ---------------------------------------------------------------------------------


def test_the_text_is_the_same_whatever_the_order_of_sets(tmp_path: Path) -> None:
    found = set()
    for seed in ("1", "2"):
        call = [sys.executable, "-m", "rulec", "k8s", "policy", "-r", str(FOLDER)]
        done = subprocess.run(
            call, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        )
        found.add(done.stdout)
    assert len(found) == 1


def test_each_entry_says_which_rules_need_it() -> None:
    text = text_for(FOLDER)
    entries = text.split("\nrules:\n")[1].split("\n\n")
    [wanted] = [entry for entry in entries if "resources: [pods]" in entry and "create" in entry]
    assert "# request and response: Create Privileged Pod; " in wanted
    assert all(entry.lstrip().startswith("#") for entry in entries)


def test_a_name_cannot_leave_its_comment() -> None:
    name = '"a\\n  - level: RequestResponse\\u2028  b"'
    logs = policy_for(rule("ka.verb = get and ka.user.name = eve", name=name))
    assert [found["level"] for found in logs.rules] == ["Metadata", "None"]


@pytest.mark.parametrize("word", ["no", "null", "1e3", "a: b", "# x", "*x", "\N{SNOWMAN}", "a\tb"])
def test_a_name_is_a_text_in_the_policy(word: str) -> None:
    quoted = '"' + word.replace("\t", "\\t") + '"'
    text = text_for(rule(f"'ka.user.name = {quoted}'").replace(">-\n    ", ""))
    [only, _] = yaml.safe_load(text)["rules"]
    assert only["users"] == [word]


def test_no_rules_log_nothing() -> None:
    logs = load(policy_text(policy((), {}), "no rules"))
    assert logs.rules == ({"level": "None"},)


def test_a_resource_of_an_unknown_group_has_to_be_told() -> None:
    found = rule("ka.target.resource in (rollouts, pods) and ka.verb = create")
    with pytest.raises(UnknownGroupError, match="rollouts"):
        text_for(found)
    logs = policy_for(found, {"rollouts": ["argoproj.io"], "pods": ["metrics.k8s.io"]})
    event = audit_event(verb="create", resource="rollouts")
    assert logs.logged(event) is None
    event["objectRef"]["apiGroup"] = "argoproj.io"
    assert logs.logged(event) is not None
    event["objectRef"] |= {"resource": "pods", "apiGroup": "metrics.k8s.io"}
    assert logs.logged(event) is not None


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: []\n",
        "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: All}]\n",
        "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: None, verb: [get]}]\n",
        "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: None, nonResourceURLs: [x]}]\n",
        "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: None, omitStages: [Late]}]\n",
        "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: None, resources: [{group: A}]}]",
    ],
)
def test_the_tests_notice_a_policy_that_is_refused(text: str) -> None:
    with pytest.raises(RefusedError):
        load(text)


# --- the command ------------------------------------------------------------------------------


def run(*arguments: object) -> Any:
    return CliRunner().invoke(cli, ["k8s", "policy", *map(str, arguments)])


def test_the_command_writes_a_policy(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(rule("ka.target.resource = secrets", "%jevt.obj"), "utf-8")
    done = run("-r", tmp_path / "rules.yaml", "-o", tmp_path / "policy.yaml")
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == "note: what is in secrets is logged, for 'r'\n"
    assert load((tmp_path / "policy.yaml").read_text("utf-8")).rules
    assert (
        (tmp_path / "policy.yaml").read_text("utf-8").startswith("# Written by rulec for 1 rule. ")
    )


def test_the_command_tells_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(rule("ka.target.resource = rollouts"), "utf-8")
    (tmp_path / "bad.yaml").write_text(rule("ka.nope = 1"), "utf-8")
    done = run("-r", tmp_path / "rules.yaml")
    assert "add --group rollouts=GROUP" in str(done.stderr)
    assert run("-r", tmp_path / "rules.yaml", "--group", "rollouts=argoproj.io").exit_code == 0
    assert "is not RESOURCE=GROUP" in run("-r", tmp_path / "rules.yaml", "--group", "x").stderr
    assert run("-r", tmp_path / "bad.yaml").exit_code == 2
    assert (
        run("-r", tmp_path / "rules.yaml", "--group", "rollouts=x", "-o", tmp_path).exit_code == 4
    )


def test_without_a_command_there_is_help() -> None:
    done = CliRunner().invoke(cli, ["k8s"])
    assert done.exit_code == 0
    assert "webhook-config  Write the file" in done.stdout


def test_bad_usage_is_one_line_and_status_3(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        ["nope"],
        ["policy"],
        ["policy", "-r", "x", "--group", "y"],
        ["policy", "-r", "built.py"],
    ):
        with pytest.raises(SystemExit) as left:
            main(["k8s", *arguments])
        assert left.value.code == 3
        assert capsys.readouterr().err.count("\n") == 1
