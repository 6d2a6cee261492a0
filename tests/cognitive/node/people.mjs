// The server and the credentials, from environment variables that test_node_sdks.py sets.
export const endpoint = process.env.CHATSITE_ENDPOINT;
export const httpEndpoint = process.env.CHATSITE_HTTP_ENDPOINT;
export const key = process.env.CHATSITE_ACCESS_KEY;

/** A chat user's token as the SDKs' TokenCredential. */
export const user = {
  getToken: async () => ({
    token: process.env.CHATSITE_USER_TOKEN,
    expiresOnTimestamp: Date.now() + 3_600_000,
  }),
};
