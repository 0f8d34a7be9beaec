/// The known word somebody probably meant.
enum Suggestion {
    /// Changes of a letter beyond which two words have nothing to do with each other.
    private static let maxDistance = 3

    static func nearest(to word: String, among known: some Sequence<String>) -> String? {
        known.map { (word: $0, distance: distance(word, $0)) }
            .filter { $0.distance <= maxDistance }
            .min { ($0.distance, $0.word) < ($1.distance, $1.word) }?.word
    }

    /// Letters to insert, delete or replace to make one word the other.
    ///
    /// - Source: Wagner and Fischer, "The String-to-String Correction Problem", 1974.
    private static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right)
        var row = Array(0...right.count)
        for (index, letter) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in right.indices {
                let replaced = diagonal + (letter == right[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
            }
        }
        return row[right.count]
    }
}
