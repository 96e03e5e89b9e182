// What came of the rules and the events: alerts, verdicts, and why.

import { counted, h } from "./dom.js";
import { explanation } from "./explanation.js";

// What is shown when the rules cannot be loaded.
export function refused(answer, go) {
  const errors = answer.diagnostics.filter(({ severity }) => severity === "error");
  return h(
    "div",
    { class: "empty refused" },
    h("h3", {}, "The rules cannot be loaded"),
    h("p", {}, `${counted(errors.length, "error")}. Events are matched again when ${errors.length === 1 ? "it is" : "they are"} mended.`),
    errors.slice(0, 3).map((error) =>
      h(
        "button",
        { type: "button", class: "caret", onclick: () => go(error), title: "Go there" },
        h("pre", {}, error.text),
      ),
    ),
  );
}

export function nothing(title, ...sentences) {
  return h("div", { class: "empty" }, h("h3", {}, title), sentences.map((each) => h("p", {}, each)));
}

// The left column: events, alerts, rules.
export function summary(answer, choose, go) {
  return h(
    "div",
    { class: "summary" },
    answer.events.length > 1 ? events(answer, choose) : null,
    alerts(answer, choose, go),
    verdicts(answer, choose),
  );
}

function events(answer, choose) {
  const rows = answer.events.map((event, number) =>
    h(
      "li",
      {},
      h(
        "button",
        {
          type: "button",
          class: "choice",
          "data-key": `event-${number}`,
          "aria-current": number === answer.at ? "true" : null,
          onclick: () => choose({ at: number, rule: "" }, event.line),
        },
        h("span", { class: "sign", "aria-hidden": "true" }, event.alerts ? "●" : "○"),
        h("span", { class: "what" }, event.what || `event ${number + 1}`),
        h("span", { class: "aside" }, event.alerts ? counted(event.alerts, "alert") : `line ${event.line}`),
      ),
    ),
  );
  return h(
    "section",
    { "aria-label": "Events" },
    h("h3", {}, counted(answer.events.length, "event"), answer.more ? " (the first of more)" : ""),
    h("ol", { class: "choices events" }, rows),
  );
}

function alerts(answer, choose, go) {
  const here = answer.alerts.filter(({ event }) => event === answer.at);
  const cards = here.map((alert) =>
    h(
      "li",
      { class: `alert p-${alert.priority.toLowerCase()}` },
      h(
        "div",
        { class: "alert-head" },
        h("span", { class: "priority" }, alert.priority),
        h(
          "button",
          { type: "button", class: "link rule", "data-key": `alert-${alert.rule}`, title: `Go to ${alert.file}:${alert.line}`, onclick: () => go(alert) },
          alert.rule,
        ),
      ),
      h("p", { class: "text" }, alert.text),
      h(
        "details",
        {},
        h("summary", {}, counted(alert.fields.length, "field")),
        h(
          "table",
          { class: "fields" },
          alert.fields.map(({ name, value, absent }) =>
            h("tr", {}, h("th", { scope: "row" }, name), h("td", { class: absent ? "absent" : "" }, value)),
          ),
        ),
      ),
    ),
  );
  const title = here.length ? counted(here.length, "alert") : "No alert";
  const others = answer.alerts_in_all - here.length;
  return h(
    "section",
    { "aria-label": "Alerts" },
    h("h3", {}, title, answer.events.length > 1 ? ` on event ${answer.at + 1}` : ""),
    cards.length ? h("ul", { class: "alerts" }, cards) : h("p", { class: "hint" }, silence(answer)),
    others > 0 ? h("p", { class: "hint" }, `${counted(others, "alert")} on other events.`) : null,
  );
}

function silence(answer) {
  const [nearest] = answer.verdicts;
  if (!nearest) return `There are no rules for ${answer.source}.`;
  if (!answer.complete) return "No rule fires on this event. The nearest are being looked for …";
  if (nearest.away === 1) return `No rule fires on this event. “${nearest.rule}” is one test away.`;
  return "No rule fires on this event. The nearest come first below.";
}

function verdicts(answer, choose) {
  const { verdicts: found } = answer;
  if (!found.length) return null;
  const fired = found.some(({ fires }) => fires);
  const rows = found.map((verdict) =>
    h(
      "li",
      {},
      h(
        "button",
        {
          type: "button",
          class: `choice ${verdict.fires ? "yes" : verdict.holds ? "held" : "no"}`,
          "data-key": `rule-${verdict.rule}`,
          "aria-current": verdict.rule === answer.rule ? "true" : null,
          onclick: () => choose({ at: answer.at, rule: verdict.rule }),
        },
        h("span", { class: "sign", "aria-hidden": "true" }, verdict.fires ? "✓" : verdict.holds ? "◐" : "✗"),
        h("span", { class: "what" }, verdict.rule),
        h("span", { class: "aside" }, distance(verdict)),
      ),
    ),
  );
  return h(
    "section",
    { "aria-label": "Rules" },
    h("h3", {}, fired ? "Rules" : "Nearest rules"),
    h("ol", { class: "choices rules" }, rows),
  );
}

function distance({ fires, holds, away }) {
  if (fires) return "fires";
  if (holds) return "holds";
  if (away === null || away === 0) return "silent";
  return away === 1 ? "1 test away" : `${away} tests away`;
}

export function why(answer, go, write) {
  if (!answer.explanation) return h("div", { class: "empty" });
  const { remedy } = answer;
  return explanation(answer.explanation, go, remedy && (() => write(remedy)));
}
