// As much of a cluster's API as accounts need: it takes the tokens of its issuer.
import { createHash, createPublicKey } from "node:crypto";
import { jwtVerify } from "jose";
import { signing } from "./configuration.mjs";
import { answer, body } from "./http.mjs";

// Whose a token is: an opaque one, if it was exchanged then for this cluster; or a JWT for this cluster, or for the service under test.
const holder = async ({ provider, issuer, options, tokens }, token) => {
  const opaque = await provider.AccessToken.find(token);
  if (opaque) {
    const isForUs = !tokens.exchanged.has(token) || tokens.exchanged.get(token) === options.clusterAudience;
    return isForUs && !opaque.isExpired ? opaque.accountId : undefined;
  }
  if (tokens.withdrawn.has(token)) return undefined;
  const audience = [options.clusterAudience, options.audience];
  const verified = await jwtVerify(token, createPublicKey(signing), { issuer, audience, algorithms: ["RS256"] }).catch(() => undefined);
  return verified?.payload.sub;
};

export const cluster = async (stage, request, response) => {
  const { provider, issuer, options, count, trouble, tokens } = stage;
  const { pathname } = new URL(request.url, "http://cluster");
  if (pathname === "/.well-known/oauth-authorization-server" && options.clusterDiscovery) {
    return answer(response, 200, {
      issuer, authorization_endpoint: `${issuer}/auth`, token_endpoint: `${issuer}/token`,
      revocation_endpoint: options.revocation ? `${issuer}/token/revocation` : undefined, userinfo_endpoint: `${issuer}/me`, jwks_uri: `${issuer}/jwks`,
      response_types_supported: ["code"], grant_types_supported: ["authorization_code"],
      code_challenge_methods_supported: ["S256"], token_endpoint_auth_methods_supported: ["client_secret_basic"],
      authorization_response_iss_parameter_supported: options.namesIssuer,
    });
  }
  count("cluster");
  const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
  const failure = (code, reason) => answer(response, code, { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message: reason, reason, code });
  if (token) tokens.shown.add(token);
  if (trouble.cluster === "down") return failure(503, "ServiceUnavailable");
  if (trouble.cluster === "echo") return failure(401, `Unauthorized: ${request.headers.authorization}`);
  const name = token && (await holder(stage, token));
  if (!name) return failure(401, "Unauthorized");
  const groups = ["system:authenticated"];
  // Kubernetes asks what one may do before it looks whether there is such a thing.
  if (pathname.startsWith("/apis/user.openshift.io/") && !options.openshift) return failure(403, "Forbidden");
  if (pathname === "/apis/user.openshift.io/v1/users/~") {
    count("whoami");
    return answer(response, 200, { kind: "User", apiVersion: "user.openshift.io/v1", metadata: { name, uid: `uid-of-${name}` }, identities: [`test:${name}`], groups });
  }
  if (pathname === "/apis/authentication.k8s.io/v1/selfsubjectreviews" && request.method === "POST") {
    await body(request);
    return answer(response, 201, { kind: "SelfSubjectReview", apiVersion: "authentication.k8s.io/v1", status: { userInfo: { username: name, uid: `uid-of-${name}`, groups } } });
  }
  const own = `/apis/oauth.openshift.io/v1/useroauthaccesstokens/sha256~${createHash("sha256").update(token.replace(/^sha256~/, "")).digest("base64url")}`;
  if (pathname === own && request.method === "DELETE") {
    count("delete");
    await (await provider.AccessToken.find(token))?.destroy();
    return answer(response, 200, { kind: "Status", apiVersion: "v1", status: "Success" });
  }
  return failure(404, "NotFound");
};
