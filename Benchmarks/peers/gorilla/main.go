// An echo server on gorilla/websocket: a goroutine for each connection that reads a message and writes it back. `/fanout`
// sends what one says to all the others there, prepared once, through a channel and a goroutine of each.
//
//	gorilla
//
// Listens on a free port of 127.0.0.1 and prints it. No compression, no TLS; as many threads as GOMAXPROCS says.
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"

	"github.com/gorilla/websocket"
)

const (
	mostMessageBytes = 32 << 20
	mostWaiting      = 256 // messages for one connection; who publishes waits for room
)

var upgrader = websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}

func open(answer http.ResponseWriter, request *http.Request) *websocket.Conn {
	connection, err := upgrader.Upgrade(answer, request, nil)
	if err != nil {
		return nil
	}
	connection.SetReadLimit(mostMessageBytes)
	return connection
}

func echo(answer http.ResponseWriter, request *http.Request) {
	connection := open(answer, request)
	if connection == nil {
		return
	}
	defer connection.Close()
	for {
		kind, message, err := connection.ReadMessage()
		if err != nil || connection.WriteMessage(kind, message) != nil {
			return
		}
	}
}

var (
	lock  sync.RWMutex
	there = map[*websocket.Conn]chan *websocket.PreparedMessage{}
)

func fanout(answer http.ResponseWriter, request *http.Request) {
	connection := open(answer, request)
	if connection == nil {
		return
	}
	waiting := make(chan *websocket.PreparedMessage, mostWaiting)
	lock.Lock()
	there[connection] = waiting
	lock.Unlock()
	go func() {
		for message := range waiting {
			if connection.WritePreparedMessage(message) != nil {
				connection.Close()
			}
		}
	}()
	for {
		kind, message, err := connection.ReadMessage()
		if err != nil {
			break
		}
		prepared, err := websocket.NewPreparedMessage(kind, message)
		if err != nil {
			break
		}
		lock.RLock()
		for other, channel := range there {
			if other != connection {
				channel <- prepared
			}
		}
		lock.RUnlock()
	}
	lock.Lock()
	delete(there, connection)
	lock.Unlock()
	close(waiting)
	connection.Close()
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	http.HandleFunc("/", echo)
	http.HandleFunc("/fanout", fanout)
	fmt.Fprintln(os.Stderr, http.Serve(listener, nil))
	os.Exit(1)
}
