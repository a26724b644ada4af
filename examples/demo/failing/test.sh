#!/bin/sh
# Fails on purpose: what a failure looks like.
echo "adds numbers … ok"
sleep 1
echo "divides by zero … FAILED" >&2
echo "  expected an error, got infinity" >&2
exit 1
