import Foundation

/// The two streams of a command line tool, unbuffered, so that a line is there when it was said.
public enum Console {
    public static func say(_ text: String, terminator: String = "\n") { write(text + terminator, to: .standardOutput) }

    public static func complain(_ text: String) { write(text + "\n", to: .standardError) }

    private static func write(_ text: String, to stream: FileHandle) {
        // Nobody is left to tell when the reader of a stream is gone; the server goes on without it.
        try? stream.write(contentsOf: Data(text.utf8))
    }
}
