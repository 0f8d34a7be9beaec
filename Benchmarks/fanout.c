// Load for a server that sends what one says to all the others: one publisher, N subscribers, W messages under way. The
// next is published when all subscribers have the oldest; every byte they are sent is compared.
//
//     fanout PORT SUBSCRIBERS BYTES IN_FLIGHT WARM_UP_MS MEASURE_MS SERVER_PID...
//     fanout PORT SUBSCRIBERS BYTES IN_FLIGHT rounds
//
// Counts deliveries: N of them are one message. The first form measures, as measuring.h says. The second reads numbers
// from standard input: after each, that many messages are published, and a line says how many deliveries there were.

#define _GNU_SOURCE
#include "measuring.h"
#include "socket.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { STAMP = 16, RECEIVE = 256 * 1024, MOST_BYTES = 4096, MOST_IN_FLIGHT = 256 };

typedef struct {
    int fd;
    uint64_t received;      // messages
    size_t in_length;       // bytes of an incomplete frame
    uint8_t in[MAX_HEADER + MOST_BYTES];
} Subscriber;

static Subscriber *subscribers;
static int subscriber_count, publisher, window, loop_fd;
static size_t payload_bytes, frame_bytes;
static uint64_t published, deliveries, allowed = UINT64_MAX;
// Of the message whose number has this remainder: as it has to arrive, and by how many subscribers it is awaited.
static uint8_t expected[MOST_IN_FLIGHT][MAX_HEADER + MOST_BYTES];
static int awaiting[MOST_IN_FLIGHT];

static void publish(void) {
    static const uint8_t key[MASK] = {0x9e, 0x37, 0x79, 0xb9};
    static uint8_t batch[MOST_IN_FLIGHT * (MAX_HEADER + MASK + MOST_BYTES)];
    size_t length = 0;
    while (published < allowed && !awaiting[published % (unsigned)window]) {
        uint8_t *wanted = expected[published % (unsigned)window], *frame = batch + length;
        size_t plain = frame_header(wanted, payload_bytes, false), header = frame_header(frame, payload_bytes, true);
        char stamp[STAMP + 1];
        snprintf(stamp, sizeof stamp, "%016llx", (unsigned long long)published);
        memcpy(wanted + plain, stamp, STAMP);
        memcpy(frame + header, key, MASK);
        for (size_t i = 0; i < payload_bytes; i++) {
            if (i >= STAMP) wanted[plain + i] = (uint8_t)('a' + i % 26);
            frame[header + MASK + i] = wanted[plain + i] ^ key[i & 3];
        }
        length += header + MASK + payload_bytes;
        awaiting[published++ % (unsigned)window] = subscriber_count;
    }
    // A few kilobytes, and never more under way: a kernel that refuses them is out of order.
    if (length && put(publisher, batch, length) != (ssize_t)length) fail("publish: %s", strerror(errno));
}

static void take(Subscriber *s, const uint8_t *frame) {
    unsigned place = (unsigned)(s->received % (unsigned)window);
    if (s->received == published) fail("subscriber %ld: a message nobody sent", (long)(s - subscribers));
    if (memcmp(frame, expected[place], frame_bytes))
        fail("subscriber %ld: message %llu differs", (long)(s - subscribers), (unsigned long long)s->received);
    s->received++;
    deliveries++;
    awaiting[place]--;
}

static void receive(Subscriber *s) {
    static uint8_t buffer[MAX_HEADER + MOST_BYTES + RECEIVE];
    memcpy(buffer, s->in, s->in_length);
    ssize_t n = get(s->fd, buffer + s->in_length, RECEIVE);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) fail("subscriber %ld: %s", (long)(s - subscribers), n ? strerror(errno) : "closed by the server");
    size_t length = s->in_length + (size_t)n, at = 0;
    for (; length - at >= frame_bytes; at += frame_bytes) take(s, buffer + at);
    s->in_length = length - at;
    memcpy(s->in, buffer + at, s->in_length);
}

static void turn(void) {
    struct epoll_event events[1024];
    int n = epoll_wait(loop_fd, events, 1024, STALL_MS);
    if (n == 0) fail("nothing came for %d ms", STALL_MS);
    for (int i = 0; i < n; i++) {
        if (!events[i].data.ptr) fail("the publisher was told something, or closed");
        receive(events[i].data.ptr);
    }
    publish();
}

static int join(int port, Subscriber *s) {
    int fd = open_websocket(port, "/fanout");
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = s};
    epoll_ctl(loop_fd, EPOLL_CTL_ADD, fd, &event);
    return fd;
}

int main(int argc, char **argv) {
    bool is_counted = argc == 6 && !strcmp(argv[5], "rounds");
    if (!is_counted && (argc < 8 || argc > 7 + MOST_SERVERS))
        fail("usage: fanout PORT SUBSCRIBERS BYTES IN_FLIGHT WARM_UP_MS MEASURE_MS SERVER_PID... (at most %d)\n"
             "       fanout PORT SUBSCRIBERS BYTES IN_FLIGHT rounds", MOST_SERVERS);
    int port = atoi(argv[1]);
    subscriber_count = atoi(argv[2]), payload_bytes = (size_t)atol(argv[3]), window = atoi(argv[4]);
    if (subscriber_count < 1 || payload_bytes < STAMP || payload_bytes > MOST_BYTES) fail("bad arguments");
    if (window < 1 || window > MOST_IN_FLIGHT) fail("bad arguments");
    uint8_t scratch[MAX_HEADER];
    frame_bytes = frame_header(scratch, payload_bytes, false) + payload_bytes;
    loop_fd = epoll_create1(0);
    subscribers = calloc((size_t)subscriber_count, sizeof *subscribers);
    for (int i = 0; i < subscriber_count; i++) subscribers[i].fd = join(port, &subscribers[i]);
    publisher = join(port, NULL);

    if (!is_counted) {
        publish();
        measure(argv + 5, argc - 5, &deliveries, turn);
        return 0;
    }
    allowed = 0;
    unsigned long long count;
    while (scanf("%llu", &count) == 1) {
        uint64_t before = deliveries, end = before + count * (uint64_t)subscriber_count;
        allowed += count;
        publish();
        while (deliveries < end) turn();
        printf("%llu\n", (unsigned long long)(deliveries - before));
        fflush(stdout);
    }
    return 0;
}
