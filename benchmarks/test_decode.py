"""How long decoding takes, which is what nobody who matches bytes can do without."""

import json
from typing import Any

import msgspec
import pytest

from rulec.runtime.jsontext import decode


def test_json(benchmark: Any, lines: list[bytes]) -> None:
    benchmark(lambda: [json.loads(line) for line in lines])


def test_orjson(benchmark: Any, lines: list[bytes]) -> None:
    loads = pytest.importorskip("orjson").loads
    benchmark(lambda: [loads(line) for line in lines])


def test_msgspec(benchmark: Any, lines: list[bytes]) -> None:
    decoder = msgspec.json.Decoder()
    benchmark(lambda: [decoder.decode(line) for line in lines])


def test_rulec(benchmark: Any, lines: list[bytes]) -> None:
    """Without loss: numbers keep the text that they were written with."""
    benchmark(lambda: [decode(line) for line in lines])
