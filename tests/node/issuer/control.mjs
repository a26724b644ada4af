// What tests do with the issuer behind its back.
import { SignJWT } from "jose";
import { keyId, signing } from "./configuration.mjs";
import { answer, body, Browser } from "./http.mjs";

export const control = ({ provider, issuer, options, counters, given, trouble, tokens }) => {
  const commands = {
    counters: () => counters,

    // Every token that the cluster was shown, whether it took it or not.
    shown: () => [...tokens.shown],

    // Every token and code that it gave, and every verifier that it was told.
    given: () => given,

    // One more client, in the words of dynamic registration.
    clients: async (client) => {
      await provider.Client.adapter.upsert(client.client_id, { response_types: ["code"], grant_types: ["authorization_code", ...(options.refresh ? ["refresh_token"] : []), "urn:ietf:params:oauth:grant-type:token-exchange"], ...client });
      return {};
    },

    // Walks an authorization as this user, and tells where the browser would be sent.
    approve: async ({ url, user, deny }) => {
      const browser = new Browser();
      let at = url;
      for (let steps = 0; steps < 20; steps++) {
        let page = await browser.go(at);
        if (new URL(at).pathname.startsWith("/interaction/") && page.status === 200) {
          const form = new URLSearchParams({ user, answer: deny ? "no" : "yes" });
          page = await browser.go(at, { method: "POST", body: form });
        }
        if (!page.location) return { error: page.text, status: page.status };
        if (!page.location.startsWith(`${issuer}/`)) return { location: page.location };
        at = page.location;
      }
      return { error: "it goes round in circles" };
    },

    // A JWT with these claims, signed by the issuer.
    sign: async ({ claims, seconds }) => {
      const jwt = new SignJWT({ iss: issuer, aud: options.audience, ...claims });
      return { token: await jwt.setProtectedHeader({ alg: "RS256", kid: keyId, typ: "at+jwt" }).setIssuedAt().setExpirationTime(`${seconds ?? options.accessSeconds}s`).sign(signing) };
    },

    // An opaque token of this user, as if he had signed in elsewhere.
    grant: async ({ user, seconds }) => {
      const client = await provider.Client.find(options.clientId);
      const grant = new provider.Grant({ accountId: user, clientId: client.clientId });
      grant.addOIDCScope("openid profile");
      const token = new provider.AccessToken({ client, accountId: user, grantId: await grant.save(), scope: "openid profile", gty: "authorization_code" });
      if (seconds) token.expiresIn = seconds;
      return { token: await token.save() };
    },

    // Ends a token before its time.
    revoke: async ({ token }) => {
      tokens.withdrawn.add(token);
      const found = (await provider.AccessToken.find(token)) ?? (await provider.RefreshToken.find(token));
      await found?.destroy();
      return { revoked: Boolean(found) };
    },

    // How long access tokens live from now on, whether there are refresh tokens, by how much the clock is wrong, and so on.
    set: (changes) => Object.assign(options, changes),

    trouble: (changes) => Object.assign(trouble, changes),
  };
  return async (request, response) => {
    const command = commands[new URL(request.url, issuer).pathname.slice("/control/".length)];
    if (!command) return answer(response, 404, { error: "there is no such command" });
    const text = await body(request);
    answer(response, 200, (await command(text ? JSON.parse(text) : {})) ?? {});
  };
};
