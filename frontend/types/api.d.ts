// The objects of the public API, as far as the chat page uses them; docs/protocol describes them in full.

declare namespace Api {
  interface Identifier {
    rawId?: string;
    communicationUser?: { id: string };
  }

  interface Page<Item> {
    value: Item[];
    nextLink?: string;
  }

  interface Participant {
    communicationIdentifier: Identifier;
    displayName?: string;
    /** ISO 8601. */
    shareHistoryTime?: string;
  }

  type MessageType = "text" | "html" | "topicUpdated" | "participantAdded" | "participantRemoved";

  interface Message {
    id: string;
    version: string;
    type: MessageType;
    content?: {
      message?: string;
      topic?: string;
      participants?: Participant[];
      initiatorCommunicationIdentifier?: Identifier;
    };
    senderCommunicationIdentifier?: Identifier;
    senderDisplayName?: string;
    metadata?: Record<string, string>;
    editedOn?: string;
    deletedOn?: string;
  }

  interface SendMessageOptions {
    content: string;
    type: "text" | "html";
    senderDisplayName: string;
    metadata?: Record<string, string>;
  }

  interface ReadReceipt {
    senderCommunicationIdentifier: Identifier;
    chatMessageId: string;
    readOn: string;
  }

  /** A thread of the list with the details that the page asks for. */
  interface Thread {
    id: string;
    topic: string;
    createdOn: string;
    deletedOn?: string;
    lastMessageReceivedOn?: string;
    lastMessage?: Message;
    unreadCount?: number;
    participantCount?: number;
    readPosition?: { chatMessageId: string };
  }

  interface LeftThread {
    id: string;
    topic: string;
    leftOn: string;
  }

  interface CreateThreadResult {
    chatThread: { id: string; topic: string };
    invalidParticipants?: unknown[];
  }

  interface AddParticipantsResult {
    invalidParticipants?: unknown[];
  }

  interface Engine {
    name: string;
    available: boolean;
    reason?: string;
    version?: string;
    languages?: string[];
    /** Target languages by source language. */
    pairs?: Record<string, string[]>;
  }

  type Ability = "translation" | "detection" | "sentiment" | "speech";

  type Capabilities = Record<Ability, { engines: Engine[] } | undefined>;

  interface Translation {
    text: string;
    /** "original" if the message is in the target language already. */
    quality: string;
    engine: string;
  }

  type SentimentLabel = "positive" | "neutral" | "negative" | "mixed";

  interface Sentiment {
    sentiment: SentimentLabel;
    confidenceScores: Record<string, number>;
  }

  interface TranslateResult {
    version?: string;
    detectedLanguage?: { language: string };
    translations: Translation[];
  }

  interface EnrichOptions {
    translateTo?: string;
    sentiment?: boolean;
  }

  interface EnrichedMessage {
    messageId: string;
    version?: string;
    detectedLanguage?: { language: string };
    translation?: Translation;
    sentiment?: Sentiment;
    errors?: { code: string }[];
  }

  /** What the stream sends on a thread. */
  type Event =
    | { type: "chatMessageReceived"; threadId: string; message: Message }
    | { type: "chatMessageEdited"; threadId: string; message: Message }
    | { type: "chatMessageDeleted"; threadId: string; message: Message }
    | {
        type: "typingIndicatorReceived";
        threadId: string;
        senderCommunicationIdentifier: Identifier;
        senderDisplayName?: string;
      }
    | { type: "readReceiptReceived"; threadId: string; readReceipt: ReadReceipt }
    | { type: "chatThreadCreated"; threadId: string; participants: Participant[] }
    | { type: "chatThreadPropertiesUpdated"; threadId: string; thread: { topic: string } }
    | { type: "chatThreadDeleted"; threadId: string; deletedOn: string }
    | { type: "participantsAdded"; threadId: string; participants: Participant[] }
    | { type: "participantsRemoved"; threadId: string; participants: Participant[] };

  type EventOf<Type extends Event["type"]> = Extract<Event, { type: Type }>;

  /** Frames of the stream that are about the connection. */
  type ControlFrame =
    | { type: "connected"; id?: string; recovered: boolean; threadId?: undefined }
    | { type: "heartbeat"; id?: string; threadId?: undefined }
    | { type: "disconnecting"; id?: string; reason?: string; threadId?: undefined };

  type Frame = ControlFrame | (Event & { id?: string });
}
