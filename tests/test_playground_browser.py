"""The page of the playground in a real browser: what is typed, what is seen, what is asked for."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from browser import browser
from playground_process import EVENT, LONG, RULES, Playground, playing

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as found:
        yield found


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with playing() as found:
        yield found


# The last answer has been shown.
SETTLED = "body[data-settled=true]"


@dataclass
class Page:
    """A page of the playground, and what it has asked for and complained about."""

    page: Any
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.page, name)

    def open(self, url: str) -> None:
        self.goto(url)
        self.wait_for_selector(SETTLED)

    def write(self, pane: str, text: str) -> None:
        """Write a text into a pane as if it was typed."""
        self.fill(f"#{pane} textarea", text)

    def sees(self, selector: str, text: str = "", count: int = 1) -> Any:
        """Wait until so many elements with a text are there; return the first."""
        found = self.locator(selector, has_text=text)
        found.nth(count - 1).wait_for(state="visible")
        assert found.count() == count, found.all_inner_texts()
        return found.first

    def waits_for_none(self, selector: str) -> None:
        self.locator(selector).first.wait_for(state="detached")


@pytest.fixture
def page(chromium: Any, playground: Playground) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, timezone_id="UTC")
    context.set_default_timeout(LONG * 1000)
    found = Page(context.new_page())
    found.on("request", lambda request: found.asked.append(request.url))
    found.on("console", lambda message: found.said.append(message.text))
    found.on("pageerror", lambda error: found.said.append(str(error)))
    yield found
    context.close()
    assert not found.said
    assert {url.partition("/")[2].split("/")[1] for url in found.asked} <= {
        f"127.0.0.1:{playground.port}"
    }


def test_a_rule_is_written_broken_and_mended(page: Page, playground: Playground) -> None:
    page.open(playground.url)
    page.select_option("#examples", "empty")
    page.sees(".empty h3", "No rules yet")
    page.write("rules", RULES)
    page.sees(".empty h3", "No event yet")
    page.write("event", json.dumps(EVENT))
    page.sees(".alert .text", "09:30:00.000000000: Warning pod web by mia")
    page.sees("#status.good", "1 rule · 1 event · 1 alert")

    page.write("rules", RULES.replace("ka.verb = create", "ka.verbs = create"))
    page.waits_for_none(".alert")
    assert page.locator(".number.error").all_inner_texts() == ["2"]
    assert page.locator("#rules .wrong").all_inner_texts() == ["ka.verbs"]
    page.sees("#rules .lens", "unknown field 'ka.verbs': did you mean 'ka.verb'?")
    page.sees(".caret", "^^^^^^^^ did you mean 'ka.verb'?")
    page.sees("#status.bad", "1 error")
    page.sees("#rules-problems .problem", "2:14").click()
    assert selected(page, "rules") == "ka.verbs"

    # What is selected is typed over.
    page.keyboard.type("ka.verb")
    page.sees(".alert .text", "pod web by mia")
    page.waits_for_none(".number.error, .wrong, .problem")
    assert page.input_value("#rules textarea") == RULES


def selected(page: Page, pane: str) -> str:
    """Return what is selected in a pane, which must have the keyboard."""
    script = "a => a === document.activeElement && a.value.slice(a.selectionStart, a.selectionEnd)"
    return str(page.locator(f"#{pane} textarea").evaluate(script))


def test_the_explanation_tells_what_is_missing(page: Page, playground: Playground) -> None:
    page.open(playground.url)
    page.select_option("#examples", "empty")
    page.write("rules", RULES)
    page.write("event", json.dumps(EVENT | {"verb": "delete"}))
    page.sees(".badge.no", "does not fire")
    page.sees(".choices.rules .choice.no", "1 test away")
    page.sees(".changes li", "ka.verb would have to be")
    test = page.sees(".leaf", "ka.verb = create")
    assert re.sub(r"\s+", " ", test.locator(".seen").inner_text()) == (
        'ka.verb is "delete" different'
    )
    assert test.locator(".sign").inner_text() == "✗"
    other = page.locator(".leaf", has_text="ka.target.resource = pods")
    assert other.locator(".sign").inner_text() == "✓"

    # Parts that did not matter are closed; the keyboard opens them.
    page.get_by_role("button", name="Close all").click()
    assert not test.is_visible()
    page.locator(".tree > details > summary").focus()
    page.keyboard.press("Enter")
    page.locator(".tree summary", has_text="macro").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Open all").click()
    assert test.is_visible()

    # From a part, one gets to where it was written.
    test.locator(".row").hover()
    test.locator(".place").click()
    area = page.locator("#rules textarea")
    assert area.evaluate("a => a.value.slice(0, a.selectionStart).split('\\n').length") == 2

    # The change is made, and the rule fires; it is undone, and it does not.
    page.get_by_role("button", name="Change the event so").click()
    page.sees(".badge.yes", "fires")
    assert json.loads(page.input_value("#event textarea")) == EVENT
    page.keyboard.press("ControlOrMeta+z")
    page.sees(".badge.no", "does not fire")


def test_what_is_no_json_is_marked_where_it_is(page: Page, playground: Playground) -> None:
    page.open(playground.url)
    page.write("event", '{"kind": "Event",\n "auditID" "x"}')
    page.sees("#event-problems .problem", "2:12")
    assert page.locator("#event .number.error").all_inner_texts() == ["2"]
    page.sees(".empty h3", "The event cannot be read")
    page.locator("#event-problems .problem").click()
    assert selected(page, "event") == '"'


def test_every_example_shows_an_alert(page: Page, playground: Playground) -> None:
    page.open(playground.url)
    examples = page.locator("#examples option").evaluate_all("all => all.map(e => e.value)")
    for name in filter(lambda name: name not in ("", "empty"), examples):
        with page.expect_response("**/api/answer"):
            page.select_option("#examples", name)
        page.sees(".badge.yes", "fires")
        page.waits_for_none(".problem")


def test_several_events_and_files(page: Page, playground: Playground) -> None:
    page.open(playground.url)
    page.select_option("#examples", "cloudtrail")
    page.sees(".files .file", count=2)
    page.sees(".events .choice", count=4)
    page.locator(".events .choice").last.click()
    page.sees("h3", "No alert on event 4")
    # The event is shown where it stands.
    scrolled = page.locator("#event .scroller").evaluate("scroller => scroller.scrollTop")
    assert scrolled > 300
    page.sees("h3", "Nearest rules")
    chosen = page.locator(".choices.rules .choice").last.locator(".what").inner_text()
    page.locator(".choices.rules .choice").last.focus()
    page.keyboard.press("Enter")
    page.sees(".explanation h3", chosen)
    # What is shown anew keeps the keyboard where it was, and what was opened.
    focused = "document.activeElement.querySelector('.what')?.textContent"
    assert page.evaluate(focused) == chosen
    page.get_by_role("button", name="Close all").click()
    page.write("event", page.input_value("#event textarea") + "\n")
    page.wait_for_selector(SETTLED)
    assert page.locator(".tree details[open]").count() == 0

    # A mistake in the description of the source is told in its own file.
    page.locator(".files .file", has_text="source.yaml").click()
    area = page.locator("#rules textarea")
    area.fill(area.input_value().replace("time: /eventTime", "time: when"))
    page.sees("#rules-problems .problem", "source.yaml:")
    page.sees(".files .file .count", "1")


def test_the_code_of_a_rule_and_of_all(page: Page, playground: Playground) -> None:
    page.open(playground.url)
    page.click("#tab-compiled")
    code = page.sees("#code", "def privileged_pod(event):")
    assert "class " not in code.inner_text()
    page.check("#whole")
    page.sees("#code", '"""Falco rules, compiled to Python by rulec')
    page.keyboard.press("Escape")
    page.locator("#tab-compiled").focus()
    page.keyboard.press("ArrowLeft")
    page.sees(".explanation h3")


def test_what_was_written_is_there_again_and_can_be_shared(
    page: Page, chromium: Any, playground: Playground
) -> None:
    page.open(playground.url)
    page.select_option("#examples", "empty")
    page.write("rules", f"# mine: é 🦊\n{RULES}")
    page.write("event", json.dumps(EVENT))
    page.sees(".alert")
    page.reload()
    page.sees(".alert")
    assert page.input_value("#rules textarea").startswith("# mine: é 🦊\n")

    page.click("#share")
    page.wait_for_url(re.compile(r"#1\."))
    link = page.url
    other = chromium.new_context().new_page()
    other.goto(link)
    other.locator(".alert").wait_for()
    assert other.input_value("#rules textarea") == page.input_value("#rules textarea")
    assert "#" not in other.url
    # A link that is none is no harm.
    other.goto("about:blank")
    other.goto(playground.url + "#1.nonsense")
    other.locator(".alert").wait_for()
    other.context.close()


def test_what_was_given_is_shown(chromium: Any, tmp_path: Path) -> None:
    (tmp_path / "event.json").write_text(json.dumps(EVENT))
    (tmp_path / "rules.yaml").write_text(RULES)
    with playing("-r", tmp_path / "rules.yaml", tmp_path / "event.json") as playground:
        page = chromium.new_context().new_page()
        page.goto(playground.url)
        page.locator(".alert", has_text="pod web by mia").wait_for()
        # The key is not left in the address, and what was kept is what is there again.
        assert page.url == f"http://127.0.0.1:{playground.port}/"
        page.reload()
        page.locator(".alert", has_text="pod web by mia").wait_for()
        page.context.close()


def test_hostile_texts_stay_texts(page: Page, playground: Playground) -> None:
    hostile = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    page.open(playground.url)
    page.select_option("#examples", "empty")
    page.write("rules", RULES.replace("Pod Created", f'"{hostile}"'))
    page.write("event", json.dumps(EVENT | {"user": {"username": hostile}}))
    page.sees(".alert .text", hostile)
    page.sees(".explanation h3", hostile)
    assert page.locator("main img, main script").count() == 0


def test_the_keyboard_is_enough(page: Page, playground: Playground) -> None:
    page.open(playground.url)
    page.select_option("#examples", "empty")
    area = page.locator("#rules textarea")
    area.focus()
    page.keyboard.type("- macro: a\n")
    page.keyboard.press("Tab")
    page.keyboard.type("condition: ka.verb = b")
    page.keyboard.press("Enter")
    page.keyboard.type("x")
    assert area.input_value() == "- macro: a\n  condition: ka.verb = b\n  x"
    page.keyboard.press("Shift+Tab")
    assert area.input_value().endswith("\nx")
    page.keyboard.press("ControlOrMeta+z")
    assert area.input_value().endswith("\n  x")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert area.evaluate("a => a !== document.activeElement")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (800, "dark"), (390, "light")])
def test_nothing_is_wider_than_the_window(
    page: Page, playground: Playground, width: int, scheme: str
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.open(playground.url)
    page.sees(".badge.yes")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = sum(map(int, re.findall(r"\d+", ground)[:3]))
    assert (brightness > 380) is (scheme == "light")


def test_texts_can_be_told_from_their_ground(page: Page, playground: Playground) -> None:
    """The contrast of texts is at least what is asked of pages: 4.5, or 3 for what is faint."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.open(playground.url)
        page.sees(".badge.yes")
        for name, least in CONTRASTS.items():
            ink, ground = (page.evaluate(COLOUR, each) for each in (f"--{name}", "--panel"))
            assert contrast(ink, ground) >= least, (scheme, name)


CONTRASTS = {
    **dict.fromkeys(("ink", "soft", "accent", "yes", "no", "held"), 4.5),
    **{f"t-{name}": 4.5 for name in ("key", "name", "field", "string", "word", "number")},
    "faint": 3.0,
    "t-comment": 3.0,
}

COLOUR = "name => getComputedStyle(document.documentElement).getPropertyValue(name)"


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, as the guidelines for accessible pages define it."""

    def luminance(colour: str) -> float:
        parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
