"""What each field of an audit event is, as tables that people can read."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rulec.runtime.events import Event, Run
from rulec.runtime.extract import extract, follow, select
from rulec.runtime.fields import (
    Argument,
    Field,
    Kind,
    argument_problem,
    catalogue,
    pointer_steps,
    steps,
)
from rulec.runtime.sources.k8s_audit.documents import read
from rulec.runtime.sources.k8s_audit.fields import FIELDS

META = {"kind": "Event", "auditID": "1-2", "stageTimestamp": "2018-10-20T00:18:28.428398Z"}


def value(field: str, **members: Any) -> Any:
    """Return a field, written as in a rule, of an event that has these members."""
    name, _, rest = field.partition("[")
    argument = rest.removesuffix("]") if rest else None
    assert argument_problem(FIELDS[name], argument) is None
    (event,), _ = read({**META, **members})
    return extract(FIELDS[name], argument, event)


@pytest.mark.parametrize(
    ("field", "members", "expected"),
    [
        ("ka.auditid", {}, "1-2"),
        ("ka.verb", {"verb": "get"}, "get"),
        ("ka.verb", {}, None),
        ("ka.verb", {"verb": ""}, ""),
        ("ka.verb", {"verb": None}, "null"),
        ("ka.auth.decision", {"annotations": {"authorization.k8s.io/decision": "allow"}}, "allow"),
        ("ka.cluster.name", {"annotations": {"cluster_name": "c"}}, "c"),
        ("ka.target.name", {"objectRef": {"name": {"b": 1, "a": 2}}}, '{"b":1,"a":2}'),
        ("ka.target.name", {"objectRef": "x"}, None),
        ("ka.target.name", {"objectRef": [{"name": "x"}]}, None),
        ("ka.response.code", {"responseStatus": {"code": 201}}, "201"),
        ("ka.user.groups", {"user": {"groups": ["a", 1, None]}}, ("a", "1", "null")),
        ("ka.user.groups", {"user": {"groups": []}}, None),
        ("ka.user.groups", {"user": {"groups": "a"}}, None),
        ("ka.user.groups", {"user": {"groups": {"a": "b"}}}, None),
        ("ka.sourceips", {"sourceIPs": ["10.0.0.1", "::1"]}, ("10.0.0.1", "::1")),
        ("ka.sourceips[1]", {"sourceIPs": ["10.0.0.1", "::1"]}, ("::1",)),
        ("ka.sourceips[2]", {"sourceIPs": ["10.0.0.1", "::1"]}, None),
        (
            "ka.req.configmap.obj",
            {"requestObject": {"data": {"b": "é\n", "a": "1"}}},
            '{"b":"é\\n","a":"1"}',
        ),
    ],
)
def test_request(field: str, members: dict[str, Any], expected: Any) -> None:
    assert value(field, **members) == expected


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("/a?x=1", "1"),
        ("/a?y=2&x=1&x=3", "1"),
        ("/a?x=%20b%C3%A9+c", " bé c"),
        ("/a?%78=q", "q"),
        ("/a?x", ""),
        ("/a?&&x=1=2", "1=2"),
        ("/a?x=1?y#z=2", "1?y"),
        ("/a?x=%ff", "\udcff"),
        ("/a", None),
        ("/a?y=x", None),
        pytest.param("/a?%zz=1&x=2", None, id="a malformed escape spoils the whole query"),
        pytest.param("/a?y=1;&x=2", None, id="so does a semicolon"),
        (5, None),
    ],
)
def test_query_parameter(uri: Any, expected: str | None) -> None:
    assert value("ka.uri.param[x]", requestURI=uri) == expected


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"objectRef": {"resource": "pods"}}, "p"),
        ({"objectRef": {"resource": "pods", "subresource": ""}}, "p"),
        ({"objectRef": {"resource": "pods", "subresource": "exec"}}, None),
        ({"objectRef": {"resource": "services"}}, None),
    ],
)
def test_target_pod(members: dict[str, Any], expected: str | None) -> None:
    response = {"metadata": {"name": "p"}}
    assert value("ka.target.pod.name", responseObject=response, **members) == expected


A = {
    "name": "a",
    "image": "localhost:5000/a/b:1@sha256:0",
    "command": ["sh", "-c"],
    "args": ["echo hi", "x"],
    "ports": [{"hostPort": 1, "containerPort": 2}, {"containerPort": 3}, {}],
    "securityContext": {
        "privileged": True,
        "runAsUser": 5,
        "capabilities": {"add": ["NET_ADMIN", "SYS_TIME"]},
    },
}
B = {"name": "b", "image": "nginx:1", "ports": [{"containerPort": 4}]}


@pytest.mark.parametrize("containers", ["containers", "initContainers", "ephemeralContainers"])
@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("name", ("a", "b")),
        ("name[1]", ("b",)),
        ("image", ("localhost:5000/a/b:1@sha256:0", "nginx:1")),
        ("image[0]", ("localhost:5000/a/b:1@sha256:0",)),
        ("image[2]", None),
        ("image.repository", ("localhost:5000/a/b", "nginx")),
        ("image.repository[1]", ("nginx",)),
        ("command", ("sh -c",)),
        ("args", ("echo hi x",)),
        ("args[1]", None),
        ("privileged", ("true",)),
        ("privileged[1]", None),
        ("run_as_user", ("5",)),
        ("eff_run_as_user", ("5", "7")),
        ("eff_run_as_user[1]", ("7",)),
        ("eff_run_as_group", ("0", "0")),
        ("add_capabilities", ("NET_ADMIN", "SYS_TIME")),
        ("add_capabilities[1]", None),
    ],
)
def test_containers(containers: str, field: str, expected: Any) -> None:
    spec = {containers: [A, B], "securityContext": {"runAsUser": 7}}
    assert value(f"ka.req.pod.{containers}.{field}", requestObject={"spec": spec}) == expected


@pytest.mark.parametrize(
    ("field", "containers", "expected"),
    [
        ("host_port", [A, B], ("1", "3", "4")),
        ("host_port[0]", [A, B], ("1", "3")),
        ("host_port", [{"name": "c"}], None),
        pytest.param("image", [A, {"name": "c"}], None, id="one container without image hides all"),
        pytest.param("image[0]", [B, {"name": "c"}], ("nginx:1",), id="but not by index"),
        pytest.param("image", [B, "c"], None, id="so does one that is no object"),
        pytest.param("image.repository", [A, {"name": "c"}], None, id="and no repository"),
        pytest.param("privileged", [B, "c", A], ("true",), id="others are left out"),
        pytest.param("command", [A, {"command": ["x", 1]}], None, id="a word that is no text"),
        pytest.param("command[0]", [A, {"command": ["x", 1]}], ("sh -c",), id="not by index"),
        pytest.param("command", [{"command": "x"}, {"command": []}], None, id="no words"),
        pytest.param("image", B, ("nginx:1",), id="an object is the only container"),
        pytest.param("image[0]", B, ("nginx:1",), id="which has the index 0"),
        pytest.param("image[1]", B, None, id="and no other"),
        pytest.param("eff_run_as_user", B, ("0",), id="also where something is worked out"),
        ("image", "nginx", None),
        ("image", [], None),
    ],
)
def test_unusual_containers(field: str, containers: Any, expected: Any) -> None:
    found = value(
        f"ka.req.pod.containers.{field}", requestObject={"spec": {"containers": containers}}
    )
    assert found == expected


@pytest.mark.parametrize(
    ("field", "spec", "expected"),
    [
        ("ka.req.container.image", {"containers": [B, {}]}, "nginx:1"),
        ("ka.req.container.image", {"containers": [{}, B]}, None),
        ("ka.req.container.image.repository", {"containers": [B]}, "nginx"),
        ("ka.req.container.privileged", {"containers": [B, A]}, "true"),
        ("ka.req.container.privileged", {"containers": [B]}, "false"),
        ("ka.req.container.privileged", {}, None),
        ("ka.req.container.host_network", {"hostNetwork": True}, "true"),
        (
            "ka.req.pod.supplemental_groups",
            {"securityContext": {"supplementalGroups": [1, 2]}},
            ("1", "2"),
        ),
        (
            "ka.req.service.ports",
            {"ports": [{"port": 80}, {"port": 81}]},
            ('{"port":80}', '{"port":81}'),
        ),
        ("ka.req.service.ports[1]", {"ports": [{"port": 80}, {"port": 81}]}, ('{"port":81}',)),
    ],
)
def test_spec(field: str, spec: dict[str, Any], expected: Any) -> None:
    assert value(field, requestObject={"spec": spec}) == expected


VOLUMES = [{"name": "x", "hostPath": {"path": "/etc"}}, {"name": "y", "secret": {}}, {"name": "z"}]


@pytest.mark.parametrize(
    ("field", "volumes", "expected"),
    [
        ("ka.req.pod.volumes.hostpath", VOLUMES, ("/etc",)),
        ("ka.req.pod.volumes.hostpath[1]", VOLUMES, None),
        ("ka.req.pod.volumes.volume_type", VOLUMES, ("hostPath", "secret")),
        ("ka.req.pod.volumes.volume_type[1]", VOLUMES, ("secret",)),
        ("ka.req.pod.volumes.volume_type", {"name": "x", "nfs": 1}, ("nfs",)),
        ("ka.req.volume.hostpath[/etc]", VOLUMES, "true"),
        ("ka.req.volume.hostpath[/e*]", VOLUMES, "true"),
        ("ka.req.volume.hostpath[/usr*]", VOLUMES, "false"),
        ("ka.req.volume.hostpath[/etc]", None, None),
    ],
)
def test_volumes(field: str, volumes: Any, expected: Any) -> None:
    assert value(field, requestObject={"spec": {"volumes": volumes}}) == expected


SUBJECTS = [
    {"kind": "User", "name": "u"},
    {"kind": "ServiceAccount", "name": "s", "namespace": "n"},
    {"kind": "ServiceAccount", "name": "t"},
    {"kind": "Group", "name": "g"},
    {"kind": "User"},
    "x",
]


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("user_names", ("u",)),
        ("serviceaccount_names", ("s", "t")),
        ("serviceaccount_ns_names", ("n:s",)),
        ("group_names", ("g",)),
    ],
)
def test_subjects(field: str, expected: Any) -> None:
    name = f"ka.req.binding.subjects.{field}"
    assert value(name, requestObject={"subjects": SUBJECTS}) == expected
    assert value(name, requestObject={"subjects": SUBJECTS[0]}) is None
    assert value(name, requestObject=[{"op": "add"}]) is None


RULES = [{"verbs": ["get", "list"]}, {"verbs": ["*"], "nonResourceURLs": ["/x"]}, {"verbs": "y"}, 5]


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (
            "ka.req.role.rules",
            (
                '{"verbs":["get","list"]}',
                '{"verbs":["*"],"nonResourceURLs":["/x"]}',
                '{"verbs":"y"}',
                "5",
            ),
        ),
        ("ka.req.role.rules.verbs", ("get", "list", "*")),
        ("ka.req.role.rules.verbs[1]", ("*",)),
        ("ka.req.role.rules.verbs[2]", None),
        ("ka.req.role.rules.nonResourceURLs", ("/x",)),
        ("ka.req.role.rules.resources", None),
    ],
)
def test_rules(field: str, expected: Any) -> None:
    assert value(field, requestObject={"rules": RULES}) == expected


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        ("/l/0", "x"),
        ("/l/00", "x"),
        ("/l/1/k", "2"),
        ("l/0", "x"),
        ("/l/2", None),
        ("/l/-", None),
        ("/l/+0", None),
        ("/l/²", None),
        ("/l/" + "9" * 5000, None),
        ("/l/x", None),
        ("/l", '["x",{"k":2}]'),
        ("/a~1b~01", "ok"),
        ("/", "empty"),
        ("/n", "null"),
        ("/n/x", None),
        ("/kind/x", None),
    ],
)
def test_pointer(pointer: str, expected: str | None) -> None:
    members = {"l": ["x", {"k": 2}], "a/b~1": "ok", "": "empty", "n": None}
    for name in ("jevt.value", "json.value"):
        assert value(f"{name}[{pointer}]", **members) == expected


def test_whole_event() -> None:
    compact = json.dumps(META, separators=(",", ":"))
    assert value("jevt.value[]") == compact
    assert value("evt.plugininfo") == compact
    assert value("json.obj") == json.dumps(META, indent=2)


def test_an_event_without_audit_id_has_only_the_general_fields() -> None:
    document = {name: value for name, value in META.items() if name != "auditID"}
    (event,), _ = read({**document, "verb": "get"})
    for field in FIELDS.values():
        argument = {Argument.KEY: "verb"}.get(field.argument)
        found = extract(field, argument, event)
        assert (found is None) is (field.name.startswith("ka.") or field.name == "evt.asynctype")


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("evt.num", 1),
        ("evt.rawtime", 1539994708428398000),
        ("evt.rawtime.s", 1539994708),
        ("evt.rawtime.ns", 428398000),
        ("evt.reltime", 0),
        ("evt.time.iso8601", "2018-10-20T00:18:28.428398000+0000"),
        ("evt.source", "k8s_audit"),
        ("evt.pluginname", "k8saudit"),
        ("evt.is_async", False),
        ("evt.asynctype", None),
        ("jevt.rawtime", "1539994708428398000"),
        ("jevt.time.iso8601", "2018-10-20T00:18:28.428398000+0000"),
    ],
)
def test_general_fields(field: str, expected: Any) -> None:
    assert value(field) == expected


def test_host_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FALCO_HOSTNAME", "node-1")
    assert value("evt.hostname") == "node-1"
    assert Event({}, 0, run=Run(None, hostname="node-2")).hostname == "node-2"


@pytest.mark.parametrize(
    ("field", "argument", "problem"),
    [
        ("ka.verb", "0", "ka.verb takes no argument"),
        ("ka.uri.param", None, "ka.uri.param needs an argument in brackets"),
        ("jevt.value", None, "jevt.value needs an argument in brackets"),
        ("ka.sourceips", "x", "the argument of ka.sourceips must be a decimal index, not 'x'"),
        ("ka.sourceips", "01", "the argument of ka.sourceips must be a decimal index, not '01'"),
        ("ka.sourceips", "²", "the argument of ka.sourceips must be a decimal index, not '²'"),
        (
            "ka.sourceips",
            str(2**64),
            f"the argument of ka.sourceips must be a decimal index, not '{2**64}'",
        ),
        ("ka.sourceips", str(2**64 - 1), None),
        ("ka.sourceips", "0", None),
        ("ka.sourceips", None, None),
        ("jevt.value", "~", None),
        ("jevt.value", "", None),
    ],
)
def test_arguments(field: str, argument: str | None, problem: str | None) -> None:
    assert argument_problem(FIELDS[field], argument) == problem


def test_every_field_is_described_in_one_sentence() -> None:
    for field in FIELDS.values():
        assert field.doc.endswith("."), field.name
        assert "\n" not in field.doc
        assert field.root == ("audit" if field.name.startswith("ka.") else "data")
    assert len([name for name in FIELDS if name.startswith("ka.")]) == 100


@pytest.mark.parametrize(
    ("declared", "problem"),
    [
        ([Field("a", "", path="/a"), Field("a", "", path="/b")], "declared twice"),
        ([Field("a", "")], "in one way"),
        ([Field("a", "", path="/a", compute=str)], "in one way"),
        ([Field("a", "", path="/a[]")], "is a list"),
        ([Field("a", "", path="/a", is_list=True)], "is a list"),
    ],
)
def test_declarations_are_checked(declared: list[Field], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        catalogue(declared)


# --- whatever an event contains -------------------------------------------------

NAMES = sorted(
    {
        step
        for field in FIELDS.values()
        for path in (field.path or "", *field.reads)
        for step in steps(path)
        if isinstance(step, str)
        if step != "[]"
    }
    | {"hostPort", "containerPort", "command", "args", "securityContext", "kind", "namespace"}
)
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
documents = st.recursive(
    leaves | st.sampled_from(["pods", "User", "ServiceAccount", "/a?x=%41&%"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=2), inner, max_size=4)
    ),
    max_leaves=20,
)
# Events of the right shape with something wrong in them are what finds faults.
specs = st.fixed_dictionaries(
    {},
    optional={
        "containers": documents | st.lists(documents, max_size=3),
        "volumes": documents | st.lists(documents, max_size=3),
        "securityContext": documents,
        "ports": documents,
    },
)
requests = st.fixed_dictionaries(
    {}, optional={"spec": specs | documents, "subjects": documents, "rules": documents}
)
audits = documents | st.fixed_dictionaries(
    {"auditID": leaves},
    optional={"requestObject": requests, "requestURI": documents, "objectRef": documents},
)
TYPES = {Kind.STRING: str, Kind.INTEGER: int, Kind.BOOL: bool}


@given(audits)
def test_every_field_has_a_value_of_its_type_or_none(document: Any) -> None:
    event = Event(document, 0)
    for field in FIELDS.values():
        for argument in {Argument.NONE: [None], Argument.INDEX: [None, "0"]}.get(
            field.argument, ["x", "/l/0"]
        ):
            found = extract(field, argument, event)
            if found is None:
                continue
            if field.is_list:
                assert type(found) is tuple
                assert found
            for item in found if field.is_list else [found]:
                assert type(item) is TYPES[field.type.kind], field.name


@given(
    documents, st.lists(st.sampled_from([*NAMES, "[]"]), max_size=4), st.none() | st.integers(0, 3)
)
def test_any_path_can_be_walked(document: Any, path: list[str], index: int | None) -> None:
    for complete in (False, True):
        assert isinstance(select(document, tuple(path), index, complete), list)


@given(documents, st.text(st.sampled_from("/~01a-")))
def test_any_pointer_can_be_followed(document: Any, pointer: str) -> None:
    follow(document, pointer_steps(pointer))
