// How a load client measures: it counts what comes back for a while, and reads the CPU clocks of the server's processes
// at the same two instants.

#ifndef BENCHMARKS_MEASURING_H
#define BENCHMARKS_MEASURING_H

#include "socket.h"

#include <time.h>

enum { MOST_SERVERS = 4, STALL_MS = 5000 };

static int64_t clock_ns(clockid_t clock) {
    struct timespec time;
    if (clock_gettime(clock, &time)) fail("clock: %s", strerror(errno));
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int64_t cpu_ns_of(const clockid_t *clocks, int count) {
    int64_t sum = 0;
    for (int i = 0; i < count; i++) sum += clock_ns(clocks[i]);
    return sum;
}

// Runs `turn` again and again; what it adds to `*messages` is measured.
//
//     WARM_UP_MS MEASURE_MS SERVER_PID...
//
// Prints one JSON object. `server_cpu_ns` is the CPU time the server's processes used while measuring.
static void measure(char **words, int count, const uint64_t *messages, void (*turn)(void)) {
    int64_t warm_up = atol(words[0]) * 1000000LL, length = atol(words[1]) * 1000000LL;
    clockid_t clocks[MOST_SERVERS];
    int servers = count - 2;
    for (int i = 0; i < servers; i++)
        if (clock_getcpuclockid((pid_t)atoi(words[2 + i]), &clocks[i]))
            fail("no CPU clock of process %s", words[2 + i]);

    for (int64_t end = clock_ns(CLOCK_MONOTONIC) + warm_up; clock_ns(CLOCK_MONOTONIC) < end;) turn();
    uint64_t before = *messages;
    int64_t cpu = cpu_ns_of(clocks, servers), own = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    int64_t began = clock_ns(CLOCK_MONOTONIC);
    while (clock_ns(CLOCK_MONOTONIC) < began + length) turn();
    uint64_t counted = *messages - before;
    cpu = cpu_ns_of(clocks, servers) - cpu, own = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - own;
    printf("{\"messages\": %llu, \"elapsed_ns\": %lld, \"server_cpu_ns\": %lld, \"generator_cpu_ns\": %lld}\n",
           (unsigned long long)counted, (long long)(clock_ns(CLOCK_MONOTONIC) - began), (long long)cpu, (long long)own);
}

#endif
