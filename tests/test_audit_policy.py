"""Audit policies that are given to rulec: what is read, what is refused, what they log."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import audit_policy
import pytest
import yaml
from audit_policy import RefusedError, load
from conformance import folder
from hypothesis import given, settings
from hypothesis import strategies as st

from rulec.cluster.audit_policy import AuditPolicy, Requests
from rulec.cluster.audit_policy_reader import LARGEST, read_policy, read_policy_file
from rulec.cluster.facts import ABSENT, ANOTHER, Begins, Exactly
from rulec.cluster.tables import GROUPS
from rulec.diagnostics import ProblemError
from rulec.text import File

HEAD = "apiVersion: audit.k8s.io/v1\nkind: Policy\n"


def policy(text: str) -> AuditPolicy:
    return read_policy(File("policy.yaml", HEAD + text))


# --- what is refused ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("rules: []", "a policy without rules", 1),
        ("rules:\n- {}", "no level ''", 4),
        ("rules:\n- level: metadata", "no level 'metadata'", 4),
        ("rules:\n- {level: None, user: [a]}", "'user' is unknown in an entry", 4),
        ("rules:\n- {level: None, users: a}", "users must be a list", 4),
        ("rules:\n- {level: None, users: [[a]]}", "users must be a text", 4),
        ("rules:\n- {level: None, verbs: [get], verbs: [get]}", "'verbs' is written twice", 4),
        ("rules:\n- level: None\n  omitStages: [Done]", "no stage 'Done'", 5),
        ("rules:\n- level: None\n  omitManagedFields: maybe", "true or false", 5),
        ("rules:\n- {level: None, namespaces: [a], nonResourceURLs: [/a]}", "not about both", 4),
        ("omitStages: [responsecomplete]\nrules:\n- level: None", "no stage", 3),
        ("rules: {level: None}", "rules must be a list", 3),
        ("rules:\n- level: None\n---\nrules: []", "2 documents", 1),
    ],
)
def test_what_the_api_server_would_refuse_is_refused(text: str, message: str, line: int) -> None:
    with pytest.raises(ProblemError) as caught:
        policy(text)
    assert message in caught.value.problem.message
    assert caught.value.problem.span.position[0] == line


@pytest.mark.parametrize("text", ["", "[]", "kind: Policy", "- rule: x", "a: [", "kind: Event\n"])
def test_something_else_is_no_policy(text: str) -> None:
    with pytest.raises(ProblemError):
        read_policy(File("policy.yaml", text))


def test_no_more_is_read_than_a_policy_may_have(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(HEAD + "#" * LARGEST, encoding="utf-8")
    with pytest.raises(ProblemError, match="more than"):
        read_policy_file(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ProblemError, match="UTF-8"):
        read_policy_file(path)


# --- what is decided ----------------------------------------------------------------------

NAMES = ("pods", "secrets", "deployments", "events", "widgets")
PARTS = ("", "exec", "status")
USERS = (
    *("alice", "system:anonymous", "system:kube-proxy", "system:node:n1"),
    *("system:serviceaccount:shop:front", "system:serviceaccount:kube-system:x"),
)
GROUPS_OF_USERS = (
    *("system:authenticated", "system:unauthenticated", "system:nodes", "system:serviceaccounts"),
    *("system:serviceaccounts:shop", "developers"),
)
URLS = ("/healthz", "/healthz/etcd", "/version")


def groups_of(user: str, others: list[str]) -> list[str]:
    """Return the groups that the API server puts a user into, and those of an identity provider."""
    if user == "system:anonymous":
        return ["system:unauthenticated"]
    found = ["system:authenticated", *others]
    if user.startswith("system:node:"):
        found.append("system:nodes")
    if user.startswith("system:serviceaccount:"):
        namespace = user.split(":")[2]
        accounts = "system:serviceaccounts"
        return ["system:authenticated", accounts, f"{accounts}:{namespace}"]
    return found


def some(values: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), max_size=2, unique=True)


patterns = st.sampled_from([*NAMES, "pods/exec", "pods/*", "*/status", "*", "secrets/status"])
resources = st.fixed_dictionaries(
    {"group": st.sampled_from(["", "apps", "events.k8s.io", "example.org"])},
    optional={
        "resources": st.lists(patterns, min_size=1, max_size=2),
    },
)
limits = st.fixed_dictionaries(
    {"level": st.sampled_from(audit_policy.LEVELS)},
    optional={
        "users": some(USERS),
        "userGroups": some(GROUPS_OF_USERS),
        "verbs": some(("get", "create", "patch")),
        "omitStages": some(audit_policy.STAGES),
    },
)
of_resources = st.fixed_dictionaries(
    {},
    optional={
        "resources": st.lists(resources, max_size=2),
        "namespaces": some(("shop", "kube-system", "")),
    },
)
of_urls = st.fixed_dictionaries({"nonResourceURLs": some(("/healthz*", "/version", "*"))})
rules = st.builds(lambda a, b: {**a, **b}, limits, st.one_of(of_resources, of_urls))
policies = st.fixed_dictionaries(
    {
        "apiVersion": st.just("audit.k8s.io/v1"),
        "kind": st.just("Policy"),
        "rules": st.lists(rules, min_size=1, max_size=4),
    },
    optional={"omitStages": some(audit_policy.STAGES)},
)


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    user = draw(st.sampled_from(USERS))
    event: dict[str, Any] = {
        "verb": draw(st.sampled_from(["get", "create", "delete"])),
        "stage": draw(st.sampled_from(audit_policy.STAGES)),
        "user": {"username": user, "groups": groups_of(user, draw(some(("developers",))))},
        "requestURI": draw(st.sampled_from(URLS)),
        "requestObject": {},
        "responseObject": {},
    }
    if draw(st.booleans()):
        name = draw(st.sampled_from(NAMES))
        group = draw(st.sampled_from(GROUPS.get(name, ("example.org", ""))))
        target = {"resource": name, "apiGroup": group, "subresource": draw(st.sampled_from(PARTS))}
        target["namespace"] = draw(st.sampled_from(["shop", "kube-system", ""]))
        event["objectRef"] = {key: value for key, value in target.items() if value}
    return event


def known_of(event: Mapping[str, Any], *, little: bool) -> Requests:
    """Return what can be known of an event: all that is asked for, or as little as possible."""
    user = event["user"]["username"]
    target = event.get("objectRef")
    if target is None:
        url = None if little else Exactly(event["requestURI"])
        return Requests(Exactly(event["verb"]), Exactly(user), url=url)
    part = target.get("subresource")
    namespace = target.get("namespace")
    begins = Begins(user[:-1]) if little and user.startswith("system:node:") else Exactly(user)
    return Requests(
        Exactly(event["verb"]),
        begins,
        ANOTHER if little and target["resource"] == "widgets" else Exactly(target["resource"]),
        Exactly(part) if part else ABSENT,
        None if little else Exactly(namespace) if namespace else ABSENT,
    )


@settings(deadline=None)
@given(policies, events(), st.booleans())
def test_what_is_decided_is_among_what_may_be(
    document: dict[str, Any], event: dict[str, Any], little: bool
) -> None:
    text = yaml.safe_dump(document)
    judge = load(text)
    logged = judge.logged(event)
    level = "None" if logged is None else logged["level"]
    policy = read_policy(File("policy.yaml", text))
    decisions = list(policy.decisions(known_of(event, little=little), event["stage"]))
    assert level in [decision.level.label for decision in decisions]


def test_the_lines_of_entries_are_those_of_the_file() -> None:
    text = "rules:\n- level: None\n  users: [bob]\n- level: Request\n"
    found = policy(text).decisions(Requests(Exactly("get"), Exactly("amy")), "ResponseComplete")
    (decision,) = found
    assert decision.rule is not None
    assert decision.rule.line == 6


@settings(deadline=None)
@given(policies)
def test_nothing_is_refused_that_the_api_server_takes(document: dict[str, Any]) -> None:
    text = yaml.safe_dump(document)
    load(text)
    assert len(read_policy(File("policy.yaml", text)).rules) == len(document["rules"])


@pytest.mark.conformance
def test_the_sample_policy_of_falco_is_read() -> None:
    path = folder() / "k8s_audit/config/audit-policy.yaml"
    found = read_policy_file(path)
    assert [rule.level.label for rule in found.rules] == [
        rule["level"] for rule in load(path.read_text(encoding="utf-8")).rules
    ]


def test_the_judge_of_these_tests_refuses_as_well() -> None:
    with pytest.raises(RefusedError):
        load(HEAD + "rules:\n- {level: None, user: [a]}\n")
