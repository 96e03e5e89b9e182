// Why a rule fires on an event, or does not: the condition as a tree, with what each part found.

import { h } from "./dom.js";
import { conditionSpans } from "./highlight.js";

// How much of a comparison is shown, and of a value, in characters.
const MOST = 240;

const KINDS = { and: "all of", or: "any of", not: "not", oneof: "one of" };
const WHY = {
  true: "",
  different: "different",
  absent: "absent",
  unknowable: "unknowable",
};
const WHY_TITLES = {
  different: "The event has a value here, and the comparison is not true of it.",
  absent: "The event has no value here: every comparison with it is false.",
  unknowable: "The event was logged without this part, so nobody can tell what it was.",
};

// `go` is given a place ({file, line, column}) to go to; `mend`, if there is one, turns the verdict.
export function explanation(found, go, mend) {
  const tree = h("div", { class: "tree" }, part(found.root, go, null));
  return h(
    "article",
    { class: `explanation ${verdictClass(found)}` },
    h(
      "header",
      {},
      h("h3", {}, found.rule),
      h("p", { class: "verdict-line" }, badge(found.holds, found.fires), " ", sentence(found)),
    ),
    changes(found, tree, mend),
    found.notes.length ? h("ul", { class: "notes" }, found.notes.map((note) => h("li", {}, note))) : null,
    h(
      "div",
      { class: "tree-tools" },
      h("span", { class: "hint" }, "The condition as it is written; what decided is bold."),
      h("button", { type: "button", class: "quiet", onclick: () => open(tree, true) }, "Open all"),
      h("button", { type: "button", class: "quiet", onclick: () => open(tree, false) }, "Close all"),
    ),
    tree,
  );
}

function verdictClass({ holds, fires }) {
  if (fires) return "fires";
  return holds ? "held" : "silent";
}

function badge(holds, fires) {
  if (fires) return h("strong", { class: "badge yes" }, "✓ fires");
  if (holds) return h("strong", { class: "badge held" }, "◐ holds, but does not fire");
  return h("strong", { class: "badge no" }, "✗ does not fire");
}

function sentence({ holds, fires, instead, changes: { length } }) {
  if (holds && !fires) return instead ? `${instead}.` : "";
  if (fires) return "The condition is true of this event.";
  if (length === 1) return "One test is missing.";
  if (length) return `${length} tests are missing.`;
  return "The condition is not true of this event.";
}

function open(tree, wanted) {
  for (const details of tree.querySelectorAll("details")) {
    details.open = wanted;
    details.dataset.touched = "";
  }
}

function changes({ holds, changes: found }, tree, mend) {
  if (!found.length) return null;
  const goal = holds ? "For it not to fire" : "For it to fire";
  const to = (id) => {
    const row = tree.querySelector(`[data-id="${id}"]`);
    for (let outer = row.parentElement.closest("details"); outer; outer = outer.parentElement.closest("details")) {
      outer.open = true;
    }
    row.scrollIntoView({ block: "center" });
    for (const old of tree.querySelectorAll(".arrived")) old.classList.remove("arrived");
    row.classList.add("arrived");
    row.querySelector("button, summary")?.focus({ preventScroll: true });
  };
  return h(
    "section",
    { class: "changes" },
    h("h4", {}, goal),
    h(
      "ul",
      {},
      found.map((change) =>
        h("li", {}, h("button", { type: "button", class: "link", "data-key": `change-${change.id}`, onclick: () => to(change.id) }, change.how)),
      ),
    ),
    mend
      ? h("button", { type: "button", class: "quiet mend", "data-key": "mend", title: "It can be undone in the event", onclick: mend }, "Change the event so")
      : null,
  );
}

function part(found, go, outer) {
  const row = [
    h("span", { class: `sign ${found.verdict ? "yes" : "no"}`, title: String(found.verdict) }, found.verdict ? "✓" : "✗"),
    h("span", { class: "unseen" }, found.verdict ? "true: " : "false: "),
    head(found),
    origin(found, go, outer),
  ];
  const kind = found.decisive ? "decisive" : "aside";
  if (!found.parts.length) {
    return h("div", { class: `part leaf ${kind}`, "data-id": found.id }, h("div", { class: "row" }, row), seen(found));
  }
  return h(
    "details",
    { class: `part ${kind}`, "data-id": found.id, open: found.decisive || outer === null },
    h("summary", { class: "row", "data-key": `part-${found.id}`, onclick: touched }, row),
    h("div", { class: "parts" }, found.parts.map((each) => part(each, go, found))),
  );
}

function touched({ currentTarget: summary }) {
  summary.parentElement.dataset.touched = "";
}

function head(found) {
  if (found.kind === "macro") {
    return h("span", { class: "text" }, h("span", { class: "t-name" }, found.text), h("span", { class: "kind" }, "macro"));
  }
  if (found.kind in KINDS && found.parts.length) {
    return h("span", { class: "text kind-word" }, KINDS[found.kind]);
  }
  const short = found.text.length > MOST ? `${found.text.slice(0, MOST - 1)}…` : found.text;
  return h("code", { class: "text", title: short === found.text ? null : found.text }, conditionSpans(short));
}

// What the event has there, and why that is not enough.
function seen(found) {
  if (!found.seen.length) return null;
  return h(
    "div",
    { class: "seen" },
    found.seen.map((each) =>
      h(
        "div",
        {},
        h("span", { class: "field" }, each.field),
        " ",
        each.absent_because || each.value === null
          ? h("span", { class: "absent" }, each.absent_because || "has no value")
          : ["is ", h("code", { class: "value" }, shown(each.value))],
      ),
    ),
    WHY[found.why] ? h("span", { class: `why ${found.why}`, title: WHY_TITLES[found.why] }, WHY[found.why]) : null,
  );
}

function shown(value) {
  const text = JSON.stringify(value);
  return text.length > MOST ? `${text.slice(0, MOST - 1)}…` : text;
}

// Where a part was written; where it came in from, if that is not where the part around it is.
function origin(found, go, outer) {
  const others = found.origin
    .filter(({ kind }) => kind !== "rule" && kind !== "macro")
    .map(({ kind, name }) => `${kind === "append" ? "added to" : kind === "override" ? "put into" : kind} ${name}`);
  const elsewhere = !outer || outer.file !== found.file || outer.line !== found.line || others.length;
  const place = `${found.file}:${found.line}`;
  return h(
    "span",
    { class: "origin" },
    [...new Set(others)].map((text) => h("span", { class: "via" }, text)),
    h(
      "button",
      {
        type: "button",
        class: elsewhere ? "place" : "place same",
        "data-key": `place-${found.id}`,
        title: `Go to ${place}:${found.column}`,
        onclick: (event) => {
          event.preventDefault();
          go(found);
        },
      },
      place,
    ),
  );
}
