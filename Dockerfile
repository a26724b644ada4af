# The pages.
FROM docker.io/library/node:22-bookworm-slim AS pages
WORKDIR /src/graphiql
COPY graphiql/ ./
RUN npm ci --no-audit --no-fund && npm run build
WORKDIR /src/ui
COPY schema.graphql /src/
COPY frontend-fixtures/ /src/frontend-fixtures/
COPY ui/ ./
RUN npm install --no-save --no-audit --no-fund && npm run build

# The program. The bookworm of both images is the same, so that the C library fits.
FROM docker.io/library/rust:1.95-bookworm AS program
WORKDIR /src
COPY . .
COPY --from=pages /src/graphiql/dist graphiql/dist
COPY --from=pages /src/ui/dist ui/dist
RUN cargo build --locked --release --bin alm && strip target/release/alm

FROM docker.io/library/debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends git ca-certificates openssh-client bubblewrap \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --create-home --home-dir /var/lib/alm alm
COPY --from=program /src/target/release/alm /usr/local/bin/alm
USER 10001
ENV ALM_DATA_DIR=/var/lib/alm/data ALM_SERVER_BIND=0.0.0.0:8080
VOLUME /var/lib/alm/data
EXPOSE 8080
# Reached from outside, the server must be told under which name: pass ALM_SERVER_PUBLIC_URL or ALM_SERVER_ALLOWED_HOSTS.
ENTRYPOINT ["alm"]
CMD ["serve"]
