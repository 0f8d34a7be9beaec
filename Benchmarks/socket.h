// What the load clients share: failing, frames as RFC 6455 §5.2 has them, and the way to an open WebSocket.

#ifndef BENCHMARKS_SOCKET_H
#define BENCHMARKS_SOCKET_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { MAX_HEADER = 14, MASK = 4 };

static void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

// Header of an unmasked or masked text frame; returns its length without the mask.
static size_t frame_header(uint8_t *header, size_t length, bool masked) {
    uint8_t bit = masked ? 0x80 : 0;
    header[0] = 0x81;
    if (length < 126) return header[1] = bit | (uint8_t)length, 2;
    if (length < 65536) {
        header[1] = bit | 126, header[2] = (uint8_t)(length >> 8), header[3] = (uint8_t)length;
        return 4;
    }
    header[1] = bit | 127;
    for (int i = 0; i < 8; i++) header[2 + i] = (uint8_t)((uint64_t)length >> (56 - 8 * i));
    return 10;
}

// A blocking socket on the loopback whose WebSocket is open.
static int open_websocket(int port, const char *path) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address)) fail("connect: %s", strerror(errno));
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    char request[256];
    int length = snprintf(request, sizeof request,
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", path, port);
    if (send(fd, request, (size_t)length, MSG_NOSIGNAL) != length) fail("handshake: %s", strerror(errno));
    char answer[2048];
    size_t got = 0;
    while (got < 4 || memcmp(answer + got - 4, "\r\n\r\n", 4)) {   // byte by byte: nothing behind it is taken
        if (got == sizeof answer || recv(fd, answer + got, 1, 0) != 1) fail("handshake: no answer");
        got++;
    }
    if (!memmem(answer, got, " 101 ", 5)) fail("handshake: %.*s", (int)got, answer);
    return fd;
}

#endif
