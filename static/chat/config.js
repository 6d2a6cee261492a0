// What the server knew when it made the page; no secret is in it.
const given = JSON.parse(document.getElementById("chat-config").textContent);

export const config = Object.freeze({
  // The raw id of who is signed in.
  userId: given.userId,
  displayName: given.displayName,
  limits: given.limits,
  csrfCookie: given.csrfCookie,
  // A second host name of a development server, where somebody else can be signed in.
  otherWindow: given.otherWindow,
  tokenUrl: given.tokenUrl,
  signInUrl: given.signInUrl,
});

export const API_VERSION = "2025-03-15";
export const PAGE_SIZE = 50;
