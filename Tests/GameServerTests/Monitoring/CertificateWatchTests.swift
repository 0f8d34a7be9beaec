import Observability
import TestSupport
import Testing
import WebSocket

@testable import GameServer

@Suite("Health: the certificate") struct CertificateWatchTests {
    private let place: TemporaryDirectory

    init() throws { place = try TemporaryDirectory() }

    private func make(_ folder: String, days: ClosedRange<Int>) throws -> TestCertificate {
        try TestCertificate(in: place.path + "/" + folder, names: ["game.test"], days: days)
    }

    private func daysLeft(_ reading: CheckReading) throws -> Double {
        guard case .measured(let values) = reading else {
            Issue.record("\(reading)")
            return .nan
        }
        return try #require(values.first { $0.name == StandardChecks.Value.daysLeft }).value
    }

    @Test func `of all that clients are shown the one that ends first counts`() throws {
        let own = try make("own", days: 0...20)
        let context = try TLSServerContext(TLSServerSettings(certificate: own.certificate, key: own.key))
        #expect(abs(try daysLeft(CertificateWatch(file: "", shown: context).reading()) - 20) < 0.01)
        let later = try make("later", days: 0...50)
        #expect(abs(try daysLeft(CertificateWatch(file: later.certificate, shown: context).reading()) - 20) < 0.01)
        let sooner = try make("sooner", days: 0...5)
        #expect(abs(try daysLeft(CertificateWatch(file: sooner.certificate, shown: context).reading()) - 5) < 0.01)
        #expect(abs(try daysLeft(CertificateWatch(file: later.certificate, shown: nil).reading()) - 50) < 0.01)
    }

    @Test func `one in front that has ended is a reading with a reason`() throws {
        let ended = try make("ended", days: -9 ... -2)
        guard case .measured(let values) = CertificateWatch(file: ended.certificate, shown: nil).reading() else {
            Issue.record("not measured")
            return
        }
        #expect(values.first?.message == "the certificate in \(ended.certificate) has ended")
    }

    @Test func `a file that is not there, or is something else, fails the check with its name`() throws {
        let own = try make("own", days: 0...20)
        for (path, words) in [("none.pem", "cannot be read"), ("own/privkey.pem", "holds no certificate")] {
            let file = place.path + "/" + path
            guard case .failed(let reason) = CertificateWatch(file: file, shown: nil).reading() else {
                Issue.record("\(path) was read")
                continue
            }
            #expect(reason.hasPrefix(file + " ") && reason.contains(words))
        }
        #expect(CertificateWatch(file: own.certificate, shown: nil).hasSubject)
        #expect(!CertificateWatch(file: "", shown: nil).hasSubject)
    }
}
