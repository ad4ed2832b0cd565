// Asking the server: what changes something proves that it comes from this page.

const token = document.querySelector("meta[name=csrf-token]").content;

/** An answer that is no success, in words for the editor. */
export class Refused extends Error {
  constructor(status, detail, retryAfterS) {
    super(detail);
    this.status = status;
    this.retryAfterS = retryAfterS;
  }
}

/** Whether the same may go well later: the network or the server failed, or the key has asked too often. */
export const isPassing = (error) => !(error instanceof Refused) || error.status >= 500 || error.status === 429;

/** How long to wait before the same is asked again: as long as the server says, where it does. */
export const waitMs = (error, usual) => Math.max(usual, 1000 * (error.retryAfterS ?? 0));

// What the key that the browser sends may still do, where its requests are counted.
const budget = { left: Infinity, until: 0 };

function note(response) {
  const found = /r=(\d+);t=(\d+)/.exec(response.headers.get("ratelimit") ?? "");
  if (found) Object.assign(budget, { left: Number(found[1]), until: Date.now() + 1000 * Number(found[2]) });
}

/** How long to leave before a request that nobody asked for, so that such take half of what is left at most. */
export function paceMs(usual) {
  const rest = Math.max(budget.until - Date.now(), 0); // then all is there again
  return Math.max(usual, budget.left ? Math.min((2 * rest) / budget.left, rest) : rest);
}

async function ask(path, options) {
  const response = await fetch(path, options).catch(() => {
    throw new Error("The server cannot be reached just now.");
  });
  note(response);
  const body = await response.json().catch(() => ({}));
  if (!response.ok) {
    const detail = body.detail || `The server answered ${response.status}.`;
    throw new Refused(response.status, detail, Number(response.headers.get("retry-after")) || 0);
  }
  return body;
}

export async function get(path) {
  return ask(path, { headers: { accept: "application/json" } });
}

/** Send JSON, or a file as it is. */
export async function post(path, body = {}, more = {}) {
  const isFile = body instanceof File;
  const headers = { "content-type": isFile ? "application/octet-stream" : "application/json", "x-csrf-token": token, ...more };
  return ask(path, { method: "POST", headers, body: isFile ? body : JSON.stringify(body) });
}

export const upload = (path, file, mode) => post(path, file, { "x-file-name": encodeURIComponent(file.name), "x-mode": mode });

/** An id for a change, so that the server makes it once however often it is sent. */
export function freshId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}
