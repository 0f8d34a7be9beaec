@testable import GameServer
import PluginAPI
import Testing
import WebSocket

@testable import TestSupport

@Suite("Limits: rates") struct RateTests {
    private let start = MonotonicTime(nanoseconds: 0)

    @Test func `a bucket gives its burst at once, then its rate, and says how long to wait`() {
        let rate = TokenBucket.Rate(perSecond: 20, burst: 40)
        var bucket = TokenBucket()
        for _ in 0..<40 { #expect(bucket.take(of: rate, at: start) == nil) }
        #expect(bucket.take(of: rate, at: start) == 50)
        #expect(bucket.take(of: rate, at: start + .milliseconds(30)) == 20)
        #expect(bucket.take(of: rate, at: start + .milliseconds(50)) == nil)
        #expect(bucket.take(of: rate, at: start + .milliseconds(50)) != nil)
        for _ in 0..<40 { #expect(bucket.take(of: rate, at: start + .seconds(3600)) == nil) }
        #expect(bucket.take(of: rate, at: start + .seconds(3600)) != nil)
    }

    @Test func `commands, chat and lobby requests count; hello, acks, pings and resyncs do not`() {
        for type in ["hello", "ack", "resync", "ping", "pong"] { #expect(!RequestLimiter.counts(type)) }
        for type in ["act", "host", "leave", "chat", "list", "create", "join", "watch", "report", "odd", nil] {
            #expect(RequestLimiter.counts(type))
        }
    }

    private func greeted() -> (World, TestClient) {
        let world = Table.world()
        let ana = world.client("Ana")
        ana.hello()
        return (world, ana)
    }

    @Test func `above burst and rate a request is refused with the time to wait, and then granted`() throws {
        let (world, ana) = greeted()
        for _ in 0..<40 { #expect(ana.ask(["type": "list"]).types == ["rooms"]) }
        let no = try #require(ana.ask(["type": "list", "id": 9]).first("no"))
        #expect(no.code == "rate_limited")
        #expect(no.int("id") == 9)
        world.advance(by: .milliseconds(no.int("retry") ?? 0))
        #expect(ana.ask(["type": "list"]).types == ["rooms"])
    }

    @Test func `ten refusals in a row close 4507, and one that is granted begins anew`() {
        let (world, ana) = greeted()
        for _ in 0..<49 { ana.send(["type": "list"]) }
        #expect(ana.isConnected)
        world.advance(by: .milliseconds(50))
        for _ in 0..<10 { ana.send(["type": "list"]) }
        #expect(ana.isConnected)
        ana.send(["type": "list"])
        #expect(ana.lastClose?.rawValue == 4507)
    }

    @Test func `half way to the close a notice says what is coming, once`() {
        let (_, ana) = greeted()
        for _ in 0..<40 { ana.send(["type": "list"]) }
        _ = ana.take()
        for _ in 0..<9 { ana.send(["type": "list"]) }
        let kinds = ana.take().filter { $0.type == "notice" }.map { $0["kind"] }
        #expect(kinds == ["rate_limited"])
    }

    @Test func `more than two hundred messages of any kind in a second close 4507`() {
        let (world, ana) = greeted()
        for _ in 0..<199 { ana.send(["type": "ping"]) }
        #expect(ana.isConnected)
        world.advance(by: .milliseconds(5))
        ana.send(text: "{\"type\":\"pong\"}\n{\"type\":\"pong\"}")
        #expect(ana.lastClose?.rawValue == 4507)
    }

    @Test(arguments: ["", " \n\t\n", String(repeating: "x", count: 4097), "[]", "{"])
    func `a message counts whatever is in it: blank, too large or no object`(text: String) {
        let (world, ana) = greeted()
        for _ in 0..<199 { ana.send(text: text) }
        #expect(ana.isConnected)
        world.advance(by: .milliseconds(5))
        for _ in 0..<2 { ana.send(text: text) }
        #expect(ana.lastClose?.rawValue == 4507)
    }

    @Test func `five resyncs a second`() throws {
        let table = try Table.playing()
        let request: JSON = ["type": "resync", "room": .string(table.room.description)]
        for _ in 0..<5 { #expect(table.ana.ask(request).types == ["snapshot"]) }
        #expect(table.ana.ask(request).refusals == ["rate_limited"])
        table.world.advance(by: .milliseconds(200))
        #expect(table.ana.ask(request).first?["reason"] == "resync")
    }
}
