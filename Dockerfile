# firstcome in a container: one image, a role by its command (api, issuer, orders, migrate, …).
# Node is the one that the tests run on. The TypeScript runs as it is; there is nothing to build.

FROM node:24.21.0-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Exactly what the lock file says, without what only development needs, and without running
# anybody's install scripts.
RUN npm ci --omit=dev --ignore-scripts && npm cache clean --force

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production \
    # Inside a container nobody else reaches 127.0.0.1. Publish the port only where it is wanted.
    FIRSTCOME_HOST=0.0.0.0 \
    # Only `firstcome start` keeps data; mount a volume here for it.
    FIRSTCOME_DATA=/data
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY bin ./bin
COPY sql ./sql
COPY src ./src
# The user `node` of the base image owns its data and can change nothing of the program. Its number,
# because Kubernetes can tell of no name that it is not root (runAsNonRoot).
RUN mkdir /data && chown 1000:1000 /data
USER 1000:1000
EXPOSE 8080
# The roles end by SIGTERM: what was accepted is answered first. Run with an init process
# (`docker run --init`, `init: true`), so that short commands end by it too.
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/app/bin/firstcome.js"]
CMD ["--help"]
