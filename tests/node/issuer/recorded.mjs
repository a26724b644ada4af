// Everything secret that the issuer has given or was told, for searches that must not find it elsewhere.

export const recorded = (provider) => {
  const given = { access: [], refresh: [], code: [], verifier: [], subject: [] };
  provider.on("access_token.saved", (token) => given.access.push(token.jti));
  provider.on("access_token.issued", (token) => given.access.push(token.jti));
  provider.on("refresh_token.saved", (token) => given.refresh.push(token.jti));
  provider.on("authorization_code.saved", (code) => given.code.push(code.jti));
  provider.on("grant.success", ({ oidc: { params } }) => {
    if (params.code_verifier) given.verifier.push(params.code_verifier);
    if (params.subject_token) given.subject.push(params.subject_token);
  });
  return given;
};
