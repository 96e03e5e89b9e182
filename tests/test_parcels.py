"""What workers tell comes out of a file as it went in."""

from itertools import chain

import pytest

from rulec.runtime import parcels
from rulec.runtime.alert import Alert
from rulec.runtime.parcels import Finished, Item, Parcel, Skipped
from rulec.runtime.sinks.sink import Delivery

FIELDS = {"a": "x\udc80\n\u2028", "b": 2**70, "c": ("p", 1, True), "d": None, "e": 0.1, "f": ()}
ITEMS: list[Item] = [
    "a line, with \udcff and é",
    Delivery(Alert("R", "Warning", "syscall", ("t", "u"), 12, "m", FIELDS, "host", True), "name"),
    Delivery(Alert("R", "Warning", "syscall", (), 12, "", {}, "host")),
    Skipped(7, "no JSON: '\x00'"),
    Finished(3, 4, 5, {"why": 6}, None),
]


@pytest.mark.parametrize("most", [0, 500, parcels._MOST])
def test_items_are_received_as_they_were_told(most, tmp_path, monkeypatch):
    monkeypatch.setattr(parcels, "_MOST", most)
    collected = Parcel(tmp_path)
    for item in chain(ITEMS, ITEMS):
        collected.add(item)
    received = list(collected.sent().received())
    assert received == ITEMS * 2
    assert list(map(type, received)) == list(map(type, ITEMS * 2))
    assert not list(tmp_path.iterdir())
