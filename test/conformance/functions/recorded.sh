#!/bin/sh
# A wrapper that puts a recorder between the runtime and the Runtime API.
"$1" "$(dirname "$0")/stand-in.mjs" || exit 1
AWS_LAMBDA_RUNTIME_API="$RECORDER_ADDRESS" exec "$@"
