// Taking back what was remembered.
import { say } from "./dom.js";
import { post } from "./server.js";

for (const button of document.querySelectorAll("[data-post]")) {
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await post(button.dataset.post);
      const row = button.closest("tr");
      const next = (row.nextElementSibling ?? row.previousElementSibling)?.querySelector("button");
      row.remove();
      say("Taken back");
      (next ?? document.getElementById("main")).focus();
    } catch (error) {
      say(error.message);
      button.disabled = false;
    }
  });
}
