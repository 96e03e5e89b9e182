"""Make the pictures of commands and of the playground: what the programs really show.

Run it in the environment of the checkout, after ``make browser``:

    .venv/bin/python docs/images/make_screenshots.py [NAME ...]

Commands run at a terminal of their own, so their output has the colours that it has there.
The playground is photographed in Chromium.
"""

import io
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Mapping
from fcntl import ioctl
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from rich import _export_format
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT: Final = Path(__file__).resolve().parent.parent.parent
IMAGES: Final = Path(__file__).resolve().parent
RULEC: Final = Path(sys.executable).parent / "rulec"

# The size of the terminal, in characters, and of the browser's window.
WIDTH: Final = 108
HEIGHT: Final = 60
WINDOW: Final = {"width": 1280, "height": 820}

# No picture is larger than this, in bytes.
MOST: Final = 200_000

THEME: Final = TerminalTheme(
    (25, 29, 37),
    (228, 232, 239),
    [
        (61, 69, 84),
        (255, 141, 133),
        (95, 211, 138),
        (240, 184, 90),
        (138, 169, 255),
        (213, 162, 242),
        (111, 208, 221),
        (228, 232, 239),
    ],
)

# --- commands at a terminal ------------------------------------------------------------------

# Rules and tests of them, one of which fails: the container is not what the test says.
SCENE: Final = {
    "pods.yaml": """\
- list: trusted_images
  items: [registry.k8s.io/kube-proxy, docker.io/calico/node]

- macro: pod_created
  condition: ka.verb = create and ka.target.resource = pods and ka.stage = ResponseComplete

- rule: Privileged Pod
  desc: Somebody created a pod with a privileged container.
  condition: >
    pod_created
    and ka.req.pod.containers.privileged intersects (true)
    and not ka.req.pod.containers.image.repository in (trusted_images)
  output: Privileged pod (user=%ka.user.name pod=%ka.target.name)
  priority: WARNING
  source: k8s_audit
""",
    "tests/pods_test.yaml": """\
rules: [../pods.yaml]

defaults:
  event:
    verb: create
    stage: ResponseComplete
    user: {username: mia}
    objectRef: {resource: pods, namespace: shop, name: web}

tests:
  - name: a privileged container is told of
    event:
      requestObject:
        spec: {containers: [{image: nginx, securityContext: {privileged: true}}]}
    alerts:
      - rule: Privileged Pod
        fields: {ka.user.name: mia}

  - name: so is one of a trusted image with a tag
    event:
      requestObject:
        spec:
          containers: [{image: "docker.io/calico/node:v3", securityContext: {privileged: true}}]
    alerts: [{rule: Privileged Pod}]
""",
    "event.json": """\
{"kind": "Event", "auditID": "7f3a", "stage": "ResponseComplete", "verb": "create",
 "level": "RequestResponse", "stageTimestamp": "2026-03-02T09:30:00Z",
 "user": {"username": "mia"},
 "objectRef": {"resource": "pods", "namespace": "shop", "name": "web"},
 "requestObject": {"spec": {"containers": [
   {"image": "docker.io/calico/node:v3", "securityContext": {"privileged": true}}]}}}
""",
}

# Each picture of a command: its name and the command.
COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "explain": ("explain", "-r", "pods.yaml", "--rule", "Privileged Pod", "event.json"),
    "test": ("test", "--cover", "tests"),
}


def commanded(name: str) -> None:
    """Make the picture of a command."""
    arguments = COMMANDS[name]
    with TemporaryDirectory() as folder:
        for file, content in SCENE.items():
            (Path(folder) / file).parent.mkdir(exist_ok=True)
            (Path(folder) / file).write_text(content)
        printed = at_terminal([str(RULEC), *arguments], folder)
    console = Console(width=WIDTH, record=True, file=open(os.devnull, "w"))  # noqa: SIM115, PTH123
    shown = " ".join(f"'{each}'" if " " in each else each for each in arguments)
    console.print(Text.from_ansi(f"\x1b[1m$ rulec {shown}\x1b[0m\n{printed.rstrip()}"))
    # The usual template asks for a font from elsewhere.
    template = re.sub(
        r"@font-face \{\{.*?\}\}\s*", "", _export_format.CONSOLE_SVG_FORMAT, flags=re.DOTALL
    ).replace("Fira Code", "ui-monospace, SFMono-Regular, Menlo, Consolas")
    title = f"rulec {arguments[0]}"
    svg = console.export_svg(title=title, theme=THEME, code_format=template, unique_id=name)
    write(f"{name}.svg", svg.encode())


def at_terminal(command: list[str], folder: str) -> str:
    """Return what a command prints at a terminal, without how far it has got."""
    master, slave = pty.openpty()
    ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
    environment = os.environ | {"TERM": "xterm-256color", "TZ": "UTC"}
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR"):
        environment.pop(name, None)
    with subprocess.Popen(  # noqa: S603 - a list, and no shell
        command,
        stdin=slave,
        stdout=slave,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=environment,
    ) as process:
        os.close(slave)
        printed = b""
        while select.select([master], [], [], 60)[0]:
            try:
                piece = os.read(master, 65536)
            except OSError:  # nobody has the other end any more
                break
            printed += piece
        process.wait()
    os.close(master)
    return printed.decode().replace("\r\n", "\n")


# --- the playground in a browser -------------------------------------------------------------


def firing(page: Any) -> None:
    """Show a rule that fires."""
    page.wait_for_selector(".badge.yes")


def mistaken(page: Any) -> None:
    """Show two mistakes in rules."""
    area = page.locator("#rules textarea")
    text = area.input_value().replace("    and not ka.req", "    and not ka.reg")
    area.fill(
        text.replace(
            "    pod_created\n    and ka.req.pod.vol", "    pod_creatd\n    and ka.req.pod.vol"
        )
    )
    page.wait_for_selector(".caret")
    page.mouse.move(0, 0)


def missed(page: Any) -> None:
    """Show a rule that does not fire, and what is missing."""
    page.locator(".events .choice").last.click()
    page.wait_for_selector(".badge.no")
    page.wait_for_selector("body[data-settled=true]")
    page.mouse.move(0, 0)


# Each picture of the playground: its name, whether it is dark, and what is done in it.
SCENES: Final[Mapping[str, tuple[bool, Callable[[Any], None]]]] = {
    "playground": (False, firing),
    "playground-mistakes": (False, mistaken),
    "playground-near-miss": (True, missed),
}


def photographed(names: list[str]) -> None:
    """Make the pictures of the playground."""
    sys.path.insert(0, str(ROOT / "tests"))
    from browser import browser
    from playground_process import playing

    with playing() as playground, browser() as chromium:
        for name in names:
            dark, act = SCENES[name]
            scheme = "dark" if dark else "light"
            context = chromium.new_context(
                viewport=WINDOW, color_scheme=scheme, device_scale_factor=1.5, timezone_id="UTC"
            )
            page = context.new_page()
            page.goto(playground.url)
            page.wait_for_selector("body[data-settled=true]")
            act(page)
            page.wait_for_timeout(2000)  # until nothing glows any more
            write(f"{name}.png", with_few_colours(page.screenshot(full_page=True)))
            context.close()


def with_few_colours(png: bytes) -> bytes:
    """Return a picture with 256 colours: pages hardly have more, and it is a third as large."""
    from PIL import Image

    found = io.BytesIO()
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    few = picture.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(found, "PNG", optimize=True)
    return found.getvalue()


def write(name: str, content: bytes) -> None:
    """Write a picture."""
    if len(content) > MOST:
        sys.exit(f"{name} would have {len(content):,} bytes, more than {MOST:,}")
    (IMAGES / name).write_bytes(content)
    print(f"{name}: {len(content):,} bytes")


def main(names: list[str]) -> None:
    """Make the pictures of these names, or all."""
    known = [*COMMANDS, *SCENES]
    if unknown := set(names) - set(known):
        sys.exit(f"there are no pictures {', '.join(unknown)}: there are {', '.join(known)}")
    chosen = names or known
    for name in COMMANDS:
        if name in chosen:
            commanded(name)
    if scenes := [name for name in SCENES if name in chosen]:
        photographed(scenes)


if __name__ == "__main__":
    main(sys.argv[1:])
