#!/usr/bin/env bash
# The transport's tests under ThreadSanitizer and AddressSanitizer, leaks included, or the one that is named:
#
#     Tests/Sanitizers/run.sh [thread] [address]
#
# Builds a package of links that holds the engine and its tests alone: instrumenting the whole project would take many
# times as long. A report fails the run, also where the tests pass. Nothing is suppressed; Mutex.swift says why nothing
# has to be. A canary is found first. All that was said is in .build/sanitizers.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
build=$root/.build/sanitizers
package=$build/package

links() {
    rm -rf "$package"
    mkdir -p "$package/TestSupport"
    cp -rs "$root/Sources/System" "$root/Sources/WebSocket" "$root/Tests/WebSocketTests" "$package"
    # Of what tests share, the part that knows sockets and no games.
    local file module
    for file in $(grep -LE '^import (GameServer|Observability|PluginAPI)$' Tests/TestSupport/*.swift); do
        ln -s "$root/$file" "$package/TestSupport"
    done
    for module in WebSocket TestSupport WebSocketTests; do
        ln -s "$root/Tests/Sanitizers/Mutex.swift" "$package/$module"
    done
    cat >"$package/Package.swift" <<'MANIFEST'
// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "Transport",
    targets: [
        .systemLibrary(name: "CLinux", path: "System/CLinux"),
        .systemLibrary(name: "COpenSSL", path: "System/COpenSSL"),
        .systemLibrary(name: "CZlib", path: "System/CZlib"),
        .target(
            name: "WebSocket", dependencies: ["CLinux", "COpenSSL", "CZlib"], path: "WebSocket",
            exclude: ["README.md"]),
        .target(name: "TestSupport", dependencies: ["WebSocket", "COpenSSL"], path: "TestSupport"),
        .testTarget(name: "WebSocketTests", dependencies: ["WebSocket", "TestSupport"], path: "WebSocketTests"),
    ]
)
MANIFEST
}

# finds SANITIZER FAULT REPORT
finds() {
    "$build/canary-$1" "$2" >"$build/canary-$1.log" 2>&1 || true    # a finding is a failure
    if grep -aq "$3" "$build/canary-$1.log"; then return; fi
    echo "the $1 sanitizer does not find the canary ($2)" >&2
    exit 1
}

canary() {
    # Gold warns of each of the sanitizer's own symbols.
    swiftc -O -swift-version 6 -parse-as-library "-sanitize=$1" Tests/Sanitizers/Canary.swift \
        -o "$build/canary-$1" >"$build/canary-$1.log" 2>&1 || { cat "$build/canary-$1.log" >&2; exit 1; }
    case $1 in
    thread) finds thread thread 'ThreadSanitizer: Swift access race' ;;
    address)
        finds address address 'AddressSanitizer: heap-use-after-free'
        finds address leak 'LeakSanitizer: detected memory leaks'
        ;;
    *)
        echo "no such sanitizer: $1" >&2
        exit 2
        ;;
    esac
}

export TSAN_OPTIONS="second_deadlock_stack=1"
export ASAN_OPTIONS="detect_leaks=1"
# Connections that wander between loops: every move takes many times as long here.
export MOVES=${MOVES:-200}
# The runtime's own report of a crash would come in place of the sanitizer's.
export SWIFT_BACKTRACE=enable=no

links
for sanitizer in ${@:-thread address}; do
    canary "$sanitizer"
    log=$build/$sanitizer.log
    passed=yes
    swift test --package-path "$package" --scratch-path "$build/$sanitizer" --sanitize="$sanitizer" --disable-xctest \
        >"$log" 2>&1 || passed=no
    if [ $passed = no ] || grep -aqE '(ERROR|WARNING): (Thread|Address|Leak)Sanitizer' "$log"; then
        grep -aE '^✘|error:' "$log" | head -n 20 >&2 || true
        grep -aE -m 1 -A 60 '(ERROR|WARNING): (Thread|Address|Leak)Sanitizer' "$log" | cut -c -200 >&2 || true
        echo "a test failed under the $sanitizer sanitizer, or it found something; all of it: $log" >&2
        exit 1
    fi
    echo "$sanitizer sanitizer: $(grep -aE '^✔ Test run' "$log" | sed 's/^✔ //')"
done
