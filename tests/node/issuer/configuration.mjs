// How the issuer behaves.
import { generateKeyPairSync, randomBytes } from "node:crypto";

export const signing = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
export const keyId = "signing";

// What may change while it runs is read from `options` each time.
const settings = (options, { name, refresh, clientId, clientSecret, redirects, pages }) => ({
  clients: [
    {
      client_id: clientId,
      client_secret: clientSecret,
      redirect_uris: redirects,
      grant_types: ["authorization_code", ...(refresh ? ["refresh_token"] : []), "urn:ietf:params:oauth:grant-type:token-exchange"],
      response_types: ["code"],
    },
    ...(pages.redirects.length === 0
      ? []
      : [{ client_id: pages.clientId, token_endpoint_auth_method: "none", redirect_uris: pages.redirects, grant_types: ["authorization_code"], response_types: ["code"] }]),
  ],
  jwks: { keys: [{ ...signing.export({ format: "jwk" }), kid: keyId, alg: "RS256", use: "sig" }] },
  scopes: ["openid", "profile", "email", "offline_access", "user:full", "user:info"],
  claims: { openid: ["sub"], profile: ["name", "preferred_username"], email: ["email"] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, preferred_username: id, name: id, email: `${id}@example.org` }) }),
  // Two issuers on one host share a browser's cookies, unless they have names of their own.
  cookies: { keys: [randomBytes(16).toString("hex")], names: { session: `${name}_session`, interaction: `${name}_interaction`, resume: `${name}_resume` } },
  ttl: {
    AccessToken: () => options.accessSeconds, AuthorizationCode: 60, IdToken: 600, Interaction: 600, Session: 86400, Grant: 86400,
    RefreshToken: 86400,
  },
  issueRefreshToken: (_, client) => options.refresh && client.grantTypeAllowed("refresh_token"),
  rotateRefreshToken: true,
  expiresWithSession: () => false,
  pkce: { required: () => true },
  clientBasedCORS: () => true,
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  features: {
    devInteractions: { enabled: false },
    revocation: { enabled: true },
    introspection: { enabled: true },
    // Tokens for a named resource, and those of pages, are JWTs; all others are opaque.
    resourceIndicators: {
      enabled: true,
      defaultResource: (_, client) => (client.clientId === pages.clientId ? options.audience : undefined),
      useGrantedResource: () => true,
      getResourceServerInfo: (_, resource) => ({
        scope: "user:full user:info", audience: resource, accessTokenTTL: options.accessSeconds, accessTokenFormat: "jwt", jwt: { sign: { alg: "RS256" } },
      }),
    },
  },
});

export const configuration = (options) => settings(options, options);
