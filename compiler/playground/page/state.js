// What is kept: in the browser from one visit to the next, and in links that are shared.

const KEY = "rulec-playground";
const VERSION = "1.";

export const EMPTY = {
  files: [{ name: "rules.yaml", content: "", kind: "rules" }],
  event: "",
  source: "",
  rule_matching: "first",
  rule: "",
  at: null,
};

// Only what has the right shape is taken: a link may come from anywhere.
export function checked(found) {
  const text = (value) => (typeof value === "string" ? value : "");
  const files = (Array.isArray(found?.files) ? found.files : [])
    .filter((file) => typeof file?.name === "string" && typeof file?.content === "string")
    .map(({ name, content, kind }) => ({ name, content, kind: kind === "source" ? "source" : "rules" }));
  if (!files.length) return null;
  return {
    files,
    event: text(found.event),
    source: text(found.source),
    rule_matching: found.rule_matching === "all" ? "all" : "first",
    rule: text(found.rule),
    at: Number.isInteger(found.at) && found.at >= 0 ? found.at : null,
  };
}

export function kept() {
  try {
    return checked(JSON.parse(localStorage.getItem(KEY)));
  } catch {
    return null;
  }
}

export function keep(state) {
  try {
    localStorage.setItem(KEY, JSON.stringify(state));
  } catch {
    // There is no room, or none is given: then nothing is kept.
  }
}

export async function linkTo(state) {
  const bytes = new TextEncoder().encode(JSON.stringify(state));
  const packed = await through(bytes, new CompressionStream("deflate-raw"));
  let binary = "";
  for (const byte of packed) binary += String.fromCharCode(byte);
  const code = btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return `${location.origin}/#${VERSION}${code}`;
}

export async function linked(fragment) {
  if (!fragment.startsWith(`#${VERSION}`)) return null;
  try {
    const code = fragment.slice(1 + VERSION.length).replaceAll("-", "+").replaceAll("_", "/");
    const packed = Uint8Array.from(atob(code), (character) => character.charCodeAt(0));
    const bytes = await through(packed, new DecompressionStream("deflate-raw"), 8 * 1024 * 1024);
    return checked(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return null;
  }
}

// A short link can stand for more than any memory holds: so there is a limit, in bytes.
async function through(bytes, transform, most = Infinity) {
  const reader = new Blob([bytes]).stream().pipeThrough(transform).getReader();
  const pieces = [];
  let size = 0;
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    size += value.length;
    if (size > most) throw new RangeError("too much");
    pieces.push(value);
  }
  const found = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    found.set(piece, at);
    at += piece.length;
  }
  return found;
}
