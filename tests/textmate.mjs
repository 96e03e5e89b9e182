// Print the tokens of a text, line by line: the engine of VS Code, on the grammar that is given.
//
//   node textmate.mjs NODE_MODULES GRAMMAR < TEXT

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [modules, grammarFile] = process.argv.slice(2);
const require = createRequire(join(modules, "here.js"));
const oniguruma = require("vscode-oniguruma");
const { INITIAL, Registry, parseRawGrammar } = require("vscode-textmate");

await oniguruma.loadWASM(readFileSync(join(modules, "vscode-oniguruma/release/onig.wasm")).buffer);
const registry = new Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
    createOnigString: (text) => new oniguruma.OnigString(text),
  }),
  loadGrammar: async (scope) =>
    scope === "source.falco-rules"
      ? parseRawGrammar(readFileSync(grammarFile, "utf8"), grammarFile)
      : null,
});
const grammar = await registry.loadGrammar("source.falco-rules");

let state = INITIAL;
const lines = [];
for (const line of readFileSync(0, "utf8").split("\n")) {
  const result = grammar.tokenizeLine(line, state);
  state = result.ruleStack;
  lines.push(
    result.tokens.map((token) => [line.slice(token.startIndex, token.endIndex), token.scopes]),
  );
}
process.stdout.write(JSON.stringify(lines));
