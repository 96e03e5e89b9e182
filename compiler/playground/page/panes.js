// The two panes above: rules in one or several files, and the event. Each has an editor and a
// list of what is wrong in it.

import { counted, h, show } from "./dom.js";
import { Editor, insert } from "./editor.js";
import { json, yaml } from "./highlight.js";

export class RulesPane {
  constructor({ editor, tabs, problems }, changed) {
    this.tabs = tabs;
    this.list = problems;
    this.files = [];
    this.active = 0;
    this.found = [];
    this.editor = new Editor(editor, {
      label: "Rules",
      paint: yaml,
      changed: () => {
        this.files[this.active].content = this.editor.value;
        changed();
      },
    });
  }

  load(files) {
    this.files = files.map((file) => ({ ...file }));
    this.active = 0;
    this.found = [];
    this.open(0);
    show(this.list);
  }

  open(number) {
    this.active = number;
    this.editor.value = this.files[number].content;
    this.editor.scroller.scrollTo(0, 0);
    this.update();
  }

  // The place of something in a file.
  go({ file, line, column = 1, width = 0 }) {
    const number = this.files.findIndex(({ name }) => name === file);
    if (number < 0) return;
    if (number !== this.active) this.open(number);
    this.editor.reveal(line, column, width);
  }

  tell(diagnostics, inAll) {
    this.found = diagnostics;
    this.update();
    show(
      this.list,
      diagnostics.map((found) => problem(found, () => this.go(found), this.files.length > 1)),
      inAll > diagnostics.length ? h("li", { class: "more" }, `and ${inAll - diagnostics.length} more`) : null,
    );
  }

  update() {
    const { name } = this.files[this.active];
    this.editor.mark(this.found.filter((each) => each.file === name).map(marked));
    show(this.tabs, this.files.length > 1 ? this.files.map((file, number) => this.tab(file, number)) : null);
    this.tabs.hidden = this.files.length < 2;
  }

  tab(file, number) {
    const errors = this.found.filter((each) => each.file === file.name && each.severity === "error").length;
    return h(
      "button",
      {
        type: "button",
        class: "file",
        "aria-pressed": String(number === this.active),
        title: file.kind === "source" ? `${file.name} describes an event source` : file.name,
        onclick: () => {
          this.open(number);
          this.editor.area.focus();
        },
      },
      shortened(file.name),
      file.kind === "source" ? h("span", { class: "kind" }, "source") : null,
      errors ? h("span", { class: "count error", title: counted(errors, "error") }, String(errors)) : null,
    );
  }
}

export class EventPane {
  constructor({ editor, problems }, changed) {
    this.list = problems;
    this.editor = new Editor(editor, { label: "Event", paint: json, changed });
  }

  // Puts a text in the place of some characters, so that it can be undone.
  write({ start, end, text }) {
    const { area } = this.editor;
    const characters = [...area.value];
    const from = characters.slice(0, start).join("").length;
    const size = characters.slice(start, end).join("").length;
    const view = [this.editor.scroller.scrollLeft, this.editor.scroller.scrollTop];
    area.focus({ preventScroll: true });
    area.setSelectionRange(from, from + size);
    insert(text);
    this.editor.scroller.scrollTo(...view);
  }

  tell(mistakes, trouble) {
    const found = mistakes.map((each) => ({ severity: "error", width: 1, hint: "", code: "", ...each }));
    this.editor.mark(found.map(marked));
    show(
      this.list,
      trouble ? h("li", { class: "more" }, trouble) : null,
      found.map((each) => problem(each, () => this.editor.reveal(each.line, each.column, 1), false)),
    );
  }
}

const marked = (found) => ({
  line: found.line,
  column: found.column,
  width: found.width,
  severity: found.severity,
  message: found.hint ? `${found.message}: ${found.hint}` : found.message,
});

function problem(found, go, withFile) {
  const place = withFile ? `${shortened(found.file)}:${found.line}:${found.column}` : `${found.line}:${found.column}`;
  return h(
    "li",
    {},
    h(
      "button",
      { type: "button", class: `problem ${found.severity}`, onclick: go },
      h("span", { class: "sign", "aria-hidden": "true" }, found.severity === "error" ? "✗" : "!"),
      h("span", { class: "unseen" }, `${found.severity}, `),
      h("span", { class: "at" }, place),
      h("span", { class: "message" }, found.message, found.hint ? h("span", { class: "hint" }, found.hint) : null),
      found.code ? h("code", { class: "code-name" }, found.code) : null,
    ),
  );
}

const shortened = (name) => (name.length > 28 ? `…${name.slice(-27)}` : name);

// Lays JSON out anew, without touching what is in it: neither numbers nor repeated names change.
export function laidOut(text) {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"?|[[\]{},:]|[^\s[\]{},:"]+/g) ?? [];
  let found = "";
  let depth = 0;
  const line = () => `\n${"  ".repeat(depth)}`;
  tokens.forEach((token, at) => {
    const next = tokens[at + 1];
    if (token === "{" || token === "[") {
      const empty = next === "}" || next === "]";
      if (!empty) depth++;
      found += empty ? token : token + line();
    } else if (token === "}" || token === "]") {
      const before = tokens[at - 1];
      if (before !== "{" && before !== "[") {
        depth = Math.max(0, depth - 1);
        found += line();
      }
      found += depth ? token : `${token}\n`;
    } else if (token === ",") {
      found = `${found.trimEnd()},${line()}`;
    } else {
      found += token === ":" ? ": " : token;
    }
  });
  return found;
}
