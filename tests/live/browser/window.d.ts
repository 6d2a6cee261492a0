// What the scripts of this folder leave on `window` for the Python side of the tests.
import type { ChatClient } from "@azure/communication-chat";
import type { ChatAdapter } from "@azure/communication-react";

interface Person {
  endpoint: string;
  userId: string;
  displayName: string;
  token: string;
  threadId: string;
}

declare global {
  interface Window {
    heard: { name: string; event: object }[];
    connections: ("connected" | "disconnected")[];
    refreshed: number;
    client: ChatClient;
    /** Returns the time from the start until the client was connected, in milliseconds. */
    connect(endpoint: string, token: string, nextToken?: string): Promise<number>;
    adapter: ChatAdapter;
    show(person: Person): Promise<void>;
  }
}
