// Linux calls that Swift's Glibc module does not carry, as static inline functions.
#ifndef CLINUX_SHIM_H
#define CLINUX_SHIM_H

#include <errno.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

static inline int clinux_errno(void) { return errno; }

#endif
