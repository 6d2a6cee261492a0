// The chat page: an example of the public API and its event stream in about 2,000 lines.
import { html, render } from "../vendor/preact.js";
import { connect, status } from "./connection.js";
import { startNotifying } from "./notify.js";
import { loadAbilities } from "./store/abilities.js";
import { applyEvent, resync } from "./store/events.js";
import { sendWaiting } from "./store/outbox.js";
import { loadThreads } from "./store/threads.js";
import { startUi } from "./ui.js";
import { App } from "./views/app.js";

loadThreads();
startUi();
startNotifying();
render(html`<${App} />`, document.getElementById("chat"));
status.subscribe((value) => {
  if (value === "live") loadAbilities();
});
connect({ onEvent: applyEvent, onGap: resync });
sendWaiting();
