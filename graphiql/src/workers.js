// Where the editor finds its workers. Must be loaded before the editor is.
const scripts = { json: "worker-json.js", graphql: "worker-graphql.js" };

globalThis.MonacoEnvironment = {
  getWorker: (_id, label) => new Worker(`/graphiql/${scripts[label] ?? "worker-editor.js"}`, { name: label }),
};
