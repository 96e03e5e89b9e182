"""Every rules file that was recorded can be checked, whatever it is about."""

import pytest
from conformance import folder, report

from rulec.api import check_files
from rulec.files import collect

pytestmark = pytest.mark.conformance

# Warnings of rules that are left out, because they ask for it or for another event source.
PASSED_OVER = {"LOAD_UNKNOWN_FILTER", "LOAD_UNKNOWN_SOURCE"}

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
    "double_rule.yaml",
    "001-double_rule.yaml",
    "DoubleRule.yaml",
    "RulesDir001DoubleRule.yaml",
    "invalid_rule_output.yaml",
    "skip_unknown_error.yaml",
    "skip_unknown_unspec.yaml",
    "k8s_audit_rules_gke.yaml",
}


def test_every_file_is_understood_or_refused_with_a_place() -> None:
    passed = total = 0
    for path in sorted(folder().glob("*/rules/**/*.yaml")):
        total += 1
        definitions, analysis, diagnostics = check_files(collect(path))
        errors = [each for each in diagnostics if each.severity == "error"]
        checked = {rule.name for rule in analysis.rules}
        passed_over = {
            each.item_name for d in diagnostics if d.code in PASSED_OVER for each in d.context
        }
        assert all(error.line > 0 and error.file == str(path) for error in errors)
        whole = not errors and definitions.rules.keys() <= checked | passed_over
        fine = whole or path.name in INCOMPLETE
        passed += fine
        if not fine:
            print(path, [str(error) for error in errors], definitions.rules.keys() - checked)
    report("stock rules files", passed, total)
