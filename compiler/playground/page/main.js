// The page: what is typed is asked about, and what is answered is shown.

import * as api from "./api.js";
import { byId, counted, h, show } from "./dom.js";
import { painted, python } from "./highlight.js";
import { EventPane, laidOut, RulesPane } from "./panes.js";
import { nothing, refused, summary, why } from "./results.js";
import { EMPTY, keep, kept, linked, linkTo } from "./state.js";

// How long nobody must have typed, and how long an answer may take until that is told, in ms.
const PAUSE = 150;
const PATIENCE = 400;

const state = structuredClone(EMPTY);
let whole = false;
let timer = 0;
let asking = null;

const rules = new RulesPane(
  { editor: byId("rules"), tabs: byId("files"), problems: byId("rules-problems") },
  later,
);
const event = new EventPane({ editor: byId("event"), problems: byId("event-problems") }, later);

// --- asking -------------------------------------------------------------------------------------

function later() {
  document.body.dataset.settled = "false";
  clearTimeout(timer);
  timer = setTimeout(ask, PAUSE);
}

function choose(chosen, line) {
  Object.assign(state, chosen);
  if (line) event.editor.look(line);
  ask();
}

async function ask() {
  clearTimeout(timer);
  asking?.abort();
  const mine = (asking = new AbortController());
  state.files = rules.files;
  state.event = event.editor.value;
  keep(state);
  const slow = setTimeout(() => status("busy", "Working …"), PATIENCE);
  try {
    const answer = await api.answer({ ...state, whole }, mine.signal);
    if (asking !== mine) return;
    tell(answer);
    // Of many rules, those come later that took too long to look at.
    if (answer.complete === false) later();
  } catch (error) {
    if (error.name !== "AbortError" && asking === mine) {
      fail(error instanceof TypeError ? "rulec playground does not answer: has it ended?" : error.message);
    }
  } finally {
    clearTimeout(slow);
    if (asking === mine) document.body.dataset.settled = "true";
  }
}

// --- telling ------------------------------------------------------------------------------------

function status(kind, text) {
  const element = byId("status");
  element.className = `status ${kind}`;
  element.textContent = text;
}

function fail(message) {
  status("bad", "No answer");
  show(byId("result"), nothing("No answer", message));
}

function tell(answer) {
  if (answer.failure) {
    fail(answer.failure);
    return;
  }
  rules.tell(answer.diagnostics, answer.diagnostics_in_all);
  event.tell(answer.mistakes, answer.trouble);
  tellStatus(answer);
  tellResult(answer);
  tellCode(answer);
  tellSources(answer.sources, answer.source);
}

function tellStatus(answer) {
  const errors = answer.diagnostics.filter(({ severity }) => severity === "error").length;
  const parts = [counted(answer.rules.length, "rule"), counted(answer.events.length, "event")];
  if (errors) {
    status("bad", counted(errors, "error"));
  } else if (answer.mistakes.length) {
    status("bad", `${counted(answer.mistakes.length, "mistake")} in the event`);
  } else if (answer.alerts_in_all) {
    status("good", [...parts, counted(answer.alerts_in_all, "alert")].join(" · "));
  } else {
    status("quiet", [...parts, answer.events.length ? "no alert" : ""].filter(Boolean).join(" · "));
  }
  byId("status").title = `answered in ${answer.milliseconds} ms`;
}

function tellResult(answer) {
  const go = (place) => rules.go(place);
  const result = byId("result");
  const before = view(result);
  if (!answer.loads) {
    show(result, refused(answer, go));
  } else if (!answer.rules.length) {
    show(result, nothing("No rules yet", "Write a rule on the left, or take an example from the menu above."));
  } else if (answer.mistakes.length && !answer.events.length) {
    show(result, nothing("The event cannot be read", "What is wrong with it stands below it."));
  } else if (!answer.events.length) {
    show(
      result,
      nothing(
        "No event yet",
        "Put an event on the right: JSON, several lines of it, an EventList; for system calls the values of fields, or an audit log of Linux.",
      ),
    );
  } else {
    show(result, summary(answer, choose, go), why(answer, go, (remedy) => event.write(remedy)));
    restore(result, before);
  }
}

// The result is made anew with each answer. What has the keyboard keeps it, lists stay where they
// were scrolled to, and parts of an explanation stay as somebody has opened or closed them.
function view(result) {
  return {
    key: result.contains(document.activeElement) ? document.activeElement.dataset.key : undefined,
    rule: result.querySelector(".explanation h3")?.textContent,
    touched: [...result.querySelectorAll("details[data-touched]")].map(({ dataset, open }) => [dataset.id, open]),
    scrolled: new Map([...result.querySelectorAll(".choices")].map((list) => [list.className, list.scrollTop])),
    current: currentIn(result),
  };
}

const currentIn = (result) => [...result.querySelectorAll("[aria-current]")].map(({ dataset }) => dataset.key);

function restore(result, { key, rule, touched, scrolled, current }) {
  if (rule === result.querySelector(".explanation h3")?.textContent) {
    for (const [id, open] of touched) {
      const part = result.querySelector(`details[data-id="${id}"]`);
      if (part) Object.assign(part, { open }).dataset.touched = "";
    }
  }
  for (const list of result.querySelectorAll(".choices")) {
    list.scrollTop = scrolled.get(list.className) ?? 0;
    const chosen = list.querySelector("[aria-current]");
    // What has been chosen elsewhere is brought into view.
    if (chosen && !current.includes(chosen.dataset.key)) {
      const above = chosen.offsetTop;
      const below = above + chosen.offsetHeight - list.clientHeight;
      if (list.scrollTop > above || list.scrollTop < below) list.scrollTop = above - list.clientHeight / 3;
    }
  }
  if (key) result.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

function tellCode(answer) {
  const { code } = answer;
  byId("code-title").textContent = code
    ? code.rule
      ? `What “${code.rule}” is compiled to, by itself`
      : "The whole module, as rulec build writes it"
    : "There is nothing to show";
  show(byId("code"), code ? painted(code.text, python) : "");
}

function tellSources(names, found) {
  const select = byId("source");
  const wanted = ["", ...names];
  if (wanted.join() !== [...select.options].map(({ value }) => value).join()) {
    show(select, wanted.map((name) => h("option", { value: name }, name || "source: found out")));
  }
  select.value = names.includes(state.source) ? state.source : "";
  select.options[0].textContent = found && !state.source ? `source: ${found}` : "source: found out";
}

// --- what there is to choose --------------------------------------------------------------------

function load(preset) {
  Object.assign(state, structuredClone(EMPTY), preset);
  byId("matching").value = state.rule_matching;
  rules.load(state.files);
  event.editor.value = state.event;
  event.editor.scroller.scrollTo(0, 0);
  ask();
}

byId("examples").addEventListener("change", async ({ target }) => {
  const name = target.value;
  target.value = "";
  if (name === "empty") load(EMPTY);
  else if (name) load(await api.example(name));
});

byId("source").addEventListener("change", ({ target }) => choose({ source: target.value, at: null }));
byId("matching").addEventListener("change", ({ target }) => choose({ rule_matching: target.value }));
byId("whole").addEventListener("change", ({ target }) => {
  whole = target.checked;
  ask();
});

byId("layout").addEventListener("click", () => {
  event.editor.area.focus();
  event.editor.area.select();
  // As if it had been typed: it can be undone.
  document.execCommand("insertText", false, laidOut(event.editor.value));
  event.editor.reveal(1);
});

byId("share").addEventListener("click", async ({ currentTarget: button }) => {
  state.files = rules.files;
  state.event = event.editor.value;
  const link = await linkTo(state);
  history.replaceState(null, "", link);
  try {
    await navigator.clipboard.writeText(link);
    button.textContent = "Link copied";
  } catch {
    button.textContent = "Link is in the address bar";
  }
  setTimeout(() => (button.textContent = "Share"), 2000);
});

const TABS = ["result", "compiled"];

function openTab(name) {
  for (const each of TABS) {
    byId(`tab-${each}`).setAttribute("aria-selected", String(each === name));
    byId(`tab-${each}`).tabIndex = each === name ? 0 : -1;
    byId(`panel-${each}`).hidden = each !== name;
  }
}

for (const [at, name] of TABS.entries()) {
  byId(`tab-${name}`).addEventListener("click", () => openTab(name));
  byId(`tab-${name}`).addEventListener("keydown", ({ key }) => {
    if (key !== "ArrowLeft" && key !== "ArrowRight") return;
    const other = TABS[(at + 1) % TABS.length];
    openTab(other);
    byId(`tab-${other}`).focus();
  });
}

// --- the beginning ------------------------------------------------------------------------------

async function begin() {
  const key = new URLSearchParams(location.search).get("given") ?? "";
  const { version, examples, given } = await api.start(key);
  byId("version").textContent = version;
  byId("examples").append(
    ...examples.map(({ name, title, about }) => h("option", { value: name, title: about }, title)),
    h("option", { value: "empty" }, "Nothing: begin anew"),
  );
  const fromLink = await linked(location.hash);
  // The address is for sharing: what was given once, or has been changed since, is not in it.
  history.replaceState(null, "", "/");
  load(fromLink ?? given ?? kept() ?? (await api.example(examples[0].name)));
}

begin().catch((error) => fail(error.message));
