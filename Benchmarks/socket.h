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

// With TLS the generator's own OpenSSL stands before the kernel; the certificate is whatever the server shows.
#ifdef WITH_TLS
#include <openssl/ssl.h>

enum { MAX_DESCRIPTORS = 65536 };
static SSL *sessions[MAX_DESCRIPTORS];

static void secure(int fd) {
    static SSL_CTX *context;
    if (!context) {
        context = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
            | SSL_MODE_RELEASE_BUFFERS);
        // The same work for every server.
        SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
    }
    if (fd >= MAX_DESCRIPTORS) fail("too many connections");
    SSL *session = sessions[fd] = SSL_new(context);
    if (!session || !SSL_set_fd(session, fd) || SSL_connect(session) != 1) fail("tls: no handshake");
}

static ssize_t refused(SSL *session, int result) {
    int error = SSL_get_error(session, result);
    if (error == SSL_ERROR_ZERO_RETURN) return 0;
    errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : EPROTO;
    return -1;
}

static ssize_t put(int fd, const void *bytes, size_t count) {
    int n = SSL_write(sessions[fd], bytes, (int)count);
    return n > 0 ? n : refused(sessions[fd], n);
}

// Everything that is there: what OpenSSL has taken and holds back, epoll does not tell of.
static ssize_t get(int fd, void *bytes, size_t count) {
    size_t got = 0;
    int n = 0;
    while (got < count && (n = SSL_read(sessions[fd], (char *)bytes + got, (int)(count - got))) > 0) got += (size_t)n;
    return got ? (ssize_t)got : refused(sessions[fd], n);
}
#else
static void secure(int fd) { (void)fd; }
static ssize_t put(int fd, const void *bytes, size_t count) { return send(fd, bytes, count, MSG_NOSIGNAL); }
static ssize_t get(int fd, void *bytes, size_t count) { return recv(fd, bytes, count, 0); }
#endif

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
static inline int open_websocket(int port, const char *path) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address)) fail("connect: %s", strerror(errno));
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    secure(fd);
    char request[256];
    int length = snprintf(request, sizeof request,
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", path, port);
    if (put(fd, request, (size_t)length) != length) fail("handshake: %s", strerror(errno));
    char answer[2048];
    size_t got = 0;
    while (got < 4 || memcmp(answer + got - 4, "\r\n\r\n", 4)) {   // byte by byte: nothing behind it is taken
        if (got == sizeof answer || get(fd, answer + got, 1) != 1) fail("handshake: no answer");
        got++;
    }
    if (!memmem(answer, got, " 101 ", 5)) fail("handshake: %.*s", (int)got, answer);
    return fd;
}

#endif
