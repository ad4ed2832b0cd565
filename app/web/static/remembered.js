// Taking back what was remembered.
import { byId, say } from "./dom.js";
import { post } from "./server.js";

for (const button of document.querySelectorAll("[data-post]")) {
  button.addEventListener("click", async () => {
    button.disabled = true;
    byId("error").hidden = true;
    try {
      await post(button.dataset.post);
      const row = button.closest("tr");
      const next = (row.nextElementSibling ?? row.previousElementSibling)?.querySelector("button");
      row.remove();
      say("Taken back");
      (next ?? byId("main")).focus();
    } catch (error) {
      byId("error").textContent = `Not taken back: ${error.message}`;
      byId("error").hidden = false;
      button.disabled = false;
    }
  });
}
