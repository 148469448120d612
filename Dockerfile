# The base image is named here once; it must hold Node.js 26.5.1 or newer (engines in package.json says why).
ARG BASE=docker.io/library/node:26-bookworm-slim

# Behind a registry of your own: `--secret id=npmrc,src=$HOME/.npmrc`, and `--secret id=npm-ca,src=FILE` for the file that its `cafile` names as
# /run/secrets/npm-ca. Secrets are there while a command runs, and in no layer.
FROM ${BASE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=secret,id=npm-ca \
    npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN node_modules/.bin/tsc -p tsconfig.build.json

FROM ${BASE} AS production
WORKDIR /app
COPY package.json package-lock.json ./
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=secret,id=npm-ca \
    npm ci --omit=dev --ignore-scripts --no-audit --no-fund
# Half of what packages bring is for editors and debuggers.
RUN find node_modules \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete

FROM ${BASE}
# What installs packages is no part of what runs.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/yarn* /opt/yarn*
WORKDIR /app
ENV NODE_ENV=production
COPY --from=production /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
# Any user id works and nothing is written: run it with a read-only root file system and no capabilities.
USER 65532:65532
EXPOSE 8443 8080 9090
ENTRYPOINT ["node", "dist/main.js"]
CMD ["--help"]
