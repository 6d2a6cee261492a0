// A field to choose people by name.
import { html, useEffect, useRef, useSignal } from "../../vendor/preact.js";
import * as api from "../api.js";
import { personFromApi } from "../store/messages.js";
import { t } from "../strings.js";
import { Avatar } from "./avatar.js";
import { Icon } from "./icons.js";
import { writesTo } from "./inputs.js";

// Wait for more letters before each search.
const SEARCH_AFTER_MS = 180;
const RAW_ID = /^8:acs:[0-9a-f-]{36}_[0-9a-f-]{36}$/iu;

/** @typedef {Chat.Person & { label?: string }} Option */

/**
 * @typedef {object} Props
 * @property {Chat.Signal<Chat.Person[]>} chosen
 * @property {Set<string>} [without] raw ids of people who cannot be chosen
 * @property {boolean} [focus] whether the field has the focus at first
 */

/** @param {Props} props */
export function PeoplePicker({ chosen, without, focus }) {
  const search = useSignal("");
  /** @type {Chat.Signal<Chat.Person[] | null>} */
  const found = useSignal(null);
  const hasFailed = useSignal(false);
  /** @type {Chat.Ref<HTMLInputElement>} */
  const field = useRef(null);

  useEffect(() => {
    let isCurrent = true;
    const timer = setTimeout(
      async () => {
        try {
          const { value } = await api.listPeople(search.value.trim());
          if (isCurrent) found.value = value.map(personFromApi);
          hasFailed.value = false;
        } catch {
          hasFailed.value = true;
        }
      },
      search.value ? SEARCH_AFTER_MS : 0,
    );
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [search.value]);

  const isChosen = (/** @type {string} */ id) => chosen.value.some((person) => person.id === id);
  const add = (/** @type {Chat.Person} */ { id, name }) => {
    chosen.value = [...chosen.value, { id, name }];
    search.value = "";
    field.current?.focus();
  };
  const remove = (/** @type {string} */ id) => {
    chosen.value = chosen.value.filter((person) => person.id !== id);
  };
  // Until the next response arrives, the last one is filtered here.
  const words = search.value.trim().toLocaleLowerCase();
  /** @type {Option[]} */
  const offered = (found.value ?? []).filter(
    ({ id, name }) =>
      !isChosen(id) && !without?.has(id) && ` ${name.toLocaleLowerCase()}`.includes(` ${words}`),
  );
  const rawId = search.value.trim();
  if (RAW_ID.test(rawId) && !isChosen(rawId) && !without?.has(rawId) && !offered.length) {
    offered.push({ id: rawId, name: "", label: t.addById(rawId) });
  }

  return html`<div class="picker">
    ${
      chosen.value.length > 0 &&
      html`<ul class="chosen">
      ${chosen.value.map(
        ({ id, name }) => html`<li key=${id}>
          <span dir="auto">${name || id}</span>
          <button type="button" aria-label=${t.removeFromSelection(name || id)} onClick=${() => remove(id)}>
            <${Icon} name="close" size=${14} />
          </button>
        </li>`,
      )}
    </ul>`
    }
    <input
      type="search"
      class="field"
      ref=${field}
      data-focus=${focus ? "" : undefined}
      aria-label=${t.searchPeople}
      placeholder=${t.searchPeople}
      value=${search.value}
      onInput=${writesTo(search)}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
        if (event.key === "Enter") {
          event.preventDefault();
          if (offered.length && search.value.trim()) add(offered[0]);
        } else if (event.key === "Backspace" && !search.value && chosen.value.length) {
          remove(chosen.value[chosen.value.length - 1].id);
        }
      }}
    />
    <ul class="people" aria-live="polite">
      ${offered.map(
        (person) => html`<li key=${person.id}>
          <button type="button" class="person" onClick=${() => add(person)}>
            <${Avatar} name=${person.name || "?"} of=${person.id} />
            <span><bdi>${person.label ?? person.name}</bdi></span>
            <${Icon} name="add" size=${18} />
          </button>
        </li>`,
      )}
      ${found.value && !offered.length && html`<li class="empty small">${search.value.trim() ? t.noPeople : t.noSuggestedPeople}</li>`}
      ${hasFailed.value && html`<li class="empty small">${t.peopleFailed}</li>`}
    </ul>
  </div>`;
}
