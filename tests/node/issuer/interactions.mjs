// The pages on which a user says who he is, and whether he agrees.
import { body } from "./http.mjs";

const page = (title, form) => `<!doctype html><title>${title}</title><h1>${title}</h1><form method="post">${form}</form>`;

export const interactions = (provider) => async (request, response) => {
  const details = await provider.interactionDetails(request, response);
  const { prompt, params, session, grantId } = details;
  if (request.method === "GET") {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    return response.end(
      prompt.name === "login"
        ? page("Who are you?", '<label>Name <input name="user" autofocus></label> <button name="answer" value="yes">Sign in</button>')
        : page("Do you agree?", '<button name="answer" value="yes">Allow</button> <button name="answer" value="no">Deny</button>'),
    );
  }
  const form = new URLSearchParams(await body(request));
  const finish = (result) => provider.interactionFinished(request, response, result, { mergeWithLastSubmission: true });
  if (form.get("answer") !== "yes") return finish({ error: "access_denied", error_description: "the user said no" });
  if (prompt.name === "login") return finish({ login: { accountId: form.get("user") || "somebody" } });

  const grant = grantId ? await provider.Grant.find(grantId) : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  const { missingOIDCScope, missingOIDCClaims, missingResourceScopes } = prompt.details;
  if (missingOIDCScope) grant.addOIDCScope(missingOIDCScope.join(" "));
  if (missingOIDCClaims) grant.addOIDCClaims(missingOIDCClaims);
  for (const [resource, scopes] of Object.entries(missingResourceScopes ?? {})) grant.addResourceScope(resource, scopes.join(" "));
  return finish({ consent: { grantId: await grant.save() } });
};
