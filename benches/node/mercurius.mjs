// mercurius with JIT over the tables of the service. `node mercurius.mjs sqlite:///path/to/db` or `… postgres://…`; prints the
// address at which it listens, or `cannot: ` and why. Ends with its standard output's reader.
import Fastify from "fastify";
import mercurius from "mercurius";

const schema = `
  scalar DateTime
  type Query { projects(first: Int): Projects }
  type Projects { nodes: [Project!]! }
  type Project { id: ID! slug: String! displayName: String! services: [BuildService!]! }
  type BuildService { id: ID! slug: String! displayName: String! createdAt: DateTime! builds(first: Int): Builds }
  type Builds { nodes: [Build!]! }
  type Build {
    id: ID! number: Int! status: String! ref: String queuedAt: DateTime! startedAt: DateTime finishedAt: DateTime
    stages: [Stage!]!
  }
  type Stage {
    id: ID! key: String! name: String! kind: String! status: String! position: Int! startedAt: DateTime finishedAt: DateTime
  }`;

/** Runs statements on the database at this address: `{ $ids }` stands for a list of keys. */
async function open(address) {
  if (address.startsWith("sqlite:")) {
    const { default: Database } = await import("better-sqlite3");
    const db = new Database(address.slice("sqlite://".length), { readonly: true });
    const statements = new Map();
    return (sql, ids = []) => {
      const text = sql.replace("$ids", `(${ids.map(() => "?").join()})`);
      if (!statements.has(text)) statements.set(text, db.prepare(text));
      return statements.get(text).all(...ids);
    };
  }
  const { default: pg } = await import("pg");
  const url = new URL(address);
  // Counters and instants are 64 bits wide, and small enough for numbers.
  pg.types.setTypeParser(20, Number);
  const pool = new pg.Pool({ host: url.searchParams.get("host"), user: url.username, database: url.pathname.slice(1), max: 16 });
  return async (sql, ids) => {
    const name = sql.slice(0, 60);
    return (await pool.query({ name, text: sql.replace("IN $ids", "= ANY($1)"), values: ids ? [ids] : [] })).rows;
  };
}

const hex = (id) => (typeof id === "string" ? id.replaceAll("-", "") : id.toString("hex"));
const instant = (at) => (at == null ? null : new Date(at).toISOString());

function grouped(rows, keys, of) {
  const groups = new Map(keys.map((key) => [hex(key), []]));
  for (const row of rows) groups.get(hex(row[of])).push(row);
  return keys.map((key) => groups.get(hex(key)));
}

const query = await open(process.argv[2]).catch((error) => {
  console.log(`cannot: ${error.message.split("\n")[0]}`);
  process.exit(0);
});

const loaders = {
  Project: {
    async services(queries) {
      const keys = queries.map(({ obj }) => obj.key);
      const rows = await query("SELECT id, project_id, slug, display_name, created_at FROM services WHERE project_id IN $ids ORDER BY slug", keys);
      return grouped(rows, keys, "project_id").map((services) =>
        services.map((row) => ({
          key: row.id, id: `svc_${hex(row.id)}`, slug: row.slug, displayName: row.display_name, createdAt: instant(row.created_at),
        })));
    },
  },
  BuildService: {
    async builds(queries) {
      const keys = queries.map(({ obj }) => obj.key);
      const first = Number(queries[0].params.first);
      const rows = await query(
        `SELECT * FROM (SELECT id, service_id, number, status, reference, queued_at, started_at, finished_at,
           ROW_NUMBER() OVER (PARTITION BY service_id ORDER BY id DESC) AS place FROM builds WHERE service_id IN $ids) AS b
         WHERE place <= ${first} ORDER BY id DESC`, keys);
      return grouped(rows, keys, "service_id").map((builds) => ({
        nodes: builds.map((row) => ({
          key: row.id, id: `bld_${hex(row.id)}`, number: row.number, status: row.status, ref: row.reference,
          queuedAt: instant(row.queued_at), startedAt: instant(row.started_at), finishedAt: instant(row.finished_at),
        })),
      }));
    },
  },
  Build: {
    async stages(queries) {
      const keys = queries.map(({ obj }) => obj.key);
      const rows = await query("SELECT id, build_id, position, document FROM stages WHERE build_id IN $ids ORDER BY build_id, position", keys);
      return grouped(rows, keys, "build_id").map((stages) =>
        stages.map((row) => {
          const { key, name, kind, status, started_at, finished_at } = JSON.parse(row.document);
          return {
            id: `stg_${hex(row.id)}`, key, name, kind, status, position: row.position,
            startedAt: instant(started_at), finishedAt: instant(finished_at),
          };
        }));
    },
  },
};

const resolvers = {
  Query: {
    async projects() {
      const rows = await query("SELECT id, slug, display_name FROM projects ORDER BY active_at DESC LIMIT 1");
      return { nodes: rows.map((row) => ({ key: row.id, id: `prj_${hex(row.id)}`, slug: row.slug, displayName: row.display_name })) };
    },
  },
};

const app = Fastify();
// Loaders keep what they have read only within a request; across requests nothing is cached, as with us.
app.register(mercurius, { schema, resolvers, loaders, jit: 1, path: "/graphql" });
const address = await app.listen({ host: "127.0.0.1", port: 0 });
console.log(new URL(address).host);
