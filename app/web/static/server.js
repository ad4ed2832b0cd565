// Asking the server: what changes something proves that it comes from this page.

const token = document.querySelector("meta[name=csrf-token]").content;

/** An answer that is no success, in words for the editor. */
export class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

async function ask(path, options) {
  const response = await fetch(path, options).catch(() => {
    throw new Error("The server cannot be reached just now.");
  });
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, body.detail || `The server answered ${response.status}.`);
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
