// Players for a game server: connections that ping, or tables of two that play tic-tac-toe to a draw, again and again.
//
//     players PORT ping|play CONNECTIONS
//
// Reads numbers from standard input. After each, every connection sends that many pings, or every table plays that many
// games; when the last answer is there, one line says how many messages were sent. Between two lines nothing is under
// way, so the server's clocks can be read there. One request is in flight on each connection, or at each table.
//
// A game is 23 messages: create, join, start, nine moves, an `ack` of each by the other player, and two times leave.

#define _GNU_SOURCE
#include "socket.h"

#include <sys/epoll.h>
#include <unistd.h>

enum { MARKS = 9, RECEIVE = 64 * 1024, SENT = 512, NAME = 16, STALL_MS = 60000 };

// No three of either side are in a row.
static const int FIELDS[MARKS] = {0, 1, 2, 4, 3, 5, 7, 6, 8};

typedef struct {
    int fd, seat;       // the seat is 0 or 1
    uint64_t left;      // pings
    int number;         // of its last command in this room
    bool isLeaving;
    size_t length;      // bytes of an incomplete frame
    uint8_t in[RECEIVE];
} Connection;

typedef struct {
    Connection *players[2];
    uint64_t left;      // games
    char room[NAME];
    int marks, gone;
} Table;

static Connection *connections;
static Table *tables;
static bool plays;
static int busy;        // connections or tables that have something left
static uint64_t sent;

static void tell(Connection *c, const char *format, ...) {
    uint8_t frame[MAX_HEADER + MASK + SENT];
    char text[SENT];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    static const uint8_t key[MASK] = {0x9e, 0x37, 0x79, 0xb9};
    size_t header = frame_header(frame, (size_t)length, true);
    memcpy(frame + header, key, MASK);
    for (int i = 0; i < length; i++) frame[header + MASK + i] = (uint8_t)text[i] ^ key[i & 3];
    size_t total = header + MASK + (size_t)length;
    if (send(c->fd, frame, total, MSG_NOSIGNAL) != (ssize_t)total) fail("send: %s", strerror(errno));
    sent++;
}

// The number behind a key, or -1.
static long number(const char *line, const char *key) {
    const char *at = strstr(line, key);
    return at ? atol(at + strlen(key)) : -1;
}

static bool has(const char *line, const char *part) { return strstr(line, part) != NULL; }

// MARK: Pings

static void ping(Connection *c) {
    if (c->left == 0) {
        busy--;
        return;
    }
    tell(c, "{\"type\":\"ping\",\"t\":%llu}", (unsigned long long)c->left--);
}

// MARK: Games

static Table *table_of(Connection *c) { return &tables[(c - connections) / 2]; }

static void open_room(Table *t) {
    if (t->left == 0) {
        busy--;
        return;
    }
    t->left--;
    t->marks = t->gone = 0;
    for (int seat = 0; seat < 2; seat++) t->players[seat]->number = 0, t->players[seat]->isLeaving = false;
    tell(t->players[0], "{\"type\":\"create\",\"id\":1,\"game\":\"tic-tac-toe\",\"name\":\"Ana\"}");
}

static void joined(Connection *c, const char *line) {
    Table *t = table_of(c);
    if (c->seat == 1) {
        Connection *host = t->players[0];
        return tell(host, "{\"type\":\"host\",\"room\":\"%s\",\"n\":%d,\"do\":\"start\"}", t->room, ++host->number);
    }
    const char *room = strstr(line, "\"room\":\"");
    if (!room || sscanf(room, "\"room\":\"%15[0-9A-Z]", t->room) != 1) fail("no room in %s", line);
    tell(t->players[1], "{\"type\":\"join\",\"id\":2,\"room\":\"%s\",\"name\":\"Ben\"}", t->room);
}

static void move(Connection *c, Table *t) {
    tell(c, "{\"type\":\"act\",\"room\":\"%s\",\"n\":%d,\"action\":{\"kind\":\"mark\",\"field\":%d}}", t->room,
         ++c->number, FIELDS[t->marks]);
}

// Whoever did not make a move hears of it here and makes the next one.
static void events(Connection *c, const char *line) {
    Table *t = table_of(c);
    if (has(line, "\"kind\":\"started\"")) {
        if (number(line, "\"first\":") == c->seat) move(c, t);
        return;
    }
    if (!has(line, "\"kind\":\"marked\"") || number(line, "\"seat\":") == c->seat) return;
    t->marks++;
    tell(c, "{\"type\":\"ack\",\"room\":\"%s\",\"seq\":%ld}", t->room, number(line, "\"seq\":"));
    if (t->marks < MARKS) return move(c, t);
    for (int seat = 0; seat < 2; seat++) {
        Connection *player = t->players[seat];
        player->isLeaving = true;
        tell(player, "{\"type\":\"leave\",\"room\":\"%s\",\"n\":%d}", t->room, ++player->number);
    }
}

static void settled(Connection *c, const char *line) {
    if (!c->isLeaving || number(line, "\"n\":") != c->number) return;
    Table *t = table_of(c);
    if (++t->gone == 2) open_room(t);
}

// MARK: Receiving

static void heard(Connection *c, const char *line) {
    if (has(line, "\"type\":\"no\"") || has(line, "\"type\":\"bye\"")) fail("the server says %s", line);
    if (has(line, "\"type\":\"pong\"")) return ping(c);
    if (has(line, "\"type\":\"events\"")) return events(c, line);
    if (has(line, "\"type\":\"joined\"")) return joined(c, line);
    if (has(line, "\"type\":\"ok\"")) return settled(c, line);
}

// One message may hold several objects, a line each.
static void message(Connection *c, char *text, size_t length) {
    char *end = text + length, kept = *end;
    *end = 0;
    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next) *next++ = 0;
        heard(c, line);
    }
    *end = kept;
}

static void receive(Connection *c) {
    ssize_t n = recv(c->fd, c->in + c->length, sizeof c->in - c->length - 1, 0);
    if (n <= 0) fail("connection %d: %s", (int)(c - connections), n ? strerror(errno) : "closed by the server");
    c->length += (size_t)n;
    size_t at = 0;
    while (c->length - at >= 4) {
        uint8_t *frame = c->in + at;
        size_t header = frame[1] == 126 ? 4 : 2, length = frame[1] == 126 ? (size_t)frame[2] << 8 | frame[3] : frame[1];
        if (frame[1] > 126) fail("a frame longer than any expected");
        if (c->length - at < header + length) break;
        if (frame[0] == 0x81) message(c, (char *)frame + header, length);
        else fail("an unexpected frame: %02x", frame[0]);
        at += header + length;
    }
    c->length -= at;
    memmove(c->in, c->in + at, c->length);
}

static void greet(Connection *c) {
    char answer[8192];
    tell(c, "{\"type\":\"hello\",\"client\":{\"name\":\"players\",\"version\":\"1\"}}");
    ssize_t n = recv(c->fd, answer, sizeof answer - 1, 0);
    if (n <= 0 || !memmem(answer, (size_t)n, "\"welcome\"", 9)) fail("no welcome");
}

static void play_all(int loop, int count, uint64_t rounds) {
    struct epoll_event ready[256];
    busy = plays ? count / 2 : count;
    for (int i = 0; i < count; i++) {
        if (plays && i % 2 == 0) tables[i / 2].left = rounds, open_room(&tables[i / 2]);
        if (!plays) connections[i].left = rounds, ping(&connections[i]);
    }
    while (busy > 0) {
        int n = epoll_wait(loop, ready, 256, STALL_MS);
        if (n == 0) fail("nothing came for %d ms", STALL_MS);
        for (int i = 0; i < n; i++) receive(ready[i].data.ptr);
    }
}

int main(int argc, char **argv) {
    if (argc != 4) fail("usage: players PORT ping|play CONNECTIONS");
    int port = atoi(argv[1]), count = atoi(argv[3]), loop = epoll_create1(0);
    plays = strcmp(argv[2], "play") == 0;
    if (count < 2 || count % 2) fail("connections come in pairs");
    connections = calloc((size_t)count, sizeof *connections);
    tables = calloc((size_t)count / 2, sizeof *tables);
    for (int i = 0; i < count; i++) {
        Connection *c = &connections[i];
        c->seat = i % 2;
        tables[i / 2].players[i % 2] = c;
        c->fd = open_websocket(port, "/ws");
        greet(c);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
        epoll_ctl(loop, EPOLL_CTL_ADD, c->fd, &event);
    }
    for (unsigned long long rounds; scanf("%llu", &rounds) == 1;) {
        sent = 0;
        play_all(loop, count, rounds);
        printf("%llu\n", (unsigned long long)sent);
        fflush(stdout);
    }
    return 0;
}
