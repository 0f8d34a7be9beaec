import CZlib
import Testing

@testable import Observability

@Suite("Exposition formats: negotiation") struct ExpositionFormatTests {
    /// As Prometheus sends them: without native histograms, and with.
    private static let classic =
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
        + "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
        + "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
    private static let native =
        "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
        + "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
        + "application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
        + "text/plain;version=0.0.4;q=0.2,*/*;q=0.1"

    @Test(arguments: [
        (classic, ExpositionFormat.openMetrics), (native, .protobuf), ("", .text), ("text/html", .text), ("*/*", .text),
        ("text/plain", .text), ("text/plain;version=0.0.4;q=0.9, application/openmetrics-text;q=0.8", .text),
        ("text/plain;q=0.5;version=0.0.4, application/openmetrics-text; version=1.0.0; q=0.8", .openMetrics),
        ("application/openmetrics-text; version=2.0.0", .text),
        ("application/openmetrics-text; version=\"1.0.0\"", .openMetrics),
        ("application/openmetrics-text;q=0", .text), ("application/openmetrics-text;q=7", .text),
        ("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text", .text),
        ("APPLICATION/OPENMETRICS-TEXT", .openMetrics),
    ])
    func `the form a scraper likes most is chosen`(accept: String, format: ExpositionFormat) {
        #expect(ExpositionFormat.negotiated(accept: accept) == format)
    }

    @Test func `without the header it is text`() { #expect(ExpositionFormat.negotiated(accept: nil) == .text) }

    @Test(arguments: [
        ("gzip", true), ("gzip, deflate, br", true), ("identity", false), ("gzip;q=0", false), ("*", true),
        ("gzip;q=0, *", false), ("", false),
    ])
    func `gzip is used where it is taken`(header: String, isTaken: Bool) {
        #expect(ExpositionFormat.takesGzip(acceptEncoding: header) == isTaken)
    }

    @Test(arguments: [0, 1, 100_000]) func `what is compressed is got back whole`(count: Int) throws {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 / 7) }
        let compressed = try #require(Gzip.compressed(bytes))
        #expect(compressed.prefix(2) == [0x1F, 0x8B])
        var stream = z_stream()
        #expect(inflateInit2_(&stream, 15 + 16, zlibVersion(), Int32(MemoryLayout<z_stream>.size)) == Z_OK)
        defer { inflateEnd(&stream) }
        var output = [UInt8](repeating: 0, count: count + 1)
        var input = compressed
        let result = input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                return inflate(&stream, Z_FINISH)
            }
        }
        #expect(result == Z_STREAM_END)
        #expect(output.prefix(Int(stream.total_out)).elementsEqual(bytes))
    }
}
