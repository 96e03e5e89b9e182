"""Every rules file that was recorded can be checked, whatever it is about."""

import pytest
from conformance import folder, report

from rulec.api import check_files
from rulec.files import collect

pytestmark = pytest.mark.conformance

# These only add to files that they are meant to be loaded after, or are wrong on purpose.
INCOMPLETE = {
    "allow_namespace_foo.yaml",
    "allow_user_some-user.yaml",
    "trust_nginx_container.yaml",
    "append_single_rule.yaml",
    "engine_version_mismatch.yaml",
    "list_append_failure.yaml",
    "macro_append_failure.yaml",
    "rule_append_failure.yaml",
    "AppendSingleRule.yaml",
    "k8s_audit_rules_gke.yaml",
}


def test_every_file_is_understood_or_refused_with_a_place() -> None:
    passed = total = 0
    for path in sorted(folder().glob("*/rules/**/*.yaml")):
        total += 1
        definitions, _, diagnostics = check_files(collect(path))
        errors = [each for each in diagnostics if each.severity == "error"]
        unknown = {rule.name for rule in definitions.rules.values() if rule.source == "syscall"}
        warned = {d.context[-1].item_name for d in diagnostics if d.code == "LOAD_UNKNOWN_SOURCE"}
        assert all(error.line > 0 and error.file == str(path) for error in errors)
        fine = not errors or path.name in INCOMPLETE
        passed += fine and unknown <= warned
        if not fine or not unknown <= warned:
            print(path, [str(error) for error in errors], unknown - warned)
    report("stock rules files", passed, total)
