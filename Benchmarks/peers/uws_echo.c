// An echo server on the uWebSockets library of the `socketify` package, through its C interface; `/fanout` publishes
// what one says to all the others there.
//
//     uws_echo [max payload bytes]
//
// Listens on a free port of 127.0.0.1 and prints it. No compression, no TLS, one loop.

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

// What the package declares of the library: only what an echo needs.
typedef struct uws_app_s uws_app_t;
typedef struct uws_websocket_s uws_websocket_t;
struct us_listen_socket_t;

struct us_socket_context_options_t {
    const char *key_file_name, *cert_file_name, *passphrase, *dh_params_file_name, *ca_file_name, *ssl_ciphers;
    int ssl_prefer_low_memory_usage;
};

typedef void (*uws_handler)(uws_websocket_t *, void *);
typedef void (*uws_message_handler)(uws_websocket_t *, const char *, size_t, int opcode, void *);

typedef struct {
    int compression;
    unsigned int max_payload_length;
    unsigned short idle_timeout;
    unsigned int max_backpressure;
    bool close_on_backpressure_limit, reset_idle_timeout_on_send, send_pings_automatically;
    unsigned short max_lifetime;
    void *upgrade;
    uws_handler open;
    uws_message_handler message;
    uws_handler drain;
    void *ping, *pong, *close, *subscription;
} uws_socket_behavior_t;

typedef struct {
    int port;
    const char *host;
    int options;
} uws_app_listen_config_t;

uws_app_t *uws_create_app(int ssl, struct us_socket_context_options_t options);
void uws_ws(int ssl, uws_app_t *app, const char *pattern, uws_socket_behavior_t behavior, void *user_data);
int uws_ws_send(int ssl, uws_websocket_t *ws, const char *message, size_t length, int opcode);
bool uws_ws_subscribe(int ssl, uws_websocket_t *ws, const char *topic, size_t topic_length);
bool uws_ws_publish_with_options(
    int ssl, uws_websocket_t *ws, const char *topic, size_t topic_length, const char *message, size_t length,
    int opcode, bool compress);
void uws_app_listen_with_config(
    int ssl, uws_app_t *app, uws_app_listen_config_t config,
    void (*handler)(struct us_listen_socket_t *, uws_app_listen_config_t, void *), void *user_data);
int us_socket_local_port(int ssl, struct us_listen_socket_t *socket);
void uws_app_run(int ssl, uws_app_t *app);

static void opened(uws_websocket_t *ws, void *user_data) { (void)ws, (void)user_data; }

static void echo(uws_websocket_t *ws, const char *message, size_t length, int opcode, void *user_data) {
    (void)user_data;
    uws_ws_send(0, ws, message, length, opcode);
}

static const char TOPIC[] = "all";

static void joined(uws_websocket_t *ws, void *user_data) {
    (void)user_data;
    uws_ws_subscribe(0, ws, TOPIC, sizeof TOPIC - 1);
}

// A socket's own publish leaves out that socket.
static void publish(uws_websocket_t *ws, const char *message, size_t length, int opcode, void *user_data) {
    (void)user_data;
    uws_ws_publish_with_options(0, ws, TOPIC, sizeof TOPIC - 1, message, length, opcode, false);
}

static void listening(struct us_listen_socket_t *socket, uws_app_listen_config_t config, void *user_data) {
    (void)config, (void)user_data;
    if (!socket) {
        fprintf(stderr, "cannot listen\n");
        exit(1);
    }
    printf("%d\n", us_socket_local_port(0, socket));
    fflush(stdout);
}

int main(int argc, char **argv) {
    struct us_socket_context_options_t plain = {0};
    uws_app_t *app = uws_create_app(0, plain);
    uws_socket_behavior_t behavior = {
        .max_payload_length = argc > 1 ? (unsigned)atoi(argv[1]) : 32u << 20,
        .idle_timeout = 120,
        .max_backpressure = 64u << 20,
        .open = opened,
        .message = echo,
    };
    uws_socket_behavior_t fanout = behavior;
    fanout.open = joined, fanout.message = publish;
    uws_ws(0, app, "/fanout", fanout, NULL);
    uws_ws(0, app, "/*", behavior, NULL);
    uws_app_listen_config_t config = {.port = 0, .host = "127.0.0.1"};
    uws_app_listen_with_config(0, app, config, listening, NULL);
    uws_app_run(0, app);
    return 1;
}
