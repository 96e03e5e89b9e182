"""Audit policies as kube-apiserver takes them: what is allowed in them, and what they log.

Written from the documentation of audit.k8s.io/v1, and apart from what writes
policies: an unknown member, a wrong type or a pattern that the API server
would refuse is an error; the first rule that fits a request counts.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

LEVELS = ("None", "Metadata", "Request", "RequestResponse")
STAGES = ("RequestReceived", "ResponseStarted", "ResponseComplete", "Panic")

_RULE = {
    "level": str,
    "users": list,
    "userGroups": list,
    "verbs": list,
    "resources": list,
    "namespaces": list,
    "nonResourceURLs": list,
    "omitStages": list,
    "omitManagedFields": bool,
}
_RESOURCE = {"group": str, "resources": list, "resourceNames": list}
_POLICY = {
    "apiVersion": str,
    "kind": str,
    "metadata": dict,
    "rules": list,
    "omitStages": list,
    "omitManagedFields": bool,
}
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


class RefusedError(Exception):
    """The API server would not start with this policy."""


def require(condition: bool, what: object) -> None:
    if not condition:
        raise RefusedError(what)


@dataclass(frozen=True)
class Policy:
    rules: tuple[Mapping[str, Any], ...]
    omitted: frozenset[str]

    def logged(self, event: Mapping[str, Any]) -> dict[str, Any] | None:
        """Return what is logged of an event; None if nothing is.

        The event has everything in it that can be logged.
        """
        for rule in self.rules:
            if _fits(rule, event):
                break
        else:
            return None
        if rule["level"] == "None":
            return None
        if event["stage"] in self.omitted | {*rule.get("omitStages", ())}:
            return None
        level = LEVELS.index(rule["level"])
        logged = {**event, "level": rule["level"]}
        if level < LEVELS.index("Request"):
            logged.pop("requestObject", None)
        if level < LEVELS.index("RequestResponse"):
            logged.pop("responseObject", None)
        return logged


def load(text: str) -> Policy:
    """Read a policy.

    :raises RefusedError: if the API server would not take it.
    """
    document = yaml.safe_load(text)
    _members(document, _POLICY)
    require(document.get("apiVersion") == "audit.k8s.io/v1", "apiVersion")
    require(document.get("kind") == "Policy", "kind")
    require(bool(document.get("rules")), "a policy without rules is refused")
    _stages(document.get("omitStages", []))
    for rule in document["rules"]:
        _rule(rule)
    return Policy(tuple(document["rules"]), frozenset(document.get("omitStages", ())))


def _rule(rule: Any) -> None:
    _members(rule, _RULE)
    require(rule.get("level") in LEVELS, rule)
    resources = rule.get("resources", []) or rule.get("namespaces", [])
    urls = rule.get("nonResourceURLs", [])
    require(not (resources and urls), "either resources or other URLs")
    for name in ("users", "userGroups", "verbs", "namespaces", "nonResourceURLs"):
        require(all(isinstance(text, str) for text in rule.get(name, [])), rule)
    for url in urls:
        require(url == "*" or (url.startswith("/") and "*" not in url[:-1]), url)
    for each in rule.get("resources", []):
        _members(each, _RESOURCE)
        group = each.get("group", "")
        require(not group or _SUBDOMAIN.fullmatch(group) is not None, group)
        require(all(isinstance(text, str) for text in each.get("resources", [])), each)
        require(not each.get("resourceNames") or bool(each.get("resources")), each)
    _stages(rule.get("omitStages", []))


def _members(found: Any, known: Mapping[str, type]) -> None:
    require(isinstance(found, dict), found)
    for name, value in found.items():
        require(name in known and isinstance(value, known[name]), (name, value))


def _stages(stages: Any) -> None:
    require(all(stage in STAGES for stage in stages), stages)


def _fits(rule: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    user = event["user"]
    if rule.get("users") and user.get("username") not in rule["users"]:
        return False
    if rule.get("userGroups") and not {*user.get("groups", ())} & {*rule["userGroups"]}:
        return False
    if rule.get("verbs") and event["verb"] not in rule["verbs"]:
        return False
    target = event.get("objectRef")
    if rule.get("resources") or rule.get("namespaces"):
        return target is not None and _fits_resource(rule, target)
    if rule.get("nonResourceURLs"):
        path = event["requestURI"].partition("?")[0]
        return target is None and any(_fits_path(path, url) for url in rule["nonResourceURLs"])
    return True


def _fits_path(path: str, pattern: str) -> bool:
    if pattern.endswith("*"):
        return path.startswith(pattern[:-1])
    return path == pattern


def _fits_resource(rule: Mapping[str, Any], target: Mapping[str, Any]) -> bool:
    if rule.get("namespaces") and target.get("namespace", "") not in rule["namespaces"]:
        return False
    if not rule.get("resources"):
        return True
    part = target.get("subresource", "")
    whole = f"{target['resource']}/{part}" if part else target["resource"]
    for each in rule["resources"]:
        if each.get("group", "") != target.get("apiGroup", ""):
            continue
        if not each.get("resources"):
            return True
        for pattern in each["resources"]:
            fits = pattern in ("*", whole)
            fits |= bool(part) and pattern in (f"{target['resource']}/*", f"*/{part}")
            names = each.get("resourceNames")
            if fits and (not names or target.get("name", "") in names):
                return True
    return False
