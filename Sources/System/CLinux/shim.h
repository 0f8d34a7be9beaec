// Linux calls that Swift's Glibc module does not carry, as static inline functions.
#ifndef CLINUX_SHIM_H
#define CLINUX_SHIM_H

#include <errno.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static inline int clinux_errno(void) { return errno; }

// epoll_event is packed and holds a union: Swift sees it as plain memory and reads it through these.
static inline size_t clinux_epoll_event_size(void) { return sizeof(struct epoll_event); }

static inline int clinux_epoll_control(int epoll, int operation, int fd, uint32_t events, void *data) {
    struct epoll_event event;
    event.events = events;
    event.data.ptr = data;
    return epoll_ctl(epoll, operation, fd, &event);
}
static inline void *clinux_epoll_data(const void *events, int index) {
    return ((const struct epoll_event *)events)[index].data.ptr;
}
static inline uint32_t clinux_epoll_flags(const void *events, int index) {
    return ((const struct epoll_event *)events)[index].events;
}

// Swift does not import function-like macros or an enum's values as the width the calls want.
static inline uint32_t clinux_epollin(void) { return EPOLLIN; }
static inline uint32_t clinux_epollout(void) { return EPOLLOUT; }
static inline uint32_t clinux_epollerr(void) { return EPOLLERR; }
static inline uint32_t clinux_epollhup(void) { return EPOLLHUP; }
static inline int clinux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }
static inline int clinux_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

// Not declared without _GNU_SOURCE, which would make this module's headers differ from Glibc's.
extern int accept4(int, struct sockaddr *, socklen_t *, int);
static inline int clinux_accept(int fd, struct sockaddr *address, socklen_t *length) {
    return accept4(fd, address, length, 0x800 /* SOCK_NONBLOCK */ | 0x80000 /* SOCK_CLOEXEC */);
}

static inline ssize_t clinux_random(void *bytes, size_t count) { return getrandom(bytes, count, 0); }

// Bytes the heap has given out, large ones included.
static inline size_t clinux_heap_bytes(void) {
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

// What a loop asks of the kernel all the time. In a process of several threads glibc makes each a point where a thread
// can be cancelled, for two atomic operations and some fifty instructions; nobody cancels threads here.
static inline int clinux_epoll_wait(int epoll, void *events, int capacity, int timeout_ms) {
    return (int)syscall(SYS_epoll_pwait, (long)epoll, events, (long)capacity, (long)timeout_ms, NULL, 0L);
}
static inline ssize_t clinux_receive(int fd, void *bytes, size_t count) {
    return syscall(SYS_recvfrom, (long)fd, bytes, count, 0L, NULL, NULL);
}
// A send that raises no SIGPIPE; writev has no flags.
static inline ssize_t clinux_send(int fd, const void *bytes, size_t count) {
    return syscall(SYS_sendto, (long)fd, bytes, count, (long)MSG_NOSIGNAL, NULL, 0L);
}
static inline ssize_t clinux_send_vector(int fd, const struct iovec *parts, size_t count) {
    struct msghdr message = {0};
    message.msg_iov = (struct iovec *)parts;
    message.msg_iovlen = count;
    return syscall(SYS_sendmsg, (long)fd, &message, (long)MSG_NOSIGNAL);
}

static inline void clinux_give_memory_back(void) { malloc_trim(0); }
static inline void clinux_map_blocks_from(int bytes) { mallopt(M_MMAP_THRESHOLD, bytes); }

#endif
