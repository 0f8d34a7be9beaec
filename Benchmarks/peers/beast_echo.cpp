// An echo server on Boost.Beast: one io_context on one thread, each connection reads a message, writes it back, reads
// the next.
//
//     beast_echo
//
// Listens on a free port of 127.0.0.1 and prints it. No compression, no TLS.

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <cstdio>
#include <memory>

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;

constexpr std::size_t mostMessageBytes = 32u << 20;

class Connection : public std::enable_shared_from_this<Connection> {
public:
    explicit Connection(tcp::socket socket) : websocket(std::move(socket)) {}

    void open() {
        websocket.next_layer().set_option(tcp::no_delay(true));
        websocket.read_message_max(mostMessageBytes);
        websocket.auto_fragment(false);   // as it came: one frame
        websocket.async_accept([self = shared_from_this()](beast::error_code error) {
            if (!error) self->read();
        });
    }

private:
    beast::websocket::stream<tcp::socket> websocket;
    beast::flat_buffer buffer;

    void read() {
        websocket.async_read(buffer, [self = shared_from_this()](beast::error_code error, std::size_t) {
            if (!error) self->write();
        });
    }

    void write() {
        websocket.text(websocket.got_text());
        websocket.async_write(buffer.data(), [self = shared_from_this()](beast::error_code error, std::size_t) {
            if (error) return;
            self->buffer.consume(self->buffer.size());
            self->read();
        });
    }
};

static void accept(tcp::acceptor &acceptor) {
    acceptor.async_accept([&acceptor](beast::error_code error, tcp::socket socket) {
        if (!error) std::make_shared<Connection>(std::move(socket))->open();
        accept(acceptor);
    });
}

int main() {
    asio::io_context context(1);
    tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
    acceptor.listen(4096);
    std::printf("%d\n", acceptor.local_endpoint().port());
    std::fflush(stdout);
    accept(acceptor);
    context.run();
    return 1;
}
