"""Values of which comparisons with constants may be true, and some of which they are not."""

from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Final

from rulec.nodes import Constant, Loaded, Test, Transformed, Value
from rulec.nodes import Sequence as Parts
from rulec.operators import IN_RANGES
from rulec.runtime.encoding import utf8


def samples(test: Test, constant: Any) -> Iterator[Any]:
    """Yield values of which a test with this constant may be true, and some of which it is not."""
    match test.operator:
        case "glob" | "iglob":
            yield from of_pattern(str(constant))
        case "pmatch":
            yield from of_pattern(str(constant))
            yield f"{constant}/x"
        case "regex":
            yield from _of_regex(str(constant))
        case symbol if symbol == IN_RANGES:
            low, colon, high = str(constant).partition(":")
            if colon and (low.lstrip("+-") + high.lstrip("+-")).isdigit():
                yield from (str(int(low)), str(int(high)), str(int(high) + 1))
            yield constant
        case _:
            yield from equal(constant)


def equal(constant: Any) -> Iterator[Any]:
    match constant:
        case IPv4Network() | IPv6Network():
            yield from (constant.network_address, constant.broadcast_address)
        case bool():
            yield from (constant, not constant)
        case int() | float():
            yield from (constant, constant + 1, constant - 1)
        case str():
            yield from (constant, f"{constant}x", f"x{constant}")
        case bytes():
            yield from (constant, constant + b"x", b"x" + constant)
        case _:
            yield constant


def of_pattern(pattern: str) -> Iterator[str]:
    """Yield texts that a pattern of a shell may match."""
    plain = ""
    rest = pattern
    while rest:
        step, rest = rest[0], rest[1:]
        if step == "[" and "]" in rest[1:]:
            end = rest.index("]", 1)
            inside, rest = rest[:end], rest[end + 1 :]
            plain += "_" if inside[0] in "!^" else inside[0]
        elif step == "\\" and rest:
            plain, rest = plain + rest[0], rest[1:]
        elif step == "?":
            plain += "x"
        elif step != "*":
            plain += step
    yield plain
    yield plain + "x"
    yield pattern


# What has a meaning in a regular expression.
_SPECIAL: Final = frozenset("\\.[]{}()*+?^$|")


def _of_regex(pattern: str) -> Iterator[str]:
    """Yield texts that a regular expression may match, if it is a simple one."""
    for each in (pattern, pattern.replace(".*", "").replace(".+", "x")):
        text = each.removeprefix("^").removesuffix("$").replace("\\.", "\0")
        if _SPECIAL.isdisjoint(text):
            yield text.replace("\0", ".")


def near(now: Any) -> Iterator[Any]:
    """Yield values that have much in common with the one that there is."""
    match now:
        case bool():
            yield not now
        case str():
            yield from (f"{now}x", f"x{now}")
        case bytes():
            yield from (now + b"x", b"x" + now)
        case int() | float():
            yield from (now + 1, now - 1)
        case _:
            return


# --- through transformers -----------------------------------------------------------------


def inverse(side: Value, constant: Any, is_meant: Callable[[Loaded], bool]) -> Iterator[Any]:
    """Yield what a field that ``is_meant`` might be, for what is made of it to be ``constant``."""
    match side:
        case Loaded() if is_meant(side):
            yield constant
        case Transformed("b64", (inner,)) if isinstance(constant, str | bytes):
            data = utf8(constant) if isinstance(constant, str) else constant
            encoded = b64encode(data)
            for text in (encoded.decode(), encoded):
                yield from inverse(inner, text, is_meant)
        case Transformed("len", (inner,)) if isinstance(constant, int):
            if 0 <= constant <= 1000:
                yield from inverse(inner, "x" * constant, is_meant)
                yield from inverse(inner, ("x",) * constant, is_meant)
        case Transformed("join", (_, inner)) if isinstance(constant, str):
            yield from inverse(inner, (constant,), is_meant)
            yield from inverse(inner, constant, is_meant)
        case Transformed("concat", parts) if isinstance(constant, str):
            for number, part in enumerate(parts):
                before, after = _around(parts[:number]), _around(parts[number + 1 :])
                if constant.startswith(before) and constant.endswith(after):
                    end = len(constant) - len(after)
                    yield from inverse(part, constant[len(before) : end], is_meant)
        case Transformed("getopt", (inner, _), selector):
            words = (f"-{selector}", constant) if selector else (constant,)
            yield from inverse(inner, words, is_meant)
        case Transformed(_, (inner, *_)):
            yield from inverse(inner, constant, is_meant)
        case Parts(parts):
            for part in parts:
                yield from inverse(part, constant, is_meant)
        case _:
            return


def _around(parts: Sequence[Value]) -> str:
    """Return the constant text that some arguments are."""
    return "".join(
        part.value for part in parts if isinstance(part, Constant) and isinstance(part.value, str)
    )
