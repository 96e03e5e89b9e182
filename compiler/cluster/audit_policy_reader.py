"""From the text of an audit policy to its entries, with their places.

What kube-apiserver would refuse is refused here, too.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, NoReturn, TypeVar

from rulec.cluster.audit_policy import AuditPolicy, GroupOfResources, PolicyRule
from rulec.cluster.entries import Level
from rulec.cluster.tables import STAGES
from rulec.diagnostics import Problem, ProblemError
from rulec.files import decode
from rulec.item_reader import suggest
from rulec.text import File
from rulec.yaml_nodes import Mapping as YamlMapping
from rulec.yaml_nodes import Node, Scalar, Sequence, boolean, is_null
from rulec.yaml_reader import place, read_yaml

# The largest policy that is read, in bytes.
LARGEST: Final = 1 << 20

# Clusters that still speak of v1beta1 read the same members.
_VERSIONS: Final = ("audit.k8s.io/v1", "audit.k8s.io/v1beta1")
_LEVELS: Final[Mapping[str, Level]] = {level.label: level for level in Level}
_POLICY: Final = ("apiVersion", "kind", "metadata", "rules", "omitStages", "omitManagedFields")
_RULE: Final = (
    *("level", "users", "userGroups", "verbs", "resources", "namespaces"),
    *("nonResourceURLs", "omitStages", "omitManagedFields"),
)
_RESOURCES: Final = ("group", "resources", "resourceNames")

Kind = TypeVar("Kind", YamlMapping, Sequence, Scalar)


def read_policy_file(path: Path) -> AuditPolicy:
    """Read the policy in a file.

    :raises OSError: if the file cannot be read.
    :raises ProblemError: if it is no audit policy.
    """
    with path.open("rb") as stream:
        content = stream.read(LARGEST + 1)
    file = File(str(path), decode(content[:LARGEST]))
    if len(content) > LARGEST:
        _refuse(file, None, f"an audit policy of more than {LARGEST:,} bytes")
    return read_policy(file)


def read_policy(file: File) -> AuditPolicy:
    """Return the policy that a text is.

    :raises ProblemError: if it is no audit policy; the problem has the place.
    """
    documents = [node for node in read_yaml(file) if not is_null(node)]
    if len(documents) != 1:
        _refuse(file, None, f"{len(documents)} documents instead of one audit policy")
    return _Reader(file).policy(documents[0])


def _refuse(file: File, node: Node | None, message: str, hint: str = "") -> NoReturn:
    at = 0 if node is None else node.at
    raise ProblemError(Problem("bad_audit_policy", message, place(file, at), hint))


class _Reader:
    def __init__(self, file: File) -> None:
        self.file = file

    def policy(self, node: Node) -> AuditPolicy:
        members = self.members(node, _POLICY, "an audit policy")
        version, kind = (self.text(members.get(key), key) for key in ("apiVersion", "kind"))
        if kind != "Policy" or version not in _VERSIONS:
            hint = "it begins with 'apiVersion: audit.k8s.io/v1' and 'kind: Policy'"
            _refuse(
                self.file, node, f"no audit policy, but {kind or '?'} of {version or '?'}", hint
            )
        rules = self.items(members.get("rules"), "rules")
        if not rules:
            _refuse(self.file, node, "a policy without rules, which kube-apiserver refuses")
        omitted = self.stages(members.get("omitStages"))
        self.flag(members.get("omitManagedFields"))
        return AuditPolicy(self.file, tuple(map(self.rule, rules)), omitted)

    def rule(self, node: Node) -> PolicyRule:
        members = self.members(node, _RULE, "an entry of a policy")
        level = self.text(members.get("level"), "level")
        if level not in _LEVELS:
            hint = suggest(level, _LEVELS) or f"there are {', '.join(_LEVELS)}"
            _refuse(self.file, members.get("level") or node, f"no level {level!r}", hint)
        found = {key: self.texts(members.get(key), key) for key in _RULE[1:4]}
        resources = self.items(members.get("resources"), "resources")
        namespaces = self.texts(members.get("namespaces"), "namespaces")
        urls = self.texts(members.get("nonResourceURLs"), "nonResourceURLs")
        if urls and (resources or namespaces):
            message = "an entry is about resources or about other URLs, not about both"
            _refuse(self.file, members.get("nonResourceURLs"), message)
        self.flag(members.get("omitManagedFields"))
        return PolicyRule(
            _LEVELS[level],
            place(self.file, node.at),
            found["users"],
            found["userGroups"],
            found["verbs"],
            tuple(map(self.group, resources)),
            namespaces,
            urls,
            self.stages(members.get("omitStages")),
        )

    def group(self, node: Node) -> GroupOfResources:
        members = self.members(node, _RESOURCES, "resources of a group")
        return GroupOfResources(
            self.text(members.get("group"), "group"),
            self.texts(members.get("resources"), "resources"),
            self.texts(members.get("resourceNames"), "resourceNames"),
        )

    def stages(self, node: Node | None) -> frozenset[str]:
        for item in self.items(node, "omitStages"):
            stage = self.text(item, "omitStages")
            if stage not in STAGES:
                hint = suggest(stage, STAGES) or f"there are {', '.join(STAGES)}"
                _refuse(self.file, item, f"no stage {stage!r}", hint)
        return frozenset(self.texts(node, "omitStages"))

    def members(self, node: Node, known: tuple[str, ...], what: str) -> Mapping[str, Node]:
        found: dict[str, Node] = {}
        for key, value in self.expected(node, YamlMapping, what, "a mapping").pairs:
            name = key.value if isinstance(key, Scalar) else "?"
            if name not in known or name in found:
                message = f"{name!r} is {'written twice' if name in found else 'unknown'} in {what}"
                _refuse(self.file, key, message, suggest(name, known))
            found[name] = value
        return found

    def items(self, node: Node | None, what: str) -> tuple[Node, ...]:
        if node is None or is_null(node):
            return ()
        return self.expected(node, Sequence, what, "a list").items

    def texts(self, node: Node | None, what: str) -> tuple[str, ...]:
        return tuple(self.text(item, what) for item in self.items(node, what))

    def text(self, node: Node | None, what: str) -> str:
        if node is None or is_null(node):
            return ""
        return self.expected(node, Scalar, what, "a text").value

    def flag(self, node: Node | None) -> None:
        if node is not None and boolean(self.text(node, "omitManagedFields")) is None:
            _refuse(self.file, node, "omitManagedFields is true or false")

    def expected(self, node: Node, kind: type[Kind], what: str, called: str) -> Kind:
        if not isinstance(node, kind):
            _refuse(self.file, node, f"{what} must be {called}")
        return node
