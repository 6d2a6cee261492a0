// The entry of the chat page, which uses nothing but the public API and its event stream.
import { html, render } from "../vendor/preact.js";
import { connect, status } from "./connection.js";
import { startNotifying } from "./notify.js";
import { loadCapabilities } from "./store/capabilities.js";
import { applyEvent, resync } from "./store/events.js";
import { sendWaiting } from "./store/outbox.js";
import { loadThreads } from "./store/threads.js";
import { startUi } from "./ui.js";
import { App } from "./views/app.js";

loadThreads();
startUi();
startNotifying();
render(html`<${App} />`, /** @type {HTMLElement} */ (document.getElementById("chat")));
status.subscribe((value) => {
  if (value === "live") loadCapabilities();
});
connect({ onEvent: applyEvent, onGap: resync });
sendWaiting();
