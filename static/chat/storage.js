// What the browser keeps for us, as JSON. It may be full, forbidden, or changed by hand.

export function restore(storage, name, fallback) {
  try {
    return JSON.parse(storage.getItem(name)) ?? fallback;
  } catch {
    return fallback;
  }
}

// Whatever cannot be kept lasts as long as the page does.
export function keep(storage, name, value) {
  try {
    storage.setItem(name, JSON.stringify(value));
  } catch {
    // See above.
  }
}
