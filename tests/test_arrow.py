"""Documents in Arrow record batches: what comes out, and that nothing in them ends the matching."""

import json
import pickle
import subprocess
import sys
from collections import Counter
from functools import partial
from pathlib import Path

import pytest
from alert_rows import comparable, found_by_one_process
from events import ALERTING, make
from installed_engines import needed
from rule_sets import SHIPPED as RULES

from rulec import compile_ruleset
from rulec.runtime.arrow import BATCH_ROWS, Shipped, alert_schema, match_batches, match_table
from rulec.runtime.loading import load
from rulec.runtime.ruleset import Ruleset

pytestmark = pytest.mark.spark

(pa,) = needed("pyarrow")

GOOD, *_ = (line for line in make(100, ALERTING) if b'"secrets"' in line)


@pytest.fixture(scope="module")
def ruleset() -> Ruleset:
    return compile_ruleset(RULES)


def table(documents, kind=None, **more):  # type: ignore[no-untyped-def]
    return pa.table({"value": pa.array(documents, kind or pa.binary()), **more})


def test_the_results_are_those_of_match_many(ruleset: Ruleset) -> None:
    documents = [*make(3_000, ALERTING), b"{", b"[1]"]
    numbers = list(range(len(documents)))
    expected = found_by_one_process(
        ruleset, "k8s_audit", [(document, (n,)) for n, document in enumerate(documents)]
    )
    given = table(documents, place=numbers)
    for size in (7, 100_000):
        batches = given.to_batches(max_chunksize=size)
        found = match_batches(batches, ruleset, source="k8s_audit", column="value", keep=["place"])
        rows = [comparable(row, "place") for batch in found for row in batch.to_pylist()]
        assert Counter(rows) == expected
        assert [row[-1] for row in rows] == sorted(row[-1] for row in rows)


def test_the_schema_is_fixed(ruleset: Ruleset) -> None:
    kept = pa.field("path", pa.large_string())
    given = table([GOOD], path=pa.array(["a.log"], kept.type))
    found = match_table(given, ruleset, source="k8s_audit", column="value", keep=["path"])
    empty = match_table(given[:0], ruleset, source="k8s_audit", column="value", keep=["path"])
    assert found.schema == empty.schema == alert_schema([kept])
    assert (found.num_rows, empty.num_rows) == (1, 0)


def test_an_alert(ruleset: Ruleset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FALCO_HOSTNAME", "node-1")
    event = json.loads(GOOD) | {"stageTimestamp": "2026-03-02T09:30:00.5Z"}
    (row,) = match_table(
        table([json.dumps(event).encode()]), ruleset, source="k8s_audit", column="value"
    ).to_pylist()
    assert row["time"] == 1772443800500000000
    assert row["output"].startswith("2026-03-02T09:30:00.500000000+0000: Error Secret read (user=")
    assert json.loads(row["output_fields"])["ka.target.name"] == event["objectRef"]["name"]
    assert {name: row[name] for name in ("rule", "priority", "source", "tags", "hostname")} == {
        "rule": "K8s Secret Get Successfully",
        "priority": "Error",
        "source": "k8s_audit",
        "tags": ["k8s"],
        "hostname": "node-1",
    }
    assert (row["rejected"], row["detail"]) == (None, None)


@pytest.mark.parametrize(
    ("document", "reasons"),
    [
        (None, ["null"]),
        pytest.param(b"", [], id="blank lines are none"),
        pytest.param(b" \r", [], id="nor is white space"),
        (b"{", ["not_json"]),
        (b"\xff\x00", ["not_json"]),
        (b'"text"', ["not_audit"]),
        (b"[" * 100_000, ["too_deep"]),
        (b'{"kind": "\\ud800"}', ["not_audit"]),
        pytest.param(
            b'[{"kind": "Pod"}, %s, 1]' % GOOD,
            [None, "not_audit", "not_audit"],
            id="a bad event does not cost its neighbour",
        ),
    ],
)
def test_what_is_no_event_is_a_row(
    ruleset: Ruleset, document: bytes | None, reasons: list[str | None]
) -> None:
    given = table([GOOD, document, GOOD], place=[0, 1, 2])
    found = match_table(given, ruleset, source="k8s_audit", column="value", keep=["place"])
    rows = found.to_pylist()
    assert [row["place"] for row in rows] == [0, *[1] * len(reasons), 2]
    assert [row["rejected"] for row in rows[1:-1]] == reasons
    assert all((row["rejected"] is None) == (row["rule"] is not None) for row in rows)
    assert all((row["rejected"] is None) == (row["detail"] is None) for row in rows)


def test_a_time_that_does_not_fit_is_null(ruleset: Ruleset) -> None:
    event = json.loads(GOOD) | {"stageTimestamp": "9999-12-31T00:00:00Z"}
    (row,) = match_table(
        table([json.dumps(event).encode()]), ruleset, source="k8s_audit", column="value"
    ).to_pylist()
    assert row["time"] is None
    assert row["output"].startswith("9999-12-31T00:00:00")


@pytest.mark.parametrize("kind", ["string", "large_string", "binary", "large_binary"])
def test_kinds_of_columns(ruleset: Ruleset, kind: str) -> None:
    given = table([GOOD.decode()], getattr(pa, kind)())
    assert match_table(given, ruleset, source="k8s_audit", column="value").num_rows == 1


def test_a_column_with_a_dictionary(ruleset: Ruleset) -> None:
    given = pa.table({"value": pa.array([GOOD.decode()] * 3).dictionary_encode()})
    assert match_table(given, ruleset, source="k8s_audit", column="value").num_rows == 3


def test_text_that_is_no_text(ruleset: Ruleset) -> None:
    # Spark does not look whether a text file is UTF-8.
    bad = pa.array([b"\xff{}", GOOD]).view(pa.string())
    found = match_table(pa.table({"value": bad}), ruleset, source="k8s_audit", column="value")
    assert found.column("rejected").to_pylist() == ["not_json", None]


def test_a_document_with_many_events(ruleset: Ruleset) -> None:
    count = 2 * BATCH_ROWS + 1
    given = table([b"[" + b",".join([GOOD] * count) + b"]"]).to_batches()
    batches = list(match_batches(given, ruleset, source="k8s_audit", column="value"))
    assert [batch.num_rows for batch in batches] == [BATCH_ROWS, BATCH_ROWS, 1]


def test_events_are_numbered_within_their_document(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        "- rule: r\n  desc: d\n  condition: evt.num > 0\n  priority: INFO\n  source: k8s_audit\n"
        "  output: '%evt.num %evt.reltime'\n"
    )
    given = table([GOOD, b"[%s,%s]" % (GOOD, GOOD), GOOD])
    found = match_table(given, compile_ruleset(rules), source="k8s_audit", column="value")
    outputs = [output.split("Informational ")[1] for output in found.column("output").to_pylist()]
    assert outputs == ["1 000000000", "1 000000000", "2 000000000", "1 000000000"]


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"column": "nosuch"}, KeyError, "no column 'nosuch'; there are: value, rule, n"),
        ({"column": "n"}, TypeError, "column 'n' holds int64"),
        ({"keep": ["nosuch"]}, KeyError, "no column 'nosuch'; there are: value, rule, n"),
        ({"keep": ["rule"]}, ValueError, "cannot keep column 'rule'"),
        ({"source": "nosuch"}, KeyError, "no event source 'nosuch'"),
    ],
)
def test_mistakes_of_the_caller(
    ruleset: Ruleset, changes: dict[str, object], error: type[Exception], message: str
) -> None:
    arguments = {"source": "k8s_audit", "column": "value"} | changes
    with pytest.raises(error, match=message):
        match_table(table([GOOD], rule=["x"], n=[1]), ruleset, **arguments)  # type: ignore[arg-type]


# --- other processes -------------------------------------------------------------------


def test_a_process_runs_a_shipped_ruleset_once(ruleset: Ruleset) -> None:
    sent = pickle.dumps(Shipped(ruleset))
    assert pickle.loads(sent)() is pickle.loads(sent)()


def test_a_worker_needs_no_compiler(ruleset: Ruleset, tmp_path: Path) -> None:
    work = partial(match_table, ruleset=Shipped(ruleset), source="k8s_audit", column="value")
    (tmp_path / "work").write_bytes(pickle.dumps((work, table([GOOD]))))
    code = (
        "import pickle, sys\n"
        f"work, table = pickle.load(open({str(tmp_path / 'work')!r}, 'rb'))\n"
        "print(work(table).num_rows, {'rulec.api', 'lark', 'yaml'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "1 set()\n"


def test_a_ruleset_from_a_function(ruleset: Ruleset, tmp_path: Path) -> None:
    module = tmp_path / "compiled.py"
    assert isinstance(ruleset.code, str)
    module.write_text(ruleset.code)
    found = match_table(table([GOOD]), partial(load, module), source="k8s_audit", column="value")
    assert found.num_rows == 1


# --- Dask ------------------------------------------------------------------------------


def test_dask_dataframes(ruleset: Ruleset) -> None:
    dask_dataframe, pandas = needed("dask.dataframe", "pandas")
    lines = [line.decode() for line in make(400, ALERTING)]
    frame = pandas.DataFrame({"value": lines, "place": range(400)})
    shipped = Shipped(ruleset)

    def match(part):  # type: ignore[no-untyped-def]
        given = pa.Table.from_pandas(part, preserve_index=False)
        found = match_table(given, shipped, source="k8s_audit", column="value", keep=["place"])
        return found.to_pandas()

    meta = alert_schema([pa.field("place", pa.int64())]).empty_table().to_pandas()
    parts = dask_dataframe.from_pandas(frame, npartitions=5)
    found = parts.map_partitions(match, meta=meta).compute(scheduler="threads")
    expected = {n for n, _ in ruleset.match_many(lines, source="k8s_audit")}
    assert set(found["place"]) == expected


def test_dask_processes(ruleset: Ruleset) -> None:
    (dask,) = needed("dask")
    lines = list(make(400, ALERTING))
    work = dask.delayed(match_table)
    parts = [
        work(table(lines[at : at + 100]), Shipped(ruleset), source="k8s_audit", column="value")
        for at in range(0, 400, 100)
    ]
    tables = dask.compute(*parts, scheduler="processes", num_workers=2)
    found = Counter(row["rule"] for part in tables for row in part.to_pylist())
    assert found == Counter(
        alert.rule for _, alert in ruleset.match_many(lines, source="k8s_audit")
    )
