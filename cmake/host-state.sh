#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes a digest of the host's files below the paths into STAMP, and leaves STAMP alone when it is
# the same: packages keep old modification times, so these cannot tell ninja what an upgrade changed.
# usage: host-state.sh STAMP PATH...
set -eu
export LC_ALL=C
stamp=$1
shift

# What no change of a file escapes: its status change time cannot be set back.
find -L "$@" -type f -printf '%p %s %T@ %C@\n' 2>/dev/null | sort -u >"$stamp.listing.new" || true
if [ -f "$stamp" ] && cmp -s "$stamp.listing.new" "$stamp.listing"; then
  rm -f -- "$stamp.listing.new"
  exit 0
fi

# Something was touched; only another content, name or number of files counts.
find -L "$@" -type f -print0 2>/dev/null | sort -zu | xargs -0r sha256sum | sha256sum >"$stamp.new"
if cmp -s "$stamp.new" "$stamp"; then
  rm -f -- "$stamp.new"
else
  mv -f -- "$stamp.new" "$stamp"
fi
mv -f -- "$stamp.listing.new" "$stamp.listing"
