"""The life of ``rulec serve``: killed, ended, full, without outputs, with other rules."""

import asyncio
import json
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path
from typing import NoReturn

import http_server
import pytest
from server_process import (
    JSON,
    LONG,
    RULES,
    Server,
    event,
    event_list,
    eventually,
    free_port,
    named,
    serving,
    started,
)

from rulec import compile_ruleset
from rulec.cli import main
from rulec.commands.listening import default_folder
from rulec.runtime.ruleset import Ruleset
from rulec.server.journal import FolderLock
from rulec.server.rulebook import RefusedRulesError, Rulebook, compiled_apart, fingerprint


def test_killed_at_any_time_it_loses_nothing_that_it_accepted(tmp_path: Path) -> None:
    port = free_port()
    accepted: list[str] = []
    stop = threading.Event()

    def client(number: int) -> None:
        for count in range(10_000):
            names = [f"{number}-{count}-{each}" for each in range(20)]
            body = named(*names)
            while not stop.is_set():  # the same batch again and again, as kube-apiserver does
                try:
                    server = Server(process, port, tmp_path)
                    if server.post(body).status == 200:
                        accepted.extend(names)
                        break
                except (OSError, HTTPException):
                    continue
            if stop.is_set():
                return

    process = started(tmp_path, "--format=json", port=port).process
    with ThreadPoolExecutor() as pool:
        clients = [pool.submit(client, number) for number in range(3)]
        try:
            for kill in range(2):
                eventually(lambda: len(accepted) >= 200 * (kill + 1))  # noqa: B023
                process.kill()
                process.wait()
                process = started(tmp_path, "--format=json", port=port).process
        finally:
            stop.set()
        for each in clients:
            each.result()
    server = Server(process, port, tmp_path)
    assert server.stop() == 0
    alerts = [json.loads(line) for line in server.output]
    found = {alert["output_fields"]["jevt.value[/auditID]"] for alert in alerts}
    assert len(accepted) >= 400
    assert set(accepted) <= found


def test_a_restart_knows_what_was_done(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        assert server.post(named("a", "b")).status == 200
        eventually(lambda: server.names() == ["a", "b"])
        assert server.stop() == 0
    with serving(tmp_path) as server:
        assert server.post(named("b", "c")).status == 200
        eventually(lambda: server.names() == ["a", "b", "c"])
        assert server.metric("rulec_events_duplicate_total") == 1


def test_what_was_accepted_before_a_crash_is_done_after_it(tmp_path: Path) -> None:
    """Nothing takes the alerts, and the server is killed: all is there, and in order."""
    port = free_port()
    output = f"--output=http:http://127.0.0.1:{port}/"
    with serving(tmp_path, output) as server:
        for number in range(5):
            assert server.post(named(*(f"{number}-{each}" for each in range(30)))).status == 200
        eventually(lambda: server.metric("rulec_output_failed_total") > 0)
        assert server.stop(signal.SIGKILL) == -signal.SIGKILL
    wanted = [f"read {number}-{each}" for number in range(5) for each in range(30)]
    with (
        http_server.serving(http_server.accept) as sink,
        serving(tmp_path, f"--output=http:{sink.url}") as server,
    ):
        eventually(lambda: len(sink.messages) == 150)
        assert sink.messages == wanted
        assert len({body["uuid"] for body in sink.bodies}) == 150
        assert server.stop() == 0


def test_the_same_alert_has_the_same_name_after_a_crash(tmp_path: Path) -> None:
    names: list[str] = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
        with (
            http_server.serving(http_server.accept) as sink,
            serving(folder, f"--output=http:{sink.url}") as server,
        ):
            assert server.post(named("same")).status == 200
            eventually(lambda: sink.bodies)
            names.append(sink.bodies[0]["uuid"])
    assert names[0] == names[1]


def test_alerts_in_json_have_the_same_name_everywhere(tmp_path: Path) -> None:
    file = tmp_path / "alerts.log"
    with (
        http_server.serving(http_server.accept) as sink,
        serving(
            tmp_path,
            "--format=json",
            "--output=stdout",
            f"--output=file:{file}",
            f"--output=http:{sink.url}",
        ) as server,
    ):
        assert server.post(named("a", "b")).status == 200
        eventually(lambda: len(sink.bodies) == 2)
        assert server.stop() == 0
        wanted = [body["uuid"] for body in sink.bodies]
        assert len(set(wanted)) == 2
        for lines in (server.output, file.read_text().splitlines()):
            assert [json.loads(each)["uuid"] for each in lines] == wanted


def test_outputs_that_take_nothing_fill_the_journal_and_then_clients_wait(tmp_path: Path) -> None:
    port = free_port()
    output = f"--output=http:http://127.0.0.1:{port}/"
    large = "x" * 1000
    with serving(tmp_path, output, "--journal-size=1") as server:
        accepted = []
        for number in range(100):
            names = [f"{number}-{each}" for each in range(50)]
            answer = server.post(event_list(*(event(name, pad=large) for name in names)))
            if answer.status == 200:
                accepted += names
            else:
                assert (answer.status, answer.headers["retry-after"]) == (503, "5")
                assert answer.body == b"cannot take it now: journal_full\n"
        assert 0 < len(accepted) < 5000
        assert server.request("GET", "/readyz").status == 503
        assert server.metric("rulec_documents_shed_total") == 100 - len(accepted) / 50
        with http_server.serving(http_server.accept, port) as sink:
            # It recovers by itself, and nothing that was accepted is lost.
            eventually(lambda: server.post(named("later")).status == 200)
            eventually(lambda: "read later" in sink.messages)
            assert sink.messages == [f"read {name}" for name in [*accepted, "later"]]
            eventually(lambda: server.request("GET", "/readyz").status == 200)
            assert server.stop() == 0


def test_it_ends_cleanly_while_an_output_takes_nothing(tmp_path: Path) -> None:
    output = f"--output=http:http://127.0.0.1:{free_port()}/"
    with serving(tmp_path, output, "--grace=0.2") as server:
        assert server.post(named(*map(str, range(2000)))).status == 200
        eventually(lambda: server.metric("rulec_output_failed_total") > 0)
        assert server.stop() == 0
        assert "what is not finished stays in the journal" in server.errors


def test_a_request_that_has_begun_is_answered_at_the_end(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        connection = server.connection()
        body = named("slow")
        connection.putrequest("POST", "/k8s-audit")
        for name, value in JSON.items():
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body[:10])
        eventually(lambda: server.metric("rulec_documents_received_total") == 1)
        server.process.send_signal(signal.SIGTERM)
        connection.send(body[10:])
        assert connection.getresponse().status in (200, 503)
        connection.close()
        assert server.process.wait(60) == 0


def test_two_servers_do_not_share_a_journal(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path / "journal")
    with pytest.raises(AssertionError, match="another server uses"):
        started(tmp_path)
    lock.close()


def test_an_address_that_is_taken_is_refused(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        other = tmp_path / "other"
        other.mkdir()
        with pytest.raises(AssertionError, match="Address already in use"):
            started(other, port=server.port)


def test_standard_output_that_nobody_reads_ends_it_and_loses_nothing(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    with serving(tmp_path, stdout=write) as server:
        assert server.post(named("unseen")).status == 200
        assert server.process.wait(60) == 4
        assert "alerts cannot be written" in server.errors
    os.close(write)
    with serving(tmp_path) as server:
        eventually(lambda: server.names() == ["unseen"])


def test_it_ends_while_standard_output_takes_nothing(tmp_path: Path) -> None:
    """A pipe is full, and whoever reads it does not: the lock of the stream is never free."""
    read, write = os.pipe()
    with serving(tmp_path, "--grace=0.1", stdout=write) as server:
        assert server.post(named(*map(str, range(3000)))).status == 200
        eventually(lambda: select.select([], [write], [], 0)[1] == [])
        assert server.stop() == 0
        assert "what is not finished stays in the journal" in server.errors
    os.close(read)
    os.close(write)


def test_the_journal_is_where_the_state_of_programs_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/one:/var/lib/two")
    assert default_folder() == Path("/var/lib/one/journal")
    monkeypatch.delenv("STATE_DIRECTORY")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert default_folder() == Path("/var/lib/rulec/journal")
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert default_folder() == Path("/state/rulec/journal")
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "/home/mia")
    assert default_folder() == Path("/home/mia/.local/state/rulec/journal")


# --- rules --------------------------------------------------------------------------------


def rule(name: str, verb: str = "get") -> str:
    return (
        RULES.replace("Something Read", name)
        .replace("output: read", f"output: {name}")
        .replace("ka.verb = get", f"ka.verb = {verb}")
    )


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "rules.yaml").write_text(rule("first"))
    return folder


@pytest.fixture
def server(rules: Path, tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path, rules=[rules]) as found:
        yield found


def loaded(server: Server, times: int) -> None:
    eventually(lambda: server.metric("rulec_rules_reloads_total") == times)


def said(server: Server, name: str) -> str:
    """What the rule says that matches an event."""
    assert server.post(named(name)).status == 200
    eventually(lambda: name in server.names())
    return next(line.split(" ")[2] for line in server.output if line.endswith(f" {name}"))


def test_rules_are_loaded_anew_when_they_change(server: Server, rules: Path) -> None:
    assert said(server, "a") == "first"
    (rules / "rules.yaml").write_text(rule("second"))
    loaded(server, 1)
    assert said(server, "b") == "second"
    # A list in a file of its own, which was not there before.
    (rules / "more.yaml").write_text(rule("third").partition("- rule: Pod Created")[0])
    loaded(server, 2)
    assert server.metric("rulec_rules") == 3


def test_broken_rules_are_refused_and_the_old_ones_stay(server: Server, rules: Path) -> None:
    (rules / "rules.yaml").write_text("- rule: broken\n  condition: ka.verb = \n")
    loaded(server, 1)
    assert said(server, "a") == "first"
    assert "refused new rules, the old ones stay:" in server.errors
    assert "rules.yaml:1:3: LOAD_ERR_YAML_VALIDATE" in server.errors
    (rules / "rules.yaml").write_text("")  # as when somebody empties the folder first
    loaded(server, 2)
    assert said(server, "b") == "first"
    (rules / "rules.yaml").unlink()
    loaded(server, 3)
    assert said(server, "c") == "first"
    (rules / "rules.yaml").write_text(rule("fourth"))
    loaded(server, 4)
    assert said(server, "d") == "fourth"


def test_a_signal_loads_the_rules_anew(rules: Path, tmp_path: Path) -> None:
    with serving(tmp_path, "--no-watch", rules=[rules]) as server:
        (rules / "rules.yaml").write_text(rule("second"))
        assert said(server, "a") == "first"
        server.process.send_signal(signal.SIGHUP)
        loaded(server, 1)
        assert said(server, "b") == "second"


def test_a_signal_may_come_before_there_is_a_server(tmp_path: Path) -> None:
    rules, new = tmp_path / "rules.yaml", tmp_path / "new.yaml"
    os.mkfifo(rules)
    new.write_text(rule("second"))

    def begin(process: subprocess.Popen[bytes]) -> None:
        with rules.open("w") as pipe:  # which is open when the server reads its rules
            process.send_signal(signal.SIGHUP)
            new.replace(rules)
            pipe.write(rule("first"))

    with serving(tmp_path, "--no-watch", rules=[rules], begun=begin) as server:
        loaded(server, 1)
        assert said(server, "a") == "second"


def test_many_signals_load_the_rules_anew_once_more(tmp_path: Path) -> None:
    rules, new = tmp_path / "rules.yaml", tmp_path / "new.yaml"
    rules.write_text(rule("first"))
    new.write_text(rule("second"))
    with serving(tmp_path, "--no-watch", rules=[rules]) as server:
        rules.unlink()
        os.mkfifo(rules)
        server.process.send_signal(signal.SIGHUP)
        with rules.open("w"):  # as long as this is open, rules are compiled
            for _ in range(20):
                server.process.send_signal(signal.SIGHUP)
                assert server.request("GET", "/healthz").status == 200
            new.replace(rules)
        loaded(server, 2)
        assert said(server, "a") == "second"
        time.sleep(1.5)  # for which the next one would be done
        assert server.metric("rulec_rules_reloads_total") == 2


def test_it_ends_while_rules_are_compiled(tmp_path: Path) -> None:
    """Which may take long, and nobody wants them any more."""
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES)
    with serving(tmp_path, "--no-watch", rules=[rules]) as server:
        rules.unlink()
        os.mkfifo(rules)
        server.process.send_signal(signal.SIGHUP)
        # When this is open, so is the other end, and whoever compiles waits for rules.
        with rules.open("w"):
            server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(20) == 0


def test_other_files_beside_the_rules_do_not_matter(tmp_path: Path) -> None:
    """A log that grows there must not have the rules loaded over and over; a pipe has no end."""
    (tmp_path / "rules.yaml").write_text(RULES)
    os.mkfifo(tmp_path / "pipe.yaml")
    before = fingerprint([tmp_path, tmp_path / "pipe.yaml", tmp_path / "nothing"])
    (tmp_path / "alerts.log").write_text("an alert")
    assert fingerprint([tmp_path, tmp_path / "pipe.yaml", tmp_path / "nothing"]) == before
    (tmp_path / "rules.yaml").write_text(rule("second"))
    assert fingerprint([tmp_path, tmp_path / "pipe.yaml", tmp_path / "nothing"]) != before


def test_folders_that_are_links_are_followed(tmp_path: Path) -> None:
    """As Kubernetes mounts a ConfigMap: a link to a link to a folder, which is swapped."""
    mounted = tmp_path / "mounted"
    for version in ("one", "two"):
        (mounted / version).mkdir(parents=True)
        (mounted / version / "rules.yaml").write_text(rule(version))
    (mounted / "..data").symlink_to("one")
    (mounted / "rules.yaml").symlink_to("..data/rules.yaml")
    with serving(tmp_path, rules=[mounted]) as server:
        assert said(server, "a") == "one"
        (mounted / "..new").symlink_to("two")
        (mounted / "..new").replace(mounted / "..data")
        loaded(server, 1)
        assert said(server, "b") == "two"


def test_descriptions_of_sources_are_loaded_anew(tmp_path: Path, rules: Path) -> None:
    (rules / "rules.yaml").write_text("""
- rule: Order
  desc: Somebody ordered something.
  condition: order.what exists
  output: ordered %order.what by %order.who
  priority: NOTICE
  source: orders
""")
    (tmp_path / "described").mkdir()
    description = tmp_path / "described" / "orders.yaml"

    def describe(pointer: str) -> None:
        fields = f"[{{name: order.who, pointer: /who}}, {{name: order.what, pointer: {pointer}}}]"
        description.write_text(f"source: orders\nfields: {fields}\n")

    describe("/what")
    with serving(tmp_path, f"--source-file={description}", rules=[rules]) as server:
        assert server.post(b'{"what": "tea", "who": "a"}').status == 200
        eventually(lambda: server.names() == ["a"])
        describe("/item")
        loaded(server, 1)
        assert server.post(b'{"what": "tea", "item": "pot", "who": "b"}').status == 200
        eventually(lambda: server.names() == ["a", "b"])
        assert server.output[-1].endswith("pot by b")


def test_a_server_does_not_begin_without_rules(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would take events and match them with nothing."""
    (tmp_path / "rules.yaml").write_text("""
- rule: A Shell
  desc: Somebody started a shell.
  condition: evt.type = execve and proc.name = bash
  output: shell
  priority: NOTICE
""")
    with pytest.raises(SystemExit) as ended:
        main(["serve", f"--rules={tmp_path}", "--listen=127.0.0.1:9765"])
    assert ended.value.code == 2
    assert "rulec serve: there are no rules for k8s_audit in" in capsys.readouterr().err


def test_a_folder_that_is_replaced_is_loaded_anew(tmp_path: Path) -> None:
    """As when releases are folders, and a link says which one is in use."""
    for version in ("one", "two"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "rules.yaml").write_text(rule(version))
    current = tmp_path / "current"
    current.symlink_to("one")
    with serving(tmp_path, rules=[current]) as server:
        assert said(server, "a") == "one"
        (tmp_path / "new").symlink_to("two")
        (tmp_path / "new").replace(current)
        loaded(server, 1)
        assert said(server, "b") == "two"


def test_rules_that_change_while_they_are_read_are_loaded_anew(rules: Path, tmp_path: Path) -> None:
    """What came between the first look and the first watch is not overlooked."""
    old = (rules / "rules.yaml").read_text()

    async def changed() -> str:
        before = fingerprint([rules])
        ruleset = compile_ruleset(rules)
        (rules / "rules.yaml").write_text(old + "# as before, and a comment\n")
        told = asyncio.Event()
        notices: list[str] = []

        def load() -> Ruleset:
            return compile_ruleset(rules)

        book = Rulebook(
            ruleset,
            "k8s_audit",
            False,
            load,
            [rules],
            before,
            lambda _: told.set(),
            notices.append,
        )
        watching = asyncio.ensure_future(book.watch())
        await asyncio.wait_for(told.wait(), LONG)
        watching.cancel()
        return notices[0]

    assert asyncio.run(changed()) == "loaded the rules anew: 2 rules"


def test_rules_are_loaded_anew_where_the_system_tells_of_no_changes(
    rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when other programs have all the watchers that there may be."""

    def no_watcher(*_: object, **__: object) -> NoReturn:
        raise RuntimeError("Too many open files")

    monkeypatch.setattr("watchfiles.awatch", no_watcher)
    monkeypatch.setattr("rulec.server.rulebook._LOOK_EVERY", 1)

    async def notices() -> list[str]:
        told = asyncio.Event()
        notices: list[str] = []
        paths = [rules]
        book = Rulebook(
            compile_ruleset(rules),
            "k8s_audit",
            False,
            lambda: compile_ruleset(rules),
            paths,
            fingerprint(paths),
            lambda _: told.set(),
            notices.append,
        )
        watching = asyncio.ensure_future(book.watch())
        while not notices:
            await asyncio.sleep(0.01)
        (rules / "rules.yaml").write_text(rule("second"))
        await asyncio.wait_for(told.wait(), LONG)
        watching.cancel()
        return notices

    assert asyncio.run(asyncio.wait_for(notices(), LONG)) == [
        "changed rules are not noticed at once: Too many open files",
        "loaded the rules anew: 2 rules",
    ]


def test_what_was_read_while_files_changed_is_never_in_force(rules: Path) -> None:
    first = compile_ruleset(rules)
    met: list[int] = []

    async def reloaded(restless: int) -> tuple[bool, int, list[str]]:
        notices: list[str] = []
        met.clear()

        def load() -> Ruleset:
            met.append(len(book.current.matcher.rules))
            if len(met) <= restless:
                (rules / f"{restless}-{len(met)}.yaml").write_text("- list: empty\n  items: []\n")
            return compile_ruleset(rules, priority="WARNING")

        paths = [rules]
        book = Rulebook(first, "k8s_audit", False, load, paths, b"", lambda _: None, notices.append)
        good = await book.reload()
        if not good:  # nobody has to say that they changed
            await book.reload(changed_only=True)
        return good, len(book.current.matcher.rules), notices

    good, left, notices = asyncio.run(reloaded(2))
    assert (good, left, met) == (True, 1, [2, 2, 2]), notices
    good, left, notices = asyncio.run(reloaded(5))
    assert (good, left, met) == (False, 1, [2] * 6)
    assert notices[0].endswith("their files change all the time")


def test_rules_are_compiled_with_nothing_from_the_folder_of_the_server(
    rules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "click.py").write_text("raise SystemExit('not the real one')")
    monkeypatch.chdir(tmp_path)
    assert len(compiled_apart([str(rules)], threading.Event()).rules) == 2


def test_it_is_told_if_whoever_compiles_rules_is_killed(
    rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the memory is full."""
    monkeypatch.setattr(os, "setpriority", lambda _, pid, __: os.kill(pid, signal.SIGKILL))
    with pytest.raises(RefusedRulesError, match="ended with status -9"):
        compiled_apart([str(rules)], threading.Event())


@pytest.mark.parametrize("name", ["built.py", "built.pyc"])
def test_a_built_module_is_loaded_anew(name: str, tmp_path: Path, rules: Path) -> None:
    module = tmp_path / name

    def build(name: str) -> None:
        (rules / "rules.yaml").write_text(rule(name))
        with pytest.raises(SystemExit) as ended:
            main(["build", "-q", str(rules), "-o", str(module)])
        assert ended.value.code == 0

    build("one")
    with serving(tmp_path, rules=[module]) as server:
        assert said(server, "a") == "one"
        build("two")
        loaded(server, 1)
        assert said(server, "b") == "two"
        module.write_text("raise SystemExit(1)")
        loaded(server, 2)
        assert said(server, "c") == "two"
        assert server.metric("rulec_rules_reloads_total") == 2
        assert "refused new rules" in server.errors
