// Starts `rulec lsp` for rules files. All it knows about them is in the server.

const { commands, window, workspace } = require("vscode");
const { LanguageClient, TransportKind } = require("vscode-languageclient/node");

// Rules are mostly in files that VS Code takes for YAML; the server looks which of them are rules.
const DOCUMENTS = [
  { language: "falco-rules" },
  { language: "yaml", scheme: "file" },
  { language: "yaml", scheme: "untitled" },
];

let client;

function newClient() {
  const [command, ...args] = workspace.getConfiguration("rulec").get("command");
  const server = { command, args, transport: TransportKind.stdio };
  return new LanguageClient("rulec", "rulec", server, {
    documentSelector: DOCUMENTS,
    synchronize: { configurationSection: "rulec" },
  });
}

async function start() {
  client = newClient();
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    window.showErrorMessage(
      `rulec: the language server does not start (${error.message}). ` +
        "Install it with pip install 'rulec[lsp]', or set rulec.command.",
    );
  }
}

async function stop() {
  const running = client;
  client = undefined;
  await running?.stop();
}

async function restart() {
  await stop();
  await start();
}

async function activate(context) {
  context.subscriptions.push(
    commands.registerCommand("rulec.restart", restart),
    workspace.onDidChangeConfiguration((event) =>
      event.affectsConfiguration("rulec.command") ? restart() : undefined,
    ),
  );
  await start();
}

module.exports = { activate, deactivate: stop };
