// The start: paste, drop or choose a text, and have it repaired.
import { byId } from "./dom.js";
import { post, upload } from "./server.js";

const form = byId("start");
const text = byId("text");
const drop = byId("drop");
let file = null;

function fail(message) {
  byId("error").textContent = message;
  byId("error").hidden = false;
}

function choose(chosen) {
  if (!chosen) return;
  if (chosen.size > Number(form.dataset.mostBytes)) {
    fail(`The file has ${Math.ceil(chosen.size / 1e6)} MB; at most ${Math.floor(form.dataset.mostBytes / 1e6)} MB are taken.`);
    return;
  }
  file = chosen;
  text.value = "";
  byId("error").hidden = true;
  byId("chosen").textContent = `${file.name} is chosen`;
}

async function start(ask) {
  for (const button of form.querySelectorAll("button")) button.disabled = true;
  byId("error").hidden = true;
  try {
    location.assign((await ask()).url);
  } catch (error) {
    fail(error.message);
    for (const button of form.querySelectorAll("button")) button.disabled = false;
  }
}

const keep = () => byId("keep").value;
const options = () => ({
  keep_days: keep() === "forever" ? null : Number(keep()),
  mode: byId("mode").value,
  project: byId("project").value || "default",
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (file) {
    const project = encodeURIComponent(byId("project").value || "default");
    start(() => upload(`/documents/upload?keep_days=${keep()}&project=${project}`, file, byId("mode").value));
  } else if (!text.value.trim()) {
    fail("There is no text yet. Paste some, drop a file, or try the example.");
    text.focus();
  } else if (text.value.length > Number(form.dataset.mostChars)) {
    fail(`The text has ${text.value.length} characters; at most ${form.dataset.mostChars} are taken. Split it.`);
  } else {
    start(() => post("/documents", { text: text.value, ...options() }));
  }
});
byId("example").addEventListener("click", () => start(() => post("/documents", { example: true, ...options() })));
byId("file").addEventListener("change", (event) => choose(event.target.files[0]));
text.addEventListener("input", () => {
  file = null;
  byId("chosen").textContent = ".txt, .md, .html or .docx";
});
for (const name of ["dragover", "dragleave", "drop"]) {
  drop.addEventListener(name, (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    drop.classList.toggle("over", name === "dragover");
    if (name === "drop") choose(event.dataTransfer.files[0]);
  });
}
