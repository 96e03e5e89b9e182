"""Alerts as rows that can be compared, whichever way they were found."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from rulec.runtime.ruleset import Ruleset

COLUMNS = (
    "time",
    "rule",
    "priority",
    "source",
    "tags",
    "hostname",
    "output",
    "output_fields",
    "rejected",
)

Row = tuple[Any, ...]


def comparable(row: Mapping[str, Any], *more: str) -> Row:
    """Return what counts in a row of results, and some of its other columns.

    Of an ``input_file``, its name counts: not every Spark spells a URI in the same way.
    """
    tags = row["tags"]
    cells = {**row, "tags": None if tags is None else tuple(tags)}
    if "input_file" in more:
        cells["input_file"] = row["input_file"].rpartition("/")[2]
    values = (cells[name] for name in (*COLUMNS, *more))
    # Spark 4.0 gives binary columns as what cannot be counted.
    return tuple(bytes(value) if isinstance(value, bytearray) else value for value in values)


def found_by_one_process(
    ruleset: Ruleset, source: str, documents: Iterable[tuple[bytes, Row]]
) -> Counter[Row]:
    """Return the rows for documents, each with what is known of it, from ``match_many``."""
    documents = list(documents)
    rows = Counter[Row]()

    def reject(index: int, reason: str, detail: str) -> None:
        rows[(*[None] * 8, reason, *documents[index][1])] += 1

    matches = ruleset.match_many(
        (document for document, _ in documents), source=source, rejected=reject
    )
    for index, alert in matches:
        alert = msgspec.structs.replace(alert, iso8601=True)
        fields = json.dumps(
            json.loads(alert.json())["output_fields"], separators=(",", ":"), ensure_ascii=False
        )
        row = (
            alert.time,
            alert.rule,
            alert.priority,
            alert.source,
            alert.tags,
            alert.hostname,
            alert.output,
            fields,
            None,
        )
        rows[(*row, *documents[index][1])] += 1
    return rows
