# SPDX-License-Identifier: Apache-2.0
# What the scripts share: where the tree is, how a preset is built, how they speak.
# Sourced, never run; sets `root` and moves into it.

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
case $root in
  *[[:space:]]*)
    # lit splits commands at white space, so such a tree is worked on through a link.
    link=${TMPDIR:-/tmp}/hadal-$(id -u)-$(printf '%s' "$root" | cksum | cut -d' ' -f1)
    ln -sfn -- "$root" "$link"
    root=$link
    ;;
esac
cd -- "$root"
export LC_ALL=C.UTF-8

# Where HOME is absent or not writable the compiler cache still has a place.
export CCACHE_DIR=${CCACHE_DIR:-$root/build/.ccache}
# Without these ccache never hits where a precompiled header is used.
export CCACHE_SLOPPINESS=${CCACHE_SLOPPINESS:-pch_defines,time_macros,include_file_mtime,include_file_ctime}

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "error: $*"; exit 1; }

# Compile jobs: one a core, and no more than memory carries (an MLIR file takes
# about 1.5 GB). HADAL_JOBS overrides.
jobs() {
  local cores memory
  if [ -n "${HADAL_JOBS:-}" ]; then echo "$HADAL_JOBS"; return; fi
  cores=$(nproc)
  memory=$(awk '/^MemAvailable:/ { print int($2 / 1572864) }' /proc/meminfo)
  [ "$memory" -ge 1 ] || memory=1
  echo $((cores < memory ? cores : memory))
}

# configure PRESET: does nothing when the folder is configured already; ninja
# runs cmake again by itself when a CMake file changes. A cache of an earlier
# attempt would make cmake lose the compiler of the preset, hence --fresh.
configure() {
  if [ ! -f "build/$1/build.ninja" ] || [ CMakePresets.json -nt "build/$1/CMakeCache.txt" ]; then
    say "configuring build/$1"
    mkdir -p build
    cmake --fresh --preset "$1" >"build/$1.configure.log" 2>&1 </dev/null ||
      { cat "build/$1.configure.log" >&2; die "cmake failed for the preset '$1'"; }
  fi
}

# build PRESET [TARGET...]: brings the targets up to date, quietly if they are.
# Each line of ninja is shown on a terminal; elsewhere the log is, if it fails.
build() {
  local preset=$1 started=$SECONDS log
  shift
  configure "$preset"
  log="build/$preset.build.log"
  say "building build/$preset (${*:-everything}, $(jobs) jobs)"
  if [ -t 2 ]; then
    ninja -C "build/$preset" -j "$(jobs)" "$@" </dev/null >&2 || die "the build failed"
  else
    ninja -C "build/$preset" -j "$(jobs)" "$@" </dev/null >"$log" 2>&1 ||
      { grep -v '^\[[0-9]*/[0-9]*\] ' "$log" | tail -n 200 >&2; die "the build failed (all of it: $log)"; }
  fi
  say "built in $((SECONDS - started)) s"
}

# fingerprint PRESET: one hash of sources, binaries, toolchain, CPU and the
# environment that tests look at.
fingerprint() {
  {
    find . \( -path ./build -o -path ./.git -o -name __pycache__ \) -prune -o -type f -print0 |
      LC_ALL=C sort -z | xargs -0 sha256sum
    find "build/$1/bin" "build/$1/lib" -type f ! -name '*.a' -print0 2>/dev/null |
      LC_ALL=C sort -z | xargs -0r sha256sum
    dpkg-query -W -f='${Package} ${Version}\n' 2>/dev/null
    grep -m 2 -E '^(model name|flags)' /proc/cpuinfo
    env | grep -E '^(HADAL_|LIT_|FILECHECK_)' | LC_ALL=C sort || true
  } | sha256sum | cut -d' ' -f1
}

# run_tests PRESET [LABEL]: runs lit and GoogleTest, or only the unit tests of
# the label; sets passed, failed and unsupported.
run_tests() {
  local folder="build/$1" label=${2:-} lit=- counts
  rm -f -- "$folder/lit.json" "$folder/ctest.xml"
  if [ -z "$label" ]; then
    lit="$folder/lit.json"
    say "running the lit tests"
    "$folder/bin/lit" -j "$(jobs)" --succinct --verbose --no-progress-bar --output "$lit" "$folder/test" \
      </dev/null >&2 || true
  fi
  say "running the unit tests"
  ctest --test-dir "$folder" -j "$(jobs)" ${label:+-L "^$label\$"} --output-on-failure --no-tests=ignore \
    --output-junit "$root/$folder/ctest.xml" </dev/null >"$folder/ctest.log" 2>&1 || cat "$folder/ctest.log" >&2
  counts=$(python3 - "$lit" "$folder/ctest.xml" <<'P'
import json, os, sys, xml.etree.ElementTree as tree
passed = failed = unsupported = 0
lit, ctest = sys.argv[1:]
if lit == "-":
    pass
elif os.path.exists(lit):
    for test in json.load(open(lit))["tests"]:
        code = test["code"]
        if code in ("PASS", "FLAKYPASS", "XFAIL"):
            passed += 1
        elif code in ("UNSUPPORTED", "EXCLUDED", "SKIPPED"):
            unsupported += 1
        else:
            failed += 1
else:
    failed += 1
    print("lit left no result", file=sys.stderr)
if os.path.exists(ctest):
    for case in tree.parse(ctest).getroot().iter("testcase"):
        if case.get("status") in ("run", "passed"):
            passed += 1
        elif case.get("status") in ("disabled", "notrun") and case.find("failure") is None:
            unsupported += 1
        else:
            failed += 1
else:
    failed += 1
    print("ctest left no result", file=sys.stderr)
print(passed, failed, unsupported)
P
  )
  read -r passed failed unsupported <<<"$counts"
}
