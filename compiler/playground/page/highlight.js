// Colours for a line of text at a time. A tokenizer is given a line and the state that the line
// before left, and returns the tokens ([text, class]) and the state that it leaves.

const tokenizer = (pattern, classOf) => (line) => {
  const tokens = [];
  let end = 0;
  for (const match of line.matchAll(pattern)) {
    if (match.index > end) tokens.push([line.slice(end, match.index), ""]);
    tokens.push([match[0], classOf(match.groups, match[0])]);
    end = match.index + match[0].length;
  }
  if (end < line.length) tokens.push([line.slice(end), ""]);
  return tokens;
};

const firstGroup = (groups) => Object.keys(groups).find((name) => groups[name] !== undefined) ?? "";

// --- conditions ---------------------------------------------------------------------------------

const WORDS =
  "and|or|not|in|intersects|pmatch|contains|icontains|bcontains|startswith|bstartswith|istartswith|endswith|glob|iglob|regex|exists|anyof|allof|oneof|val|tolower|toupper|b64|basename|len|join|getopt|true|false";
const condition = tokenizer(
  new RegExp(
    `(?<string>"(?:[^"\\\\]|\\\\.)*"|'[^']*')` +
      `|(?<field>%?\\b[a-z][a-z0-9_]*(?:\\.[A-Za-z][A-Za-z0-9_]*)+(?:\\[[^\\]\\s]*\\])?)(?![\\w./:*-])` +
      `|(?<word>\\b(?:${WORDS})\\b(?![\\w.-]))` +
      `|(?<operator>!=|<=|>=|=|<|>)` +
      `|(?<number>(?<![\\w.])-?\\d+(?:\\.\\d+)?(?![\\w.]))` +
      `|(?<plain>[\\w./:*-]+)`,
    "g",
  ),
  (groups) => (groups.plain !== undefined ? "" : firstGroup(groups)),
);

const output = tokenizer(/(?<field>%[a-z][\w.]*(?:\[[^\]\s]*\])?)/g, firstGroup);

// --- YAML of rules ------------------------------------------------------------------------------

const TEXTS = { condition, output };
const NAMED = new Set(["rule", "macro", "list", "source", "name"]);

// The state is the block that a key has opened: how far the key is indented, and what is in it.
export function yaml(line, state) {
  const indent = line.length - line.trimStart().length;
  if (state && (line.trim() === "" || indent > state.indent)) {
    return { tokens: state.paint(line), state };
  }
  if (/^\s*#/.test(line)) return { tokens: [[line, "comment"]], state: null };
  const key = /^(\s*(?:- +)*)([A-Za-z_][\w.-]*)(:)(\s+|$)(.*)$/.exec(line);
  if (!key) {
    const dash = /^(\s*- +)(.*)$/.exec(line);
    const rest = dash ? dash[2] : line;
    return { tokens: [...(dash ? [[dash[1], "punctuation"]] : []), ...commented(rest, condition)], state: null };
  }
  const [, before, name, colon, blank, value] = key;
  const paint = TEXTS[name] ?? (NAMED.has(name) ? (text) => [[text, "name"]] : plain);
  const tokens = [
    [before, "punctuation"],
    [name, "key"],
    [colon, "punctuation"],
    [blank, ""],
  ];
  const block = /^[|>][0-9+-]*\s*(#.*)?$/.test(value);
  if (block) tokens.push([value, "punctuation"]);
  else tokens.push(...commented(value, NAMED.has(name) || TEXTS[name] ? paint : values));
  // What follows further in belongs to the value of the key, in a block or not.
  const continued = block || (TEXTS[name] && value !== "") || (name === "desc" && value !== "");
  return { tokens, state: continued ? { indent: before.length, paint } : null };
}

const plain = (text) => [[text, ""]];
const values = tokenizer(
  /(?<string>"(?:[^"\\]|\\.)*"|'[^']*')|(?<priority>\b(?:EMERGENCY|ALERT|CRITICAL|ERROR|WARNING|NOTICE|INFO|INFORMATIONAL|DEBUG)\b)|(?<word>\b(?:true|false|append|replace)\b)|(?<punctuation>[[\]{},])/g,
  firstGroup,
);

function commented(text, paint) {
  const at = /(^|\s)#/.exec(text.replace(/"(?:[^"\\]|\\.)*"|'[^']*'/g, (found) => "_".repeat(found.length)));
  if (!at) return paint(text);
  const start = at.index + at[1].length;
  return [...paint(text.slice(0, start)), [text.slice(start), "comment"]];
}

// --- JSON, and Python ---------------------------------------------------------------------------

const jsonLine = tokenizer(
  /(?<key>"(?:[^"\\]|\\.)*"(?=\s*:))|(?<string>"(?:[^"\\]|\\.)*"?)|(?<word>\b(?:true|false|null)\b)|(?<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?<punctuation>[[\]{},:])/g,
  firstGroup,
);
export const json = (line) => ({ tokens: jsonLine(line), state: null });

const pythonLine = tokenizer(
  /(?<comment>#.*)|(?<doc>""".*?""")|(?<string>b?"(?:[^"\\]|\\.)*"|b?'(?:[^'\\]|\\.)*')|(?<word>\b(?:def|return|if|else|elif|not|and|or|in|is|None|True|False|for|while|try|except|class|from|import|as|lambda|pass|raise|with)\b)|(?<number>\b\d+(?:\.\d+)?\b)|(?<call>\b[A-Za-z_]\w*(?=\())|(?<constant>\b[A-Z][A-Z0-9_]{2,}\b)/g,
  (groups) => (groups.doc !== undefined ? "comment" : firstGroup(groups)),
);
export const python = (line) => ({ tokens: pythonLine(line), state: null });

// Colours a text that stays as it is.
export function painted(text, paint) {
  const fragment = document.createDocumentFragment();
  let state = null;
  for (const line of text.split("\n")) {
    const found = paint(line, state);
    state = found.state;
    fragment.append(...spans(found.tokens), "\n");
  }
  return fragment;
}

export function spans(tokens) {
  return tokens.map(([text, kind]) => {
    if (!kind) return document.createTextNode(text);
    const span = document.createElement("span");
    span.className = `t-${kind}`;
    span.textContent = text;
    return span;
  });
}

// A piece of a condition, as the explanation shows it.
export const conditionSpans = (text) => spans(condition(text));
