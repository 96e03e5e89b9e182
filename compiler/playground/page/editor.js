// An editor: a plain text area over coloured text, with line numbers and marks.
//
// The text area is as large as the text and sees through; what is below it has the colours. So
// typing, selecting, undoing and reading aloud are those of the browser.

import { h } from "./dom.js";
import { spans } from "./highlight.js";

const INDENT = "  ";
const NONE = [];

const same = (one, other) => one === other || (one?.indent === other?.indent && one?.paint === other?.paint);

export class Editor {
  constructor(root, { label, paint, changed }) {
    this.paint = paint;
    this.marks = new Map(); // the number of a line, from 1: the marks on it
    this.lines = []; // what each painted line was made of, and the states before and after it
    this.leaving = false;
    this.area = h("textarea", {
      "aria-label": label,
      spellcheck: "false",
      autocomplete: "off",
      autocapitalize: "off",
      autocorrect: "off",
      wrap: "off",
      oninput: () => {
        this.render();
        changed();
      },
      onkeydown: (event) => this.pressed(event),
      onblur: () => (this.leaving = false),
    });
    this.gutter = h("div", { class: "gutter", "aria-hidden": "true" });
    this.paper = h("div", { class: "paper", "aria-hidden": "true" });
    this.scroller = h(
      "div",
      { class: "scroller" },
      this.gutter,
      h("div", { class: "sheet" }, this.paper, this.area),
    );
    root.append(this.scroller);
    root.classList.add("editor");
  }

  get value() {
    return this.area.value;
  }

  set value(text) {
    if (this.area.value !== text) this.area.value = text;
    this.render();
  }

  // Marks are {line, column, width, severity, message}: lines and columns from 1, in characters.
  mark(marks) {
    this.marks = new Map();
    for (const mark of marks) {
      if (!this.marks.has(mark.line)) this.marks.set(mark.line, []);
      this.marks.get(mark.line).push(mark);
    }
    this.area.setAttribute("aria-invalid", marks.some((mark) => mark.severity === "error"));
    this.render();
  }

  render() {
    const texts = this.value.split("\n");
    let state = null;
    texts.forEach((text, at) => {
      const marks = this.marks.get(at + 1) ?? NONE;
      const old = this.lines[at];
      // Most lines are what they were: only what has changed is painted.
      if (old && old.text === text && old.marks === marks && same(old.before, state)) {
        state = old.after;
        return;
      }
      const found = this.paint(text, state);
      this.lines[at] = { text, marks, before: state, after: found.state };
      this.renderLine(at, found.tokens, marks);
      state = found.state;
    });
    this.lines.length = texts.length;
    while (this.paper.childElementCount > texts.length) this.paper.lastElementChild.remove();
    while (this.gutter.childElementCount > texts.length) this.gutter.lastElementChild.remove();
  }

  renderLine(at, tokens, marks) {
    const line = h("div", { class: "line" }, spansWithMarks(tokens, marks));
    const worst = marks.find((mark) => mark.severity === "error") ?? marks[0];
    const number = h("div", { class: worst ? `number ${worst.severity}` : "number" }, String(at + 1));
    if (worst) {
      line.classList.add("marked", worst.severity);
      line.append(h("span", { class: `lens ${worst.severity}` }, worst.message));
      number.title = marks.map((mark) => mark.message).join("\n");
    }
    if (this.paper.children[at]) {
      this.paper.children[at].replaceWith(line);
      this.gutter.children[at].replaceWith(number);
    } else {
      this.paper.append(line);
      this.gutter.append(number);
    }
  }

  // Goes to a place and selects what is there.
  reveal(line, column = 1, width = 0) {
    const lines = this.value.split("\n");
    const number = Math.min(Math.max(line, 1), lines.length);
    const before = lines.slice(0, number - 1).reduce((size, text) => size + text.length + 1, 0);
    const start = before + unitsOf(lines[number - 1], column - 1);
    const end = width ? before + unitsOf(lines[number - 1], column - 1 + width) : start;
    this.area.focus({ preventScroll: true });
    this.area.setSelectionRange(start, end);
    this.look(number, column > 60 ? this.scroller.scrollWidth : 0);
    this.scroller.scrollIntoView({ block: "nearest" });
  }

  // Shows a line.
  look(number, left = 0) {
    const line = this.paper.children[Math.min(number, this.paper.childElementCount) - 1];
    this.scroller.scrollTo({ top: Math.max(0, line.offsetTop - this.scroller.clientHeight / 3), left });
    for (const old of this.paper.querySelectorAll(".arrived")) old.classList.remove("arrived");
    line.classList.add("arrived");
  }

  // Tab indents; after Escape it goes on to the next thing on the page, as everywhere else.
  pressed(event) {
    if (event.key === "Escape") {
      this.leaving = true;
    } else if (event.key === "Tab" && !this.leaving && !event.ctrlKey && !event.altKey && !event.metaKey) {
      event.preventDefault();
      this.indent(event.shiftKey);
    } else if (event.key === "Enter" && !event.isComposing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      const start = this.value.lastIndexOf("\n", this.area.selectionStart - 1) + 1;
      const line = this.value.slice(start, this.area.selectionStart);
      insert(`\n${/^ */.exec(line)[0]}`);
    } else if (event.key !== "Shift") {
      this.leaving = false;
    }
  }

  indent(back) {
    const { selectionStart: from, selectionEnd: to } = this.area;
    if (from === to && !back) {
      insert(INDENT);
      return;
    }
    const start = this.value.lastIndexOf("\n", from - 1) + 1;
    const lines = this.value.slice(start, to).split("\n");
    const changed = lines.map((line) => (back ? line.replace(/^ {1,2}/, "") : line && INDENT + line));
    const text = changed.join("\n");
    if (text === lines.join("\n")) return;
    this.area.setSelectionRange(start, to);
    insert(text);
    this.area.setSelectionRange(from === to ? start + text.length : start, start + text.length);
  }
}

// The old way is the only one that the browser can undo.
export function insert(text) {
  document.execCommand("insertText", false, text);
}

// The place of a character, as JavaScript counts: some take two.
function unitsOf(line, characters) {
  let units = 0;
  for (const character of line) {
    if (characters-- <= 0) break;
    units += character.length;
  }
  return units;
}

function spansWithMarks(tokens, marks) {
  if (!marks.length) return spans(tokens);
  const text = tokens.map(([part]) => part).join("");
  const ranges = marks.map((mark) => {
    const start = unitsOf(text, mark.column - 1);
    return { start, end: Math.max(start + 1, unitsOf(text, mark.column - 1 + mark.width)), mark };
  });
  const cuts = new Set(ranges.flatMap(({ start, end }) => [start, end]));
  const found = [];
  let at = 0;
  for (const [part, kind] of [...tokens, [" ", ""]]) {
    let begin = 0;
    for (let to = 1; to <= part.length; to++) {
      if (to < part.length && !cuts.has(at + to)) continue;
      const [span] = spans([[part.slice(begin, to), kind || "plain"]]);
      const range = ranges.find(({ start, end }) => at + begin >= start && at + begin < end);
      if (range) span.classList.add("wrong", range.mark.severity);
      found.push(span);
      begin = to;
    }
    at += part.length;
  }
  return found;
}
