// Loaded before the tests: what the modules of the page read from the browser when they are imported.
// The tests replace `fetch` with the responses that they need.

/** @type {Chat.Config} */
const config = {
  userId: "8:acs:me",
  displayName: "Anna",
  limits: { messageBytes: 28_000, topicLength: 250, nameLength: 256, readReceiptParticipants: 20 },
  csrfCookie: "csrftoken",
  otherWindow: null,
  tokenUrl: "https://chat.example/chat/token",
  signInUrl: "https://chat.example/chat/sign-in/",
};

class MemoryStorage {
  #items = new Map();
  /** @param {string} name */
  getItem(name) {
    return this.#items.get(name) ?? null;
  }
  /**
   * @param {string} name
   * @param {string} value
   */
  setItem(name, value) {
    this.#items.set(name, value);
  }
}

/** @param {string} _id */
const getElementById = (_id) => ({ textContent: JSON.stringify(config) });

class QuietChannel {
  postMessage() {}
}

const browser = {
  document: { getElementById, cookie: "", addEventListener() {}, hasFocus: () => true },
  navigator: { language: "en-US", languages: ["en-US"], onLine: true },
  location: new URL("https://chat.example/chat/"),
  localStorage: new MemoryStorage(),
  sessionStorage: new MemoryStorage(),
  // Node's own would keep the process running.
  BroadcastChannel: QuietChannel,
  addEventListener() {},
};
for (const [name, value] of Object.entries(browser)) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}
process.env.TZ = "UTC";

// The timer that renews the token would keep the process running for an hour.
const MINUTE_MS = 60_000;
const { setTimeout: startTimer } = globalThis;
Object.defineProperty(globalThis, "setTimeout", {
  /**
   * @param {() => void} run
   * @param {number} ms
   */
  value: (run, ms) => (ms > MINUTE_MS ? startTimer(run, ms).unref() : startTimer(run, ms)),
});
