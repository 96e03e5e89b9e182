"""The lints that know something about the events of a source, one entry each."""

from typing import Final

from rulec.lint.lints import (
    k8s_bodies,
    k8s_containers,
    k8s_policy,
    k8s_requests,
    k8s_stages,
    k8s_values,
    k8s_verbs,
    syscalls,
)
from rulec.lint.model import Lint, Severity

SOURCE_LINTS: Final = (
    Lint(
        "k8s-absent-body",
        Severity.WARNING,
        "a rule looks into the object of requests that have none",
        k8s_bodies.absent_body,
    ),
    Lint(
        "k8s-controllers-excluded",
        Severity.WARNING,
        "a rule about pods leaves out the controllers that make most of them",
        k8s_requests.controllers_excluded,
    ),
    Lint(
        "k8s-create-only",
        Severity.NOTE,
        "a rule does not tell of new objects that server-side apply makes",
        k8s_verbs.create_only,
    ),
    Lint(
        "k8s-default-value",
        Severity.WARNING,
        "a rule waits for a value that is left out, because it is the default",
        k8s_bodies.default_value,
    ),
    Lint(
        "k8s-every-element",
        Severity.WARNING,
        "a test holds if every container does, or an exception if one does",
        k8s_containers.every_element,
    ),
    Lint(
        "k8s-impossible-value",
        Severity.WARNING,
        "a field of an audit event never has the value that it is compared with",
        k8s_values.impossible_value,
    ),
    Lint(
        "k8s-never-logged",
        Severity.ERROR,
        "an audit policy (--policy) logs nothing that a rule could match",
        k8s_policy.never_logged,
    ),
    Lint(
        "k8s-not-logged",
        Severity.WARNING,
        "an audit policy (--policy) keeps some requests, or what is in them, from a rule",
        k8s_policy.not_logged,
    ),
    Lint(
        "k8s-one-container",
        Severity.WARNING,
        "a rule looks at one container or volume of a pod, and not at the others",
        k8s_containers.one_container,
    ),
    Lint(
        "k8s-other-containers",
        Severity.WARNING,
        "a rule looks at regular containers, and init or ephemeral ones pass unseen",
        k8s_containers.other_containers,
    ),
    Lint(
        "k8s-patch-body",
        Severity.NOTE,
        "a rule looks into the object of patches, which may have nothing of it",
        k8s_bodies.patch_body,
    ),
    Lint(
        "k8s-server-side-apply",
        Severity.WARNING,
        "a rule looks into new objects, but for those that server-side apply makes",
        k8s_verbs.server_side_apply,
    ),
    Lint(
        "k8s-service-accounts-excluded",
        Severity.NOTE,
        "a rule leaves all service accounts out",
        k8s_requests.service_accounts_excluded,
    ),
    Lint(
        "k8s-session-verbs",
        Severity.WARNING,
        "a rule sees exec, attach, port-forward or proxy with some verbs only",
        k8s_verbs.session_verbs,
    ),
    Lint(
        "k8s-stage-late",
        Severity.WARNING,
        "a rule tells of a session when it is over",
        k8s_stages.stage_late,
    ),
    Lint(
        "k8s-stage-missing",
        Severity.WARNING,
        "a rule alerts at several stages of the same request",
        k8s_stages.stage_missing,
    ),
    Lint(
        "k8s-stage-never",
        Severity.ERROR,
        "a rule waits for a stage that its requests never reach",
        k8s_stages.stage_never,
    ),
    Lint(
        "k8s-subresources",
        Severity.WARNING,
        "a rule about objects matches frequent requests for parts of them",
        k8s_requests.subresources,
    ),
    Lint(
        "k8s-update-without-patch",
        Severity.WARNING,
        "a rule sees changes by update, and not by patch",
        k8s_verbs.update_without_patch,
    ),
    Lint(
        "k8s-user-and-group",
        Severity.WARNING,
        "a user is compared with the name of a group, or the other way round",
        k8s_values.user_and_group,
    ),
    Lint(
        "k8s-workload-fields",
        Severity.WARNING,
        "a rule asks objects that make pods for what only pods have",
        k8s_bodies.workload_fields,
    ),
    Lint(
        "k8s-workload-pods",
        Severity.NOTE,
        "a rule about pods names a controller, not the user who is behind it",
        k8s_requests.workload_pods,
    ),
    Lint(
        "syscall-enter-events",
        Severity.ERROR,
        "a rule waits for the beginning of calls, of which there are no events",
        syscalls.enter_events,
    ),
    Lint(
        "syscall-long-name",
        Severity.WARNING,
        "the name of a process is compared with one that is too long to be one",
        syscalls.long_name,
    ),
    Lint(
        "syscall-no-descriptor",
        Severity.WARNING,
        "a rule asks for the descriptor of calls that have none",
        syscalls.no_descriptor,
    ),
    Lint(
        "syscall-variants",
        Severity.WARNING,
        "a rule sees a call, and not another that does the same",
        syscalls.call_variants,
    ),
)
