// One opened conversation: its messages, its participants, and what each of them has read.
import { batch, computed, signal } from "../../vendor/preact.js";
import * as api from "../api.js";
import { config } from "../config.js";
import { fromApi, personFromApi } from "./messages.js";
import { isMe, rememberNamesIn, rememberPeople } from "./names.js";
import { loadThread, threads } from "./threads.js";

// How many pages are loaded to close a gap; beyond that, loading from scratch is faster.
const MAX_GAP_PAGES = 6;
// How many more messages are shown, if there are so many, when older ones are loaded.
const OLDER_STEP = 30;

const ENDED = new Set(["gone", "deleted"]);

// Only the methods change the state; everything else reads the public signals.
export class Conversation {
  #state = signal(/** @type {Chat.ConversationState} */ ("loading"));
  // All known messages by id. The API lists messages by their last change, so an old message that
  // was edited comes early; it is not shown before the paging has reached its place.
  #known = signal(/** @type {ReadonlyMap<number, Chat.Message>} */ (new Map()));
  // The id of the oldest message that is shown.
  #floor = signal(Infinity);
  #nextLink = signal(/** @type {string | null} */ (null));
  #isLoadingOlder = signal(false);
  #people = signal(/** @type {Chat.Person[] | null} */ (null));
  #receipts = signal(/** @type {ReadonlyMap<string, number>} */ (new Map()));
  #dividerAfter = signal(/** @type {number | null} */ (null));
  // Every change up to this version is known; 0 before the first page.
  #syncedVersion = 0;
  // Changes from this version on could not be loaded.
  #missingFrom = Infinity;
  #isIncomplete = false;
  #lastTopic = "";
  // Grows whenever the history is loaded from scratch.
  #generation = 0;

  /** @type {Chat.ReadonlySignal<Chat.ConversationState>} */
  state = this.#state;
  /**
   * The link to older messages; null at the beginning of the conversation.
   * @type {Chat.ReadonlySignal<string | null>}
   */
  nextLink = this.#nextLink;
  /** @type {Chat.ReadonlySignal<boolean>} */
  isLoadingOlder = this.#isLoadingOlder;
  /** @type {Chat.ReadonlySignal<Chat.Person[] | null>} */
  people = this.#people;
  /**
   * The id of the newest message that each participant has read, by raw id.
   * @type {Chat.ReadonlySignal<ReadonlyMap<string, number>>}
   */
  receipts = this.#receipts;
  /**
   * The id of the message above the divider "New messages"; null before it is placed.
   * @type {Chat.ReadonlySignal<number | null>}
   */
  dividerAfter = this.#dividerAfter;
  /** What is shown, from old to new. */
  messages = computed(() => {
    const floor = this.#floor.value;
    const shown = [...this.#known.value.values()].filter((message) => message.id >= floor);
    return shown.sort((a, b) => a.id - b.id);
  });

  /** @param {string} id */
  constructor(id) {
    this.id = id;
  }

  // Whether something could not be loaded and must be loaded again.
  get isIncomplete() {
    return this.#isIncomplete;
  }

  // Its topic when this person was removed.
  get lastTopic() {
    return this.#lastTopic;
  }

  get newestId() {
    return this.messages.value.at(-1)?.id ?? 0;
  }

  // Whether this person can no longer read it.
  get hasEnded() {
    return ENDED.has(this.#state.value);
  }

  /** @param {number} messageId */
  isMessageDeleted(messageId) {
    return this.#known.value.get(messageId)?.isDeleted ?? false;
  }

  /**
   * Adds messages; an older version of a message never replaces a newer one.
   * @param {Chat.Message[]} messages
   */
  #put(messages) {
    const known = this.#known.value;
    const fresh = messages.filter(({ id, version }) => (known.get(id)?.version ?? 0) <= version);
    if (!fresh.length) return;
    rememberNamesIn(fresh);
    this.#known.value = new Map([...known, ...fresh.map(byId)]);
    if (!this.#syncedVersion) return;
    for (const { version } of fresh) this.#syncedVersion = Math.max(this.#syncedVersion, version);
  }

  /**
   * Adds a message that was just sent or changed. Older messages arrive with their page.
   * @param {Chat.Message} message
   */
  receive(message) {
    const floor = this.#floor.value;
    if (floor === Infinity || message.id >= floor) this.#put([message]);
  }

  async load() {
    const [messages, ...rest] = await Promise.allSettled([
      this.sync(),
      this.loadPeople(),
      this.#loadReceipts(),
    ]);
    this.#isIncomplete = [messages, ...rest].some(
      (result) => result.status === "rejected" && result.reason.isTransient,
    );
    if (messages.status === "fulfilled") this.#state.value = "ready";
    else if ([403, 404].includes(messages.reason.status)) this.#state.value = "gone";
    else if (this.#state.value === "loading") this.#state.value = "failed";
    // It may be further down the list of conversations than was loaded.
    if (this.#state.value === "ready" && !threads.value.has(this.id)) loadThread(this.id);
  }

  async loadAgain() {
    if (this.#state.value === "failed") this.#state.value = "loading";
    await this.load();
  }

  // This person was added again, perhaps with another part of the history.
  rejoin() {
    this.#syncedVersion = 0;
    this.#state.value = "loading";
    this.load();
  }

  /**
   * This person has left or was removed.
   * @param {string} topic
   */
  markLeft(topic) {
    this.#lastTopic = topic;
    this.#state.value = "gone";
  }

  markDeleted() {
    this.#state.value = "deleted";
  }

  // Loads all changes since the last one that is known. Throws ApiError; the next call repeats it.
  async sync() {
    const known = Math.min(this.#syncedVersion, this.#missingFrom);
    try {
      await this.#loadChanges(known);
      if (known <= this.#missingFrom) this.#missingFrom = Infinity;
    } catch (error) {
      if (known) this.#missingFrom = Math.min(this.#missingFrom, known);
      throw error;
    }
  }

  /**
   * Loads pages from the newest change back to version `known`.
   * @param {number} known
   */
  async #loadChanges(known) {
    /** @type {Chat.Message[]} */
    const messages = [];
    /** @type {string | null} */
    let link = null;
    let oldest = Infinity;
    for (let count = 0; count < MAX_GAP_PAGES; count += 1) {
      /** @type {Api.Page<Api.Message>} */
      const page = await api.listMessages(this.id, link);
      messages.push(...page.value.map(fromApi));
      oldest = Math.min(oldest, ...messages.map((message) => message.version));
      link = page.nextLink ?? null;
      if (!link || !known || oldest <= known) break;
    }
    batch(() => {
      const isGapClosed = known && (oldest <= known || !link);
      if (!isGapClosed) this.#startOver(messages, link, oldest);
      this.#put(messages);
    });
  }

  /**
   * Forgets everything but the newest messages: at the first load, or if too much has changed since.
   * Messages that arrived while the pages were loaded stay.
   * @param {Chat.Message[]} messages
   * @param {string | null} link
   * @param {number} oldest
   */
  #startOver(messages, link, oldest) {
    const newest = Math.max(0, ...messages.map((message) => message.version));
    this.#known.value = new Map([...this.#known.value].filter(([, { version }]) => version > newest));
    this.#syncedVersion = newest;
    this.#generation += 1;
    this.#nextLink.value = link;
    this.#floor.value = link ? oldest : 0;
  }

  async loadOlder() {
    if (!this.#nextLink.value || this.#isLoadingOlder.value) return;
    this.#isLoadingOlder.value = true;
    const generation = this.#generation;
    try {
      const { messages, floor, link } = await this.#listOlder(this.#nextLink.value);
      if (generation !== this.#generation) return;
      batch(() => {
        this.#put(messages);
        this.#floor.value = floor;
        this.#nextLink.value = link;
      });
    } finally {
      this.#isLoadingOlder.value = false;
    }
  }

  /** @param {string} first the link to the first page */
  async #listOlder(first) {
    /** @type {Chat.Message[]} */
    const messages = [];
    let floor = this.#floor.value;
    /** @type {string | null} */
    let link = first;
    do {
      const page = await api.listMessages(this.id, link);
      messages.push(...page.value.map(fromApi));
      link = page.nextLink ?? null;
      floor = link ? Math.min(floor, ...page.value.map(({ version }) => Number(version))) : 0;
    } while (link && messages.filter(({ id }) => id >= floor).length < OLDER_STEP);
    return { messages, floor, link };
  }

  async loadPeople() {
    const people = (await api.listParticipants(this.id)).map(personFromApi);
    rememberPeople(people);
    this.#people.value = people;
  }

  async #loadReceipts() {
    const thread = threads.value.get(this.id);
    if (thread && thread.people > config.limits.readReceiptParticipants) return;
    const listed = await api.listReadReceipts(this.id);
    const receipts = new Map(this.#receipts.value);
    for (const { senderCommunicationIdentifier, chatMessageId } of listed) {
      receipts.set(api.rawId(senderCommunicationIdentifier) ?? "", Number(chatMessageId));
    }
    this.#receipts.value = receipts;
  }

  /**
   * @param {string} userId
   * @param {number} messageId
   */
  receiveReceipt(userId, messageId) {
    if ((this.#receipts.value.get(userId) ?? 0) >= messageId) return;
    this.#receipts.value = new Map([...this.#receipts.value, [userId, messageId]]);
  }

  // --- The divider "New messages" ---

  // It is placed again when the conversation is shown.
  resetDivider() {
    this.#dividerAfter.value = null;
  }

  /**
   * Places it above the first unread message, unless it is placed already.
   * @param {Chat.Thread} thread
   */
  placeDivider(thread) {
    if (this.#dividerAfter.value === null) this.#dividerAfter.value = this.#lastReadId(thread);
  }

  // Everything up to now was seen; messages from now on are new.
  moveDividerToEnd() {
    if (this.#dividerAfter.value !== null) this.#dividerAfter.value = this.newestId;
  }

  removeDivider() {
    this.#dividerAfter.value = Infinity;
  }

  /** @param {Chat.Thread} thread */
  #lastReadId({ readId, unread }) {
    if (!unread) return Infinity;
    if (readId) return readId;
    // Nothing was read so far, but the history from before joining does not count as new.
    const received = this.messages.value.filter(({ isSent, sender }) => isSent && !isMe(sender));
    const firstUnread = received.at(-unread) ?? received[0];
    return firstUnread ? firstUnread.id - 1 : Infinity;
  }
}

/**
 * @param {Chat.Message} message
 * @returns {[number, Chat.Message]}
 */
const byId = (message) => [message.id, message];

/** @type {Map<string, Conversation>} */
const opened = new Map();
/** @type {string | null} */
let shown = null;

/** @param {string} id */
export const openedConversation = (id) => opened.get(id) ?? null;
export const shownConversation = () => (shown ? openedConversation(shown) : null);

/**
 * The conversation, which is loaded when it is opened for the first time.
 * @param {string} id
 */
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

// All but the one that is shown are loaded again when they are opened.
export function forgetOthers() {
  for (const id of opened.keys()) if (id !== shown) opened.delete(id);
}
