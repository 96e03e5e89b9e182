"""Make audit logs that look like those of a real cluster, the same for the same seed.

There are three sets. ``TYPICAL`` is what a cluster logs on an ordinary day:
leases, reads and watches of its own components, and something to report in one
event of a hundred. ``ALERTING`` is what a log looks like when most of it is to be
reported, by many different rules. ``churning`` makes the typical events
with a new user and a new object in each, as an attacker could.
"""

import json
from collections.abc import Callable, Iterator

from cluster import traffic
from cluster.audit_log import AuditLog, Event
from cluster.incidents import incident

Maker = Callable[[AuditLog], Event]
Mix = tuple[tuple[int, Maker], ...]

# How often each kind of event occurs in 1,000.
TYPICAL: Mix = (
    (320, traffic.node_lease),
    (130, traffic.leader_lease),
    (290, traffic.read),
    (100, traffic.watch),
    (25, traffic.probe),
    (25, traffic.access_review),
    (55, traffic.status_patch),
    (30, traffic.notice),
    (8, traffic.plain_pod),
    (5, traffic.rollout),
    (12, incident),
)
ALERTING: Mix = (
    (620, incident),
    (60, traffic.read),
    (40, traffic.watch),
    (120, traffic.status_patch),
    (100, traffic.plain_pod),
    (60, traffic.rollout),
)


def make(count: int, mix: Mix = TYPICAL, seed: int = 1) -> Iterator[bytes]:
    """Yield ``count`` events as lines of JSON, without their ends."""
    return map(_line, _events(count, mix, seed))


def churning(count: int, seed: int = 1) -> Iterator[bytes]:
    """Yield typical events in each of which the user and the object have names of their own."""
    for number, event in enumerate(_events(count, TYPICAL, seed)):
        event["user"]["username"] += f"-{number}"
        if "objectRef" in event:
            event["objectRef"]["name"] = f"{event['objectRef'].get('name', 'any')}-{number}"
        yield _line(event)


def _events(count: int, mix: Mix, seed: int) -> Iterator[Event]:
    log = AuditLog(seed)
    weights, makers = zip(*mix, strict=True)
    for maker in log.rng.choices(makers, weights, k=count):
        yield maker(log)


def _line(event: Event) -> bytes:
    line = json.dumps(event, separators=(",", ":"), ensure_ascii=False)
    # As Go's encoder writes it: queries are full of these.
    return line.replace("&", r"\u0026").encode()
