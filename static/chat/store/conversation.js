// One opened conversation: its messages, who takes part, how far each has read.
import { batch, computed, signal } from "../../vendor/preact.js";
import * as api from "../api.js";
import { config } from "../config.js";
import { fromApi, personFromApi } from "./messages.js";
import { learn } from "./names.js";
import { loadThread, threads } from "./threads.js";

// So many pages are walked to close a gap; beyond that starting anew is quicker.
const MOST_PAGES = 6;
// A step back in history shows at least so many messages, if there are so many.
const STEP = 30;

class Conversation {
  constructor(id) {
    this.id = id;
    // loading, ready, failed, gone, deleted
    this.state = signal("loading");
    // All that is known, by id. The API lists messages by their last change, so an old message
    // that was edited comes early; it is shown only once the walk has come down to its place.
    this.known = signal(new Map());
    this.floor = signal(Infinity);
    this.next = signal(null);
    this.isLoadingOlder = signal(false);
    this.people = signal(null);
    // How far each of the others has read: raw id to message id.
    this.receipts = signal(new Map());
    // The message that was the last one read when the conversation was opened.
    this.lineAfter = signal(null);
    // Everything up to this change is known; 0 before the first list.
    this.syncedVersion = 0;
    // From here on something is missing, since it could not be listed.
    this.missingFrom = Infinity;
    // Whether something could not be loaded and should be tried again.
    this.isIncomplete = false;
    // Its last topic, for when we are no longer in it.
    this.topic = "";
    // Grows whenever the walk through the history begins anew.
    this.walk = 0;
    this.messages = computed(() => {
      const floor = this.floor.value;
      const all = [...this.known.value.values()].filter((message) => message.id >= floor);
      return all.sort((a, b) => a.id - b.id);
    });
  }

  get newestId() {
    return this.messages.value.at(-1)?.id ?? 0;
  }

  // Takes messages in; an older version of one never replaces a newer.
  put(messages) {
    const known = this.known.value;
    const fresh = messages.filter((one) => !(known.get(one.id)?.version > one.version));
    if (!fresh.length) return;
    learn(fresh.flatMap((one) => [[one.sender, one.name], ...one.people.map((p) => [p.id, p.name])]));
    this.known.value = new Map([...known, ...fresh.map((one) => [one.id, one])]);
    if (!this.syncedVersion) return;
    for (const one of fresh) this.syncedVersion = Math.max(this.syncedVersion, one.version);
  }

  // One message that just came or changed. Changes of messages not reached yet come with the walk.
  receive(message) {
    const floor = this.floor.value;
    if (floor === Infinity || message.id >= floor) this.put([message]);
  }

  async load() {
    const settled = await Promise.allSettled([this.sync(), this.loadPeople(), this.loadReceipts()]);
    const [messages] = settled;
    this.isIncomplete = settled.some(({ reason }) => reason?.isTransient);
    if (messages.status === "fulfilled") this.state.value = "ready";
    else if ([403, 404].includes(messages.reason.status)) this.state.value = "gone";
    else if (this.state.value === "loading") this.state.value = "failed";
    // Further down the list than it was loaded.
    if (this.state.value === "ready" && !threads.value.has(this.id)) loadThread(this.id);
  }

  async loadAgain() {
    if (this.state.value === "failed") this.state.value = "loading";
    await this.load();
  }

  // Lists what has changed since we know everything. Raises ApiError; nothing is lost then.
  async sync() {
    const known = Math.min(this.syncedVersion, this.missingFrom);
    try {
      await this.walkDown(known);
      if (known <= this.missingFrom) this.missingFrom = Infinity;
    } catch (problem) {
      if (known) this.missingFrom = Math.min(this.missingFrom, known);
      throw problem;
    }
  }

  // Walks from the newest change down to what is known already.
  async walkDown(known) {
    const messages = [];
    let page = null;
    let oldest = Infinity;
    for (let count = 0; count < MOST_PAGES; count += 1) {
      page = await api.listMessages(this.id, page?.nextLink);
      messages.push(...page.value.map(fromApi));
      oldest = Math.min(oldest, ...messages.map((message) => message.version));
      if (!page.nextLink || !known || oldest <= known) break;
    }
    batch(() => {
      const meets = known && (oldest <= known || !page.nextLink);
      if (!meets) {
        // The first time, or too much has happened since: what is known begins here, and what
        // the stream brought meanwhile stays.
        const newest = Math.max(0, ...messages.map((message) => message.version));
        const live = [...this.known.value].filter(([, message]) => message.version > newest);
        this.known.value = new Map(live);
        this.syncedVersion = newest;
        this.walk += 1;
        this.next.value = page.nextLink ?? null;
        this.floor.value = page.nextLink ? oldest : 0;
      }
      this.put(messages);
    });
  }

  async loadOlder() {
    if (!this.next.value || this.isLoadingOlder.value) return;
    this.isLoadingOlder.value = true;
    const { walk } = this;
    try {
      const before = this.messages.value.length;
      const messages = [];
      let floor = this.floor.value;
      let link = this.next.value;
      do {
        const page = await api.listMessages(this.id, link);
        messages.push(...page.value.map(fromApi));
        link = page.nextLink ?? null;
        floor = link ? Math.min(floor, ...page.value.map((one) => Number(one.version))) : 0;
      } while (link && before + messages.filter((one) => one.id >= floor).length < before + STEP);
      if (walk !== this.walk) return;
      batch(() => {
        this.put(messages);
        this.floor.value = floor;
        this.next.value = link;
      });
    } finally {
      this.isLoadingOlder.value = false;
    }
  }

  async loadPeople() {
    const people = (await api.listParticipants(this.id)).map(personFromApi);
    learn(people.map(({ id, name }) => [id, name]));
    this.people.value = people;
  }

  async loadReceipts() {
    const thread = threads.value.get(this.id);
    if (thread && thread.people > config.limits.readReceiptParticipants) return;
    const receipts = await api.listReadReceipts(this.id);
    const read = receipts.map((one) => [
      api.rawId(one.senderCommunicationIdentifier),
      Number(one.chatMessageId),
    ]);
    this.receipts.value = new Map([...this.receipts.value, ...read]);
  }

  noteRead(userId, messageId) {
    if ((this.receipts.value.get(userId) ?? 0) >= messageId) return;
    this.receipts.value = new Map([...this.receipts.value, [userId, messageId]]);
  }
}

const opened = new Map();
let shown = null;

export const openedConversation = (id) => opened.get(id) ?? null;
export const shownConversation = () => openedConversation(shown);

// The conversation, loaded at the first call.
export function openConversation(id) {
  shown = id;
  let conversation = opened.get(id);
  if (!conversation) {
    conversation = new Conversation(id);
    opened.set(id, conversation);
    conversation.load();
  }
  return conversation;
}

// Those that are not shown are loaded anew when somebody comes to them.
export function forgetOthers() {
  for (const id of opened.keys()) if (id !== shown) opened.delete(id);
}
