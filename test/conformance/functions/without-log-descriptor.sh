#!/bin/sh
# A wrapper that takes the log descriptor away, so that the runtime logs to its standard output.
exec "$@" 3>&-
