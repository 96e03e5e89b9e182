// What the page asks the program that serves it.

async function json(response) {
  if (!response.ok) throw new Error((await response.text()).trim() || response.statusText);
  return response.json();
}

export const start = (key) => fetch(`/api/start?${encodeURIComponent(key)}`).then(json);

export const example = (name) => fetch(`/api/examples/${encodeURIComponent(name)}`).then(json);

export const answer = (question, signal) =>
  fetch("/api/answer", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(question),
    signal,
  }).then(json);
