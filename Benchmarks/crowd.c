// A crowd before a game server: connections that greet, answer pings, and say nothing else.
//
//     crowd PORT FIRST_SOURCE SOURCES
//
// Connections come from SOURCES addresses in turn, the first of which is FIRST_SOURCE. Orders are read from standard
// input, a line each, and each is answered at once by one line of JSON that says how many did what so far:
//
//     open N TOGETHER   N more, so many at a time under way to their welcome
//     close N           N of those that are welcome begin the closing handshake
//     count             nothing
//
// Pings are answered all the while. Times are of CLOCK_MONOTONIC, which Python reads as well.

#define _GNU_SOURCE
#include "socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { RECEIVE = 2048, CODES = 8, READY = 512 };

// What every message of ours is masked with; masked with zeros a payload stands as it is.
static const uint8_t NO_MASK[MASK];

typedef enum { CONNECTING, SHAKING, GREETING, WELCOME, CLOSING, ENDED } State;

typedef struct {
    int fd;
    State state;
    bool was_welcome, heard_close, was_refused;
    int64_t began;
    size_t length;      // bytes of an incomplete answer or frame
    uint8_t in[RECEIVE];
} Connection;

// How many, with the code of a close frame or the status of a refusal.
typedef struct { int code; uint64_t count; } Tally;

static int port, loop_fd, sources;
static uint32_t first_source;
static Connection **all;
static size_t made, wanted, together, under_way, open_now, next_to_close, to_close, closing;
static uint64_t welcome, pings, cut, failed, unasked;
static Tally closes[CODES], refusals[CODES];
static int64_t slowest_ns, last_welcome, last_end;
static char request[256];
static size_t request_length;

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void count(Tally *tallies, int code) {
    for (int i = 0; i < CODES; i++) {
        if (tallies[i].count && tallies[i].code != code) continue;
        tallies[i].code = code;
        tallies[i].count++;
        return;
    }
    fail("more than %d codes", CODES);
}

// A connection is over: what became of it is counted once.
static void end(Connection *c) {
    if (c->state == ENDED) return;
    if (!c->was_welcome) under_way--;
    if (c->state == CLOSING) closing--;
    if (c->was_welcome) {
        if (!c->heard_close) cut++;
        if (c->state == WELCOME) unasked++, open_now--;
        last_end = now();
    } else if (!c->was_refused) failed++;
    close(c->fd);
    c->state = ENDED;
}

static void say(Connection *c, uint8_t opcode, const void *payload, size_t length) {
    uint8_t frame[MAX_HEADER + MASK + 128];
    size_t header = frame_header(frame, length, true);
    frame[0] = 0x80 | opcode;
    memcpy(frame + header, NO_MASK, MASK);
    memcpy(frame + header + MASK, payload, length);
    size_t total = header + MASK + length;
    // So few bytes always fit where nothing waits; if not, the peer is gone.
    if (put(c->fd, frame, total) != (ssize_t)total) end(c);
}

static void say_text(Connection *c, const char *text) { say(c, 1, text, strlen(text)); }

// MARK: Opening

static void open_one(void) {
    Connection *c = all[made] = calloc(1, sizeof *c);
    if (!c) fail("no memory");
    uint32_t source = first_source + (uint32_t)(made % (size_t)sources);
    made++;
    under_way++;
    c->began = now();
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0) fail("socket: %s", strerror(errno));
    int on = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    // The port is chosen when both ends are known, so each source has all of them.
    setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(source)};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(c->fd, (struct sockaddr *)&from, sizeof from)) fail("bind: %s", strerror(errno));
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) return end(c);
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = c};
    if (epoll_ctl(loop_fd, EPOLL_CTL_ADD, c->fd, &event)) fail("epoll: %s", strerror(errno));
}

static void connected(Connection *c) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(loop_fd, EPOLL_CTL_MOD, c->fd, &event);
    c->state = SHAKING;
    if (put(c->fd, request, request_length) != (ssize_t)request_length) end(c);
}

// Takes the server's answer to the handshake; returns its length, 0 while it is incomplete.
static size_t shake(Connection *c) {
    uint8_t *blank = memmem(c->in, c->length, "\r\n\r\n", 4);
    int status = 0;
    if (!blank) return 0;
    if (sscanf((char *)c->in, "HTTP/1.1 %d", &status) != 1) fail("no answer: %.*s", (int)c->length, c->in);
    if (status != 101) {
        count(refusals, status);
        c->was_refused = true;
        end(c);
        return 0;
    }
    c->state = GREETING;
    say_text(c, "{\"type\":\"hello\"}");
    return (size_t)(blank - c->in) + 4;
}

static void welcomed(Connection *c) {
    c->state = WELCOME;
    c->was_welcome = true;
    under_way--;
    welcome++, open_now++;
    last_welcome = now();
    if (last_welcome - c->began > slowest_ns) slowest_ns = last_welcome - c->began;
}

// MARK: Messages

static void closed(Connection *c, const uint8_t *payload, size_t length) {
    int code = length >= 2 ? payload[0] << 8 | payload[1] : 1005;
    count(closes, code);
    c->heard_close = true;
    // The server's word first: it is given back. Ours first: this was the answer. The end of the stream follows.
    if (c->state == WELCOME) say(c, 8, payload, length > 2 ? 2 : length);
}

static void heard(Connection *c, uint8_t opcode, const uint8_t *payload, size_t length) {
    switch (opcode) {
    case 1:
        if (memmem(payload, length, "\"type\":\"welcome\"", 16)) return welcomed(c);
        if (memmem(payload, length, "\"type\":\"ping\"", 13)) return pings++, say_text(c, "{\"type\":\"pong\"}");
        // A server that stops says so, and good-bye.
        if (memmem(payload, length, "\"type\":\"notice\"", 15)) return;
        if (memmem(payload, length, "\"type\":\"bye\"", 12)) return;
        return fail("unexpected: %.*s", (int)length, payload);
    case 8: return closed(c, payload, length);
    default: fail("an unexpected frame: %02x", opcode);
    }
}

// Takes one frame; returns its length, 0 while it is incomplete.
static size_t take_frame(Connection *c, size_t at) {
    uint8_t *frame = c->in + at;
    size_t left = c->length - at;
    if (left < 4) return 0;
    if (frame[1] > 126) fail("a frame longer than any expected");
    size_t header = frame[1] == 126 ? 4 : 2, length = frame[1] == 126 ? (size_t)frame[2] << 8 | frame[3] : frame[1];
    if (left < header + length) return 0;
    heard(c, frame[0] & 15, frame + header, length);
    return header + length;
}

static void receive(Connection *c) {
    ssize_t n = get(c->fd, c->in + c->length, RECEIVE - c->length);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return end(c);
    c->length += (size_t)n;
    size_t at = c->state == SHAKING ? shake(c) : 0, taken = at;
    while (c->state > SHAKING && c->state != ENDED && (taken = take_frame(c, at))) at += taken;
    if (c->state == ENDED) return;
    c->length -= at;
    memmove(c->in, c->in + at, c->length);
    if (c->length == RECEIVE) fail("a frame longer than any expected");
}

static void close_one(void) {
    while (next_to_close < made && all[next_to_close]->state != WELCOME) next_to_close++;
    if (next_to_close == made) {
        to_close = 0;
        return;
    }
    static const uint8_t normal[2] = {1000 >> 8, 1000 & 255};
    Connection *c = all[next_to_close++];
    c->state = CLOSING;
    closing++, open_now--, to_close--;
    say(c, 8, normal, sizeof normal);
}

// MARK: Orders

static void print_tallies(const char *name, Tally *tallies) {
    printf("\"%s\": {", name);
    for (int i = 0; i < CODES && tallies[i].count; i++)
        printf("%s\"%d\": %llu", i ? ", " : "", tallies[i].code, (unsigned long long)tallies[i].count);
    printf("}, ");
}

static void report(void) {
    printf("{\"open\": %zu, \"under_way\": %zu, \"closing\": %zu, \"welcome\": %llu, \"pings\": %llu, \"cut\": %llu, "
           "\"failed\": %llu, \"unasked\": %llu, ", open_now, under_way + (wanted - made), closing + to_close,
           (unsigned long long)welcome, (unsigned long long)pings, (unsigned long long)cut,
           (unsigned long long)failed, (unsigned long long)unasked);
    print_tallies("closes", closes);
    print_tallies("refusals", refusals);
    printf("\"slowest_ns\": %lld, \"last_welcome_ns\": %lld, \"last_end_ns\": %lld}\n", (long long)slowest_ns,
           (long long)last_welcome, (long long)last_end);
    fflush(stdout);
}

static void obey(const char *line) {
    size_t number, at_once;
    if (sscanf(line, "open %zu %zu", &number, &at_once) == 2) {
        wanted += number, together = at_once;
        all = realloc(all, wanted * sizeof *all);
        if (!all) fail("no memory");
    } else if (sscanf(line, "close %zu", &number) == 1) to_close += number;
    else if (strcmp(line, "count\n")) fail("no such order: %s", line);
    report();
}

// Orders are shorter than a pipe's atomic write, and a reader that waits for its answer sends one at a time.
static void take_order(void) {
    char line[64];
    ssize_t n = read(STDIN_FILENO, line, sizeof line - 1);
    if (n <= 0) exit(0);
    line[n] = 0;
    obey(line);
}

int main(int argc, char **argv) {
    struct in_addr first;
    if (argc != 4 || !inet_aton(argv[2], &first)) fail("usage: crowd PORT FIRST_SOURCE SOURCES");
    port = atoi(argv[1]), sources = atoi(argv[3]), first_source = ntohl(first.s_addr);
    if (port < 1 || sources < 1) fail("bad arguments");
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    request_length = (size_t)snprintf(request, sizeof request,
        "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", port);
    loop_fd = epoll_create1(0);
    struct epoll_event orders = {.events = EPOLLIN}, ready[READY];
    epoll_ctl(loop_fd, EPOLL_CTL_ADD, STDIN_FILENO, &orders);
    for (;;) {
        while (made < wanted && under_way < together) open_one();
        for (int i = 0; i < READY && to_close; i++) close_one();
        int n = epoll_wait(loop_fd, ready, READY, to_close ? 0 : -1);
        for (int i = 0; i < n; i++) {
            Connection *c = ready[i].data.ptr;
            if (!c) take_order();
            else if (c->state == CONNECTING && ready[i].events == EPOLLOUT) connected(c);
            else if (c->state != ENDED) receive(c);
        }
    }
}
