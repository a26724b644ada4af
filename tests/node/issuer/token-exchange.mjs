// Token exchange (RFC 8693): one of its own access tokens, or one of its own JWTs, for an opaque token of the same user.
import { createPublicKey } from "node:crypto";
import { jwtVerify } from "jose";
import { errors } from "oidc-provider";
import { signing } from "./configuration.mjs";

const GRANT = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";

export const tokenExchange = (provider, options, tokens) => {
  const subjectOf = async (token) => {
    const opaque = await provider.AccessToken.find(token);
    if (opaque && !opaque.isExpired) return opaque.accountId;
    const verified = await jwtVerify(token, createPublicKey(signing), { issuer: provider.issuer, algorithms: ["RS256"] }).catch(() => undefined);
    return verified?.payload.sub;
  };
  const handler = async (ctx) => {
    const { params, client } = ctx.oidc;
    const accountId = await subjectOf(params.subject_token ?? "");
    if (!accountId) throw new errors.InvalidGrant("the subject token does not work");
    const grant = new provider.Grant({ accountId, clientId: client.clientId });
    grant.addOIDCScope("openid profile");
    const token = new provider.AccessToken({ client, accountId, grantId: await grant.save(), scope: "openid profile", gty: GRANT });
    const value = await token.save();
    tokens.exchanged.set(value, params.audience);
    ctx.body = { access_token: value, issued_token_type: ACCESS_TOKEN, token_type: "Bearer", expires_in: options.accessSeconds, scope: "openid profile" };
  };
  provider.registerGrantType(GRANT, handler, ["subject_token", "subject_token_type", "requested_token_type", "audience", "scope"]);
};
