# The image: Node and one bundled file, nothing else. Build it with `docker build -t REGISTRY/vm-image-webhook:0.1.0 .`
# Base images are pinned by tag, so that they stay readable here and get security fixes at each build. Where a build
# must be repeatable, append the digest that `docker buildx imagetools inspect IMAGE` prints: IMAGE:TAG@sha256:...

# The bundle is the same for every architecture, so it is made on the one that builds.
FROM --platform=$BUILDPLATFORM node:24-bookworm-slim AS build
WORKDIR /build
# Packages first: this layer is made anew only when they change.
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts/build.ts scripts/
COPY src/ src/
RUN npm run build

# No shell, no package manager, no root.
FROM gcr.io/distroless/nodejs24-debian12:nonroot
COPY --from=build /build/dist/vm-image-webhook.mjs /app/vm-image-webhook.mjs
# By number: the kubelet can prove runAsNonRoot only so. 65532 is this base image's nonroot.
USER 65532:65532
EXPOSE 9443 8080
ENTRYPOINT ["/nodejs/bin/node", "/app/vm-image-webhook.mjs"]
CMD ["serve"]
