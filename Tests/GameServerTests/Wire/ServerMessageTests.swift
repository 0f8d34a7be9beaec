@testable import GameServer
import PluginAPI
import Testing

@Suite("Server to client: messages") struct ServerMessageTests {
    private let room = RoomID(raw: 1)

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test func `no says whether to come back, and which number was expected`() {
        #expect(
            text(ServerMessage.no(.notHost, room: room, n: 3))
                == #"{"type":"no","room":"00000001","n":3,"code":"not_host","message":"only the host may do that","retry":false}"#
        )
        let late = text(ServerMessage.no(.badNumber(7, expected: 4), room: room, n: 7, id: .string("a\"b")))
        #expect(late.contains(#""id":"a\"b","code":"bad_number""#))
        #expect(late.hasSuffix(#""retry":false,"expected":4}"#))
        #expect(text(ServerMessage.no(.storeUnavailable)).hasSuffix(#""retry":1000}"#))
        #expect(text(ServerMessage.no(.rateLimited(retryMs: 45))).hasSuffix(#""retry":45}"#))
    }

    @Test func `events carry the last number, and null for what is hidden`() {
        let views = ["{\"kind\":\"a\"}", "null"].map { Array($0.utf8) }
        #expect(
            text(ServerMessage.events(room, views, last: 9, at: Timestamp(unixMilliseconds: 5)))
                == #"{"type":"events","room":"00000001","seq":9,"at":5,"events":[{"kind":"a"},null]}"#)
    }

    @Test(arguments: Disconnect.allCases) func `a close code says whether to come back`(why: Disconnect) {
        #expect((4001...4509).contains(why.rawValue))
        #expect((why.action == .stop) == (why.rawValue >= 4500))
        #expect(text(ServerMessage.bye(why)).contains("\"code\":\(why.rawValue),\"action\":\"\(why.action.rawValue)\""))
        #expect(why.reason.utf8.count <= 123)
    }

    @Test func `every refusal of the server's own stands in the protocol's list`() {
        let known = Set(
            """
            bad_request unknown_type not_joined bad_number not_host not_your_turn wrong_phase refused room_full \
            room_not_found room_gone seat_taken name_taken bad_secret bad_token rate_limited too_large draining \
            overloaded store_unavailable poisoned internal
            """.split(separator: " ").map(String.init))
        let ours: [Rejection] = [
            .badRequest(""), .unknownType(""), .notJoined, .badNumber(1, expected: 2), .notHost, .wrongPhase(""),
            .refused(""), .roomFull, .roomNotFound, .roomGone, .seatTaken, .nameTaken, .badSecret,
            .rateLimited(retryMs: 1), .tooLarge(2, limit: 1), .draining, .overloaded(""), .storeUnavailable,
            .internal(""),
        ]
        #expect(Set(ours.map(\.refusal.code)).isSubset(of: known))
        #expect(Set(ours.map(\.refusal.code)).count == ours.count)
        for rejection in ours {
            let retries = ["rate_limited", "draining", "overloaded", "store_unavailable"]
            #expect((rejection.retryMs != nil) == retries.contains(rejection.refusal.code))
        }
    }
}
