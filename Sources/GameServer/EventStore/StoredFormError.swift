/// A stored record or snapshot that does not read as its game writes it.
struct StoredFormError: Error, Sendable {
    let message: String
}
