# The base image is named here once; it must hold Node.js 26.5.1 or newer (engines in package.json says why).
ARG BASE=docker.io/library/node:26-bookworm-slim

FROM ${BASE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN node_modules/.bin/tsc -p tsconfig.build.json

FROM ${BASE} AS production
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM ${BASE}
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
