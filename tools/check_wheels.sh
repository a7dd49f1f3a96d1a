#!/usr/bin/env bash
# Does every default dependency have a wheel for each platform and Python that we promise?
set -euo pipefail
export MACOSX_DEPLOYMENT_TARGET=14.0 # what onnxruntime is built for
cd "$(dirname "$0")/.."
for platform in x86_64-manylinux_2_28 aarch64-manylinux_2_28 aarch64-apple-darwin x86_64-apple-darwin; do
    for python in 3.11 3.12 3.13; do
        uv pip compile --quiet --only-binary :all: --python-platform "$platform" \
            --python-version "$python" -c requirements/default.lock pyproject.toml -o /dev/null
        echo "$platform, Python $python: every dependency has a wheel"
    done
done
