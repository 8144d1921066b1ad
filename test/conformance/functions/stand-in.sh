#!/bin/sh
# A wrapper of the runtime that never starts it: the process only tells where the Runtime API is,
# so that the test can play the runtime.
exec "$1" "$(dirname "$0")/stand-in.mjs"
