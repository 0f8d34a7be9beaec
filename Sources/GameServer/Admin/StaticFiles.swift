import Foundation
import WebSocket

/// The pages, as a table built at start; a request path is looked up in it and never becomes a file name.
public struct StaticFiles: Sendable {
    private struct File: Sendable {
        var body: [UInt8]
        var type: String
        var tag: String
    }

    /// Largest file served; a larger one stops the start.
    static let maxFileBytes = 4 * 1024 * 1024
    /// Folders of the resources directory that anybody may read.
    private static let folders = ["play", "client"]

    private let files: [String: File]

    /// Reads `play` and `client` below `directory`; `/` is `play/index.html`.
    ///
    /// - Throws: `StartError.resources`.
    init(_ directory: String) throws(StartError) {
        var files: [String: File] = [:]
        let root = Self.located(directory)
        for folder in Self.folders {
            let base = root + "/" + folder
            guard let names = FileManager.default.enumerator(atPath: base) else {
                throw .resources(path: base, reason: "there is no such directory")
            }
            for case let name as String in names {
                guard let type = Self.type(of: name) else { continue }
                let path = base + "/" + name
                guard let data = FileManager.default.contents(atPath: path) else {
                    throw .resources(path: path, reason: "it cannot be read")
                }
                guard data.count <= Self.maxFileBytes else {
                    throw .resources(path: path, reason: "\(data.count) bytes exceed \(Self.maxFileBytes)")
                }
                let body = Array(data)
                let tag = "\"" + Digest(of: body).description.prefix(32) + "\""
                files["/\(folder)/\(name)"] = File(body: body, type: type, tag: tag)
            }
        }
        guard let index = files["/play/index.html"] else {
            throw .resources(path: root + "/play/index.html", reason: "there is no such file")
        }
        files["/"] = index
        files["/play"] = index
        files["/play/"] = index
        self.files = files
    }

    /// - Parameter id: of the request, for an error.
    /// - Returns: nil when no file is served under this path.
    func response(to request: Request, id: String) -> Response? {
        guard let file = files[request.path] else { return nil }
        guard request.method == "GET" || request.method == "HEAD" else {
            return .problem(
                405, "method_not_allowed", "\(request.method.prefix(20)): GET and HEAD only", [("Allow", "GET, HEAD")],
                id: id)
        }
        var headers = [
            ("ETag", file.tag), ("Cache-Control", "no-cache"), ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"), ("X-Frame-Options", "DENY"),
            (
                "Content-Security-Policy",
                "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
            ),
        ]
        if Self.matches(request.headers["If-None-Match"], file.tag) { return Response(status: 304, headers: headers) }
        headers.append(("Content-Type", file.type))
        return Response(status: 200, headers: headers, body: file.body)
    }

    /// - Source: RFC 9110 §13.1.2; a weak tag compares like a strong one.
    private static func matches(_ field: String?, _ tag: String) -> Bool {
        guard let field else { return false }
        return field.split(separator: ",").contains { candidate in
            let candidate = candidate.trimmingCharacters(in: .whitespaces)
            return candidate == "*" || candidate == tag || candidate == "W/" + tag
        }
    }

    private static func type(of name: String) -> String? {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js", "mjs": "text/javascript; charset=utf-8"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        case "ico": "image/x-icon"
        case "json", "webmanifest": "application/json"
        default: nil
        }
    }

    /// A relative directory is sought from the working directory, then upwards from the executable.
    private static func located(_ directory: String) -> String {
        guard !directory.hasPrefix("/"), !FileManager.default.fileExists(atPath: directory + "/play") else {
            return directory
        }
        let executable = URL(fileURLWithPath: CommandLine.arguments.first ?? "").resolvingSymlinksInPath()
        var folder = executable.deletingLastPathComponent()
        while folder.path != "/" {
            let candidate = folder.appendingPathComponent(directory).path
            if FileManager.default.fileExists(atPath: candidate + "/play") { return candidate }
            folder.deleteLastPathComponent()
        }
        return directory
    }
}
