/// Where the server's own luck comes from: secrets, room ids, keys, bot delays.
struct Luck: RandomNumberGenerator {
    let draw: () -> UInt64

    static var system: Luck {
        Luck {
            var generator = SystemRandomNumberGenerator()
            return generator.next()
        }
    }

    mutating func next() -> UInt64 { draw() }
}
