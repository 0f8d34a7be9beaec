// Load for an echo server: N connections, W messages in flight on each, every byte that comes back compared.
//
//     generator PORT CONNECTIONS BYTES IN_FLIGHT WARM_UP_MS MEASURE_MS SERVER_PID...
//     generator PORT CONNECTIONS BYTES IN_FLIGHT rounds
//
// The first measures, as measuring.h says. The second reads numbers from standard input: after each, every connection
// sends that many messages, and a line says how many there were together once the last has come back.

#define _GNU_SOURCE
#include "measuring.h"
#include "socket.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { STAMP = 16, RECEIVE = 1 << 20 };

typedef struct {
    int fd;
    uint32_t index;
    uint8_t mask[MASK];
    uint64_t sent, received;   // messages
    uint8_t *in;               // bytes of an incomplete echo
    size_t in_length;
    uint8_t *out;              // bytes the kernel has refused
    size_t out_length, out_done;
    int owed;                  // requests to be made when `out` is empty
    bool wants_write;
} Connection;

static size_t payload_bytes, request_header, request_bytes, echo_header, echo_bytes;
static int window, loop_fd;
static uint64_t messages;               // that have come back
static uint64_t allowed = UINT64_MAX;   // that each connection may send
static uint8_t echo_prefix[MAX_HEADER], *filler, *receive_buffer;

// The first bytes of a message name its connection and number, so a lost, doubled or foreign echo shows.
static void stamp(char *into, uint32_t connection, uint64_t number) {
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < 6; i++) into[i] = digits[connection >> (20 - 4 * i) & 15];
    for (int i = 0; i < 10; i++) into[6 + i] = digits[number >> (36 - 4 * i) & 15];
}

// Makes a prepared frame the next request: only its stamp changes.
static void next_request(Connection *c, uint8_t *at) {
    char text[STAMP];
    stamp(text, c->index, c->sent++);
    for (int i = 0; i < STAMP; i++) at[request_header + i] = (uint8_t)text[i] ^ c->mask[i & 3];
}

static void want_write(Connection *c, bool wanted) {
    if (c->wants_write == wanted) return;
    c->wants_write = wanted;
    struct epoll_event event = {.events = EPOLLIN | (wanted ? EPOLLOUT : 0), .data.ptr = c};
    epoll_ctl(loop_fd, EPOLL_CTL_MOD, c->fd, &event);
}

// Sends what is owed, a window at a time; what the kernel refuses waits in `out`, and new requests behind it.
static void send_requests(Connection *c, int count) {
    uint64_t left = allowed - c->sent - (uint64_t)c->owed;
    c->owed += left < (uint64_t)count ? (int)left : count;
    while (c->owed || c->out_done < c->out_length) {
        if (c->out_done == c->out_length) {
            c->out_length = c->out_done = 0;
            for (; c->owed; c->owed--, c->out_length += request_bytes) next_request(c, c->out + c->out_length);
        }
        ssize_t n = put(c->fd, c->out + c->out_done, c->out_length - c->out_done);
        if (n < 0 && errno == EAGAIN) return want_write(c, true);
        if (n < 0) fail("send: %s", strerror(errno));
        c->out_done += (size_t)n;
    }
    want_write(c, false);
}

// Writes a masked frame into every place of `out`; there are never more requests under way than places.
static void prepare(Connection *c) {
    for (int place = 0; place < window; place++) {
        uint8_t *frame = c->out + (size_t)place * request_bytes, *body = frame + request_header;
        frame_header(frame, payload_bytes, true);
        memcpy(body - MASK, c->mask, MASK);
        for (size_t i = 0; i < payload_bytes; i++) body[i] = filler[i] ^ c->mask[i & 3];
    }
}

static void check_echo(Connection *c, const uint8_t *frame) {
    char expected[STAMP];
    stamp(expected, c->index, c->received++);
    if (memcmp(frame, echo_prefix, echo_header) || memcmp(frame + echo_header, expected, STAMP)
        || memcmp(frame + echo_header + STAMP, filler + STAMP, payload_bytes - STAMP))
        fail("connection %u: echo %llu differs", c->index, (unsigned long long)c->received - 1);
    messages++;
}

static void receive(Connection *c) {
    size_t kept = c->in_length;
    memcpy(receive_buffer, c->in, kept);
    ssize_t n = get(c->fd, receive_buffer + kept, RECEIVE);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) fail("connection %u: %s", c->index, n ? strerror(errno) : "closed by the server");
    size_t length = kept + (size_t)n, at = 0;
    int count = 0;
    for (; length - at >= echo_bytes; at += echo_bytes, count++) check_echo(c, receive_buffer + at);
    c->in_length = length - at;
    memcpy(c->in, receive_buffer + at, c->in_length);
    if (c->received > c->sent) fail("connection %u: an echo of nothing", c->index);
    send_requests(c, count);
}

static void turn(void) {
    struct epoll_event events[1024];
    int n = epoll_wait(loop_fd, events, 1024, STALL_MS);
    if (n == 0) fail("nothing came for %d ms", STALL_MS);
    for (int i = 0; i < n; i++) {
        Connection *c = events[i].data.ptr;
        if (events[i].events & EPOLLOUT) send_requests(c, 0);
        if (events[i].events & ~EPOLLOUT) receive(c);
    }
}

static void play_rounds(Connection *all, int connections) {
    unsigned long long count;
    while (scanf("%llu", &count) == 1) {
        uint64_t before = messages, end = before + count * (uint64_t)connections;
        allowed += count;
        for (int i = 0; i < connections; i++) send_requests(&all[i], window);
        while (messages < end) turn();
        printf("%llu\n", (unsigned long long)(messages - before));
        fflush(stdout);
    }
}

int main(int argc, char **argv) {
    bool is_counted = argc == 6 && !strcmp(argv[5], "rounds");
    if (!is_counted && (argc < 8 || argc > 7 + MOST_SERVERS))
        fail("usage: generator PORT CONNECTIONS BYTES IN_FLIGHT WARM_UP_MS MEASURE_MS SERVER_PID... (at most %d)\n"
             "       generator PORT CONNECTIONS BYTES IN_FLIGHT rounds", MOST_SERVERS);
    int port = atoi(argv[1]), connections = atoi(argv[2]);
    payload_bytes = (size_t)atol(argv[3]), window = atoi(argv[4]);
    if (payload_bytes < STAMP || payload_bytes > RECEIVE / 2 || window < 1 || connections < 1) fail("bad arguments");

    filler = malloc(payload_bytes);
    for (size_t i = 0; i < payload_bytes; i++) filler[i] = (uint8_t)('a' + i % 26);
    uint8_t scratch[MAX_HEADER];
    request_header = frame_header(scratch, payload_bytes, true) + MASK;
    request_bytes = request_header + payload_bytes;
    echo_header = frame_header(echo_prefix, payload_bytes, false);
    echo_bytes = echo_header + payload_bytes;
    receive_buffer = malloc(RECEIVE + echo_bytes);
    loop_fd = epoll_create1(0);

    Connection *all = calloc((size_t)connections, sizeof *all);
    for (int i = 0; i < connections; i++) {
        Connection *c = &all[i];
        c->index = (uint32_t)i;
        uint32_t key = 0x9e3779b9u * (uint32_t)(i + 1) | 0x01010101u;
        memcpy(c->mask, &key, MASK);
        c->in = malloc(echo_bytes);
        c->out = malloc((size_t)window * request_bytes);
        prepare(c);
        c->fd = open_websocket(port, "/");
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
        epoll_ctl(loop_fd, EPOLL_CTL_ADD, c->fd, &event);
    }
    for (int i = 0; i < connections; i++) fcntl(all[i].fd, F_SETFL, fcntl(all[i].fd, F_GETFL) | O_NONBLOCK);
    if (is_counted) {
        allowed = 0;
        play_rounds(all, connections);
        return 0;
    }
    for (int i = 0; i < connections; i++) send_requests(&all[i], window);
    measure(argv + 5, argc - 5, &messages, turn);
    return 0;
}
