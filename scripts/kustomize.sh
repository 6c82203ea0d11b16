#!/usr/bin/env bash
# Builds kustomize from its Go module, once, into a cache folder, and prints the path of the program. Needs Go.
set -euo pipefail
version=v5.8.2
out=${XDG_CACHE_HOME:-$HOME/.cache}/vm-image-webhook/kustomize-$version
if [ ! -x "$out/kustomize" ]; then GOBIN=$out go install "sigs.k8s.io/kustomize/kustomize/v5@$version" >&2; fi
echo "$out/kustomize"
