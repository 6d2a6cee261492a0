// What the server wrote into the page; it holds no secret.
const element = document.getElementById("chat-config");

/** @type {Readonly<Chat.Config>} */
export const config = Object.freeze(JSON.parse(element?.textContent ?? "{}"));

export const API_VERSION = "2025-03-15";
export const PAGE_SIZE = 50;
