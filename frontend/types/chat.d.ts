// The objects of the chat page: its configuration and what its stores keep.

declare namespace Chat {
  type Signal<Value> = import("@preact/signals").Signal<Value>;
  type ReadonlySignal<Value> = import("@preact/signals").ReadonlySignal<Value>;
  type Children = import("preact").ComponentChildren;
  type Ref<Value> = { current: Value | null };
  type Conversation = import("../../static/chat/store/conversation.js").Conversation;
  type ApiError = import("../../static/chat/api.js").ApiError;
  type InputEvent = Event & { currentTarget: HTMLInputElement | HTMLTextAreaElement };
  type Focusable = HTMLElement | null | undefined;
  type SelectEvent = Event & { currentTarget: HTMLSelectElement };
  type Timer = ReturnType<typeof setTimeout> | undefined;

  /** What the server writes into the page. */
  interface Config {
    /** The raw id of the person who is signed in. */
    userId: string;
    displayName: string;
    limits: {
      messageBytes: number;
      topicLength: number;
      nameLength: number;
      readReceiptParticipants: number;
    };
    csrfCookie: string;
    /** A second host name of a development server, where someone else can be signed in. */
    otherWindow: { url: string; host: string } | null;
    tokenUrl: string;
    signInUrl: string;
  }

  interface Person {
    /** The raw id. */
    id: string;
    /** Empty if it is not known. */
    name: string;
  }

  interface Message {
    /** Milliseconds since 1970, unique within the thread. */
    id: number;
    /** Grows with every change of the message. */
    version: number;
    type: Api.MessageType;
    /** False for the thread's own messages, such as "topicUpdated". */
    isSent: boolean;
    text: string;
    sender: string | null;
    /** The sender's name when the message was sent. */
    name: string;
    isHigh: boolean;
    editedOn: number | null;
    isDeleted: boolean;
    topic: string | null;
    people: Person[];
    initiator: string | null;
  }

  /** A thread of the sidebar. Never changed, only replaced. */
  interface Thread {
    id: string;
    topic: string;
    isDeleted: boolean;
    deletedOn: number | null;
    last: Message | null;
    /** When something last happened, in milliseconds since 1970. */
    activity: number;
    unread: number;
    /** The number of participants. */
    people: number;
    /** The newest message that this person has read; 0 if none. */
    readId: number;
  }

  interface LeftThread {
    id: string;
    topic: string;
    leftOn: number;
  }

  type LoadState = "loading" | "ready" | "failed";
  type ConversationState = LoadState | "gone" | "deleted";
  type ConnectionStatus = "connecting" | "live" | "waiting" | "trying";

  /** A message that was written and is not known to have arrived. */
  interface OutboxItem {
    /** The repeatability id of the request. */
    key: string;
    threadId: string;
    text: string;
    isHigh: boolean;
    writtenAt: number;
    /** The message has a higher id than this one if it has arrived. */
    after: number;
    state: "waiting" | "sending" | "failed";
    wasTried?: boolean;
    /** Why it was refused, as a sentence. */
    error: string;
  }

  interface Preferences {
    /** Whether incoming messages are translated. */
    translates?: boolean;
    /** Whether the sentiment of incoming messages is shown. */
    judges?: boolean;
    /** The language to read; unset until someone chooses. */
    language?: string;
    /** The language to speak. */
    speech?: string;
  }

  /** What is known about one version of a message from translation and sentiment analysis. */
  interface Enrichment {
    version: number;
    /** The options of the last request, as JSON. */
    request: string;
    state: "" | "working" | "failed";
    /** The detected language. */
    from?: string;
    translation?: Api.Translation;
    /** Whether the reader asked for the translation of this message. */
    isRequested?: boolean;
    sentiment?: Api.Sentiment;
    showsOriginal?: boolean;
  }

  /** What the timeline shows, from top to bottom. */
  type Row =
    | { kind: "beginning"; key: string }
    | { kind: "day"; key: string; ms: number }
    | { kind: "divider"; key: string }
    | MessageRow
    | { kind: "system"; key: number; message: Message }
    | PendingRow;

  interface MessageRow {
    kind: "message";
    key: number;
    message: Message;
    /** Whether name and time stand above it. */
    isFirst: boolean;
    isLastOwn: boolean;
    /** Raw ids of those who have read up to here and no further. */
    readers: string[] | undefined;
  }

  interface PendingRow {
    kind: "pending";
    key: string;
    item: OutboxItem;
    isFirst: boolean;
  }

  interface OpenDialog {
    name: string;
    properties: Record<string, unknown>;
  }

  interface Editing {
    threadId: string;
    message: Message;
  }

  interface Transport {
    close: () => void;
    /** Continues with a fresh token. */
    authenticate: (token: string) => void;
  }

  interface TransportOptions {
    token: string;
    /** The id of the last event that was received. */
    after: string | null;
    onFrame: (frame: Api.Frame) => void;
    onEnd: (end: { isUnauthorized: boolean }) => void;
  }

  type DictationError =
    | "refused"
    | "missing"
    | "busy"
    | "language"
    | "unauthorized"
    | "unavailable"
    | "offline";

  interface DictationOptions {
    /** The origin of the server. */
    url: string;
    /** A user's token, or a function that returns one. */
    token: string | (() => Promise<string>);
    /** A code such as en-US. */
    language: string;
    /** Called with what is recognized of a phrase so far. */
    onHypothesis?: (text: string) => void;
    /** Called once with each whole phrase. */
    onPhrase?: (text: string) => void;
    /** Called once, last. */
    onEnd?: () => void;
    onError?: (reason: DictationError) => void;
  }

  type Strings = typeof import("../../static/chat/strings.js").t;
  /** Names of strings that take no arguments. */
  type Label = { [Name in keyof Strings]: Strings[Name] extends string ? Name : never }[keyof Strings];
  type IconName = keyof typeof import("../../static/chat/views/icons.js").PATHS;
}
