// The unmodified ChatComposite of the UI library, for one user of one thread.

import { AzureCommunicationTokenCredential } from "@azure/communication-common";
import { ChatComposite, createAzureCommunicationChatAdapter } from "@azure/communication-react";
// biome-ignore lint/correctness/noUnusedImports: JSX calls React.createElement.
import React from "react";
import { createRoot } from "react-dom/client";

window.show = async ({ endpoint, userId, displayName, token, threadId }) => {
  const adapter = await createAzureCommunicationChatAdapter({
    endpoint,
    userId: { communicationUserId: userId },
    displayName,
    credential: new AzureCommunicationTokenCredential(token),
    threadId,
  });
  window.adapter = adapter;
  createRoot(document.getElementById("root")).render(
    <ChatComposite adapter={adapter} options={{ topic: true }} />,
  );
};
