import PluginAPI
import Testing

@testable import LiapTui

@Suite("PROTOCOL.md: Liap Tui") struct WireTests {
    func text(_ value: some Encodable) throws -> String {
        String(decoding: try FlatEncoder.encode(value), as: UTF8.self)
    }

    func view(_ event: LiapTui.Event, _ viewer: Viewer) throws -> String {
        try text(LiapTui.view(of: event, for: viewer, in: Table().state))
    }

    @Test func `each event has the fields of the protocol`() throws {
        let deal = LiapTui.Event.dealt(
            round: 1, multiplier: 2, hands: [[.generalRed], [.soldierBlack], [], []], weak: [1])
        #expect(
            try view(deal, .seat(1))
                == #"{"kind":"dealt","round":1,"multiplier":2,"hand":["SOLDIER_BLACK"],"weak":[1]}"#)
        #expect(try view(deal, .watcher) == #"{"kind":"dealt","round":1,"multiplier":2,"weak":[1]}"#)
        let discard = LiapTui.Event.played(seat: 2, count: 1, play: .discard, pieces: [.horseRed])
        #expect(try view(discard, .seat(0)) == #"{"kind":"played","seat":2,"count":1,"play":"DISCARD"}"#)
        #expect(
            try view(discard, .seat(2))
                == #"{"kind":"played","seat":2,"count":1,"play":"DISCARD","pieces":["HORSE_RED"]}"#)
        let lines: [(LiapTui.Event, String)] = [
            (.redealVoted(seat: 1, accept: true), #"{"kind":"redeal_voted","seat":1,"accept":true}"#),
            (.redealt(starter: 1, multiplier: 2), #"{"kind":"redealt","starter":1,"multiplier":2}"#),
            (
                .roundStarted(round: 1, starter: 3, reason: .hasGeneralRed, order: [3, 0, 1, 2]),
                #"{"kind":"round_started","round":1,"starter":3,"reason":"has_general_red","order":[3,0,1,2]}"#
            ),
            (.declared(seat: 0, value: 8), #"{"kind":"declared","seat":0,"value":8}"#),
            (
                .played(seat: 2, count: 1, play: .single, pieces: [.horseRed]),
                #"{"kind":"played","seat":2,"count":1,"play":"SINGLE","pieces":["HORSE_RED"]}"#
            ),
            (
                .turnEnded(winner: .null, piles: 0, captured: [0, 1, 2, 3]),
                #"{"kind":"turn_ended","winner":null,"piles":0,"captured":[0,1,2,3]}"#
            ),
            (
                .roundEnded(scores: [
                    LiapTui.RoundScore(seat: 0, declared: 1, captured: 1, base: 6, multiplier: 2, gained: 7, total: -1)
                ]),
                #"{"kind":"round_ended","scores":[{"seat":0,"declared":1,"captured":1,"base":6,"multiplier":2,"#
                    + #""gained":7,"total":-1}]}"#
            ),
            (
                .gameEnded(
                    ranking: [LiapTui.Rank(seat: 3, total: 50, rank: 1)], winners: [3], reason: .scoreLimit),
                #"{"kind":"game_ended","ranking":[{"seat":3,"total":50,"rank":1}],"winners":[3],"reason":"score_limit"}"#
            ),
        ]
        for (event, line) in lines {
            for viewer in [Viewer.seat(0), .watcher] { #expect(try view(event, viewer) == line) }
            #expect(try FlatDecoder.decode(LiapTui.Event.self, parsing: Array(line.utf8)) == event)
        }
    }

    @Test(arguments: [
        (#"{"kind":"vote_redeal","accept":false}"#, LiapTui.Action.voteRedeal(accept: false)),
        (#"{"kind":"declare","value":3}"#, .declare(value: 3)),
        (#"{"kind":"play","pieces":["SOLDIER_RED","GENERAL_BLACK"]}"#, .play(pieces: [.soldierRed, .generalBlack])),
    ]) func `each action is read from the fields of the protocol`(line: String, action: LiapTui.Action) throws {
        #expect(try FlatDecoder.decode(LiapTui.Action.self, parsing: Array(line.utf8)) == action)
    }

    @Test(arguments: [
        #"{"kind":"play","pieces":["SOLDIER"]}"#, #"{"kind":"play","pieces":"SOLDIER_RED"}"#, #"{"kind":"play"}"#,
        #"{"kind":"play","pieces":[2]}"#, #"{"kind":"declare","value":"3"}"#, #"{"kind":"declare","value":2.5}"#,
        #"{"kind":"declare","value":true}"#, #"{"kind":"vote_redeal","accept":1}"#, #"{"kind":"pass"}"#,
    ]) func `a malformed action cannot be read`(line: String) {
        #expect(throws: (any Error).self) { try FlatDecoder.decode(LiapTui.Action.self, parsing: Array(line.utf8)) }
    }

    @Test func `the view has the fields of the protocol, and legal only for who may act`() throws {
        var table = Table()
        table.fold(hands: TurnTests.hands, starter: 0)
        try table.act(.play(pieces: [.elephantRed, .elephantRed]), by: 0)
        let seats = (0..<4).map {
            #"{"seat":\#($0),"hand_count":\#($0 == 0 ? 1 : 3),"declared":1,"captured":0,"total":0,"zero_streak":0}"#
        }.joined(separator: ",")
        let open = #"{"phase":"turn","round":1,"multiplier":1,"starter":0,"leader":0,"required":2,"to_act":[1],"#
        let rest =
            #""seats":[\#(seats)],"#
            + #""plays":[{"seat":0,"count":2,"play":"PAIR","pieces":["ELEPHANT_RED","ELEPHANT_RED"]}]"#
        #expect(try text(LiapTui.view(of: table.state, for: .watcher)) == open + rest + "}")
        #expect(
            try text(table.view(for: 1)) == open + #""hand":["GENERAL_RED","GENERAL_BLACK","SOLDIER_BLACK"],"# + rest
                + #","legal":{"declare":[],"must_play":2}}"#)
        #expect(try text(table.view(for: 0)) == open + #""hand":["SOLDIER_RED"],"# + rest + "}")
    }

    @Test func `a state reads back equal from a snapshot, at every event of a game`() throws {
        var table = try Table.started(seed: 11)
        while table.match.phase == .playing {
            try table.bot()
            #expect(
                try FlatDecoder.decode(LiapTui.State.self, parsing: FlatEncoder.encode(table.state)) == table.state)
        }
    }
}
