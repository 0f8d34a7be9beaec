import COpenSSL
import Synchronization

/// The keys under which sessions are handed to clients, to be resumed without a new exchange of keys.
///
/// They are made here and never written down. A key encrypts tickets for one lifetime and decrypts them for another;
/// then what it protected cannot be read any more, whoever learns it.
final class TicketKeys: Sendable {
    private struct Key {
        var name: [UInt8]
        var cipher: [UInt8]
        var digest: [UInt8]
        var madeAt: MonotonicTime

        init?(at now: MonotonicTime) {
            name = [UInt8](repeating: 0, count: 16)
            cipher = [UInt8](repeating: 0, count: 32)
            digest = [UInt8](repeating: 0, count: 32)
            madeAt = now
            let isRandom =
                RAND_bytes(&name, Int32(name.count)) == 1 && RAND_priv_bytes(&cipher, Int32(cipher.count)) == 1
                && RAND_priv_bytes(&digest, Int32(digest.count)) == 1
            guard isRandom else { return nil }
        }
    }

    let lifetime: Duration
    /// The newest first, at most two.
    private let keys = Mutex<[Key]>([])

    init(lifetime: Duration) {
        self.lifetime = lifetime
    }

    /// What OpenSSL wants to know of a ticket.
    enum Use {
        case encrypt, decrypt
    }

    /// Sets the contexts up for a ticket.
    ///
    /// - Parameters:
    ///   - name: 16 bytes that say which key it is: written for a new ticket, read from an old one.
    ///   - vector: 16 bytes; the same.
    /// - Returns: what OpenSSL's callback returns: 1 when they are, 2 when the client shall get a newer ticket, 0 when
    ///   the key is gone, -1 on failure.
    func prepare(
        _ use: Use, name: UnsafeMutablePointer<UInt8>, vector: UnsafeMutablePointer<UInt8>, cipher: OpaquePointer?,
        mac: OpaquePointer?, at now: MonotonicTime
    ) -> Int32 {
        switch use {
        case .encrypt:
            guard let key = current(at: now), RAND_bytes(vector, 16) == 1,
                EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nil, key.cipher, vector) == 1,
                copenssl_set_hmac(mac, "SHA256", key.digest, key.digest.count) == 1
            else { return -1 }
            name.update(from: key.name, count: 16)
            return 1
        case .decrypt:
            let wanted = Array(UnsafeBufferPointer(start: name, count: 16))
            guard let (key, isNewest) = key(named: wanted, at: now) else { return 0 }
            guard EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nil, key.cipher, vector) == 1,
                copenssl_set_hmac(mac, "SHA256", key.digest, key.digest.count) == 1
            else { return -1 }
            return isNewest ? 1 : 2
        }
    }

    private func current(at now: MonotonicTime) -> Key? {
        keys.withLock { keys in
            if let newest = keys.first, now - newest.madeAt < lifetime { return newest }
            guard let key = Key(at: now) else { return nil }
            keys = [key] + keys.prefix(1).filter { now - $0.madeAt < lifetime + lifetime }
            return key
        }
    }

    private func key(named name: [UInt8], at now: MonotonicTime) -> (Key, isNewest: Bool)? {
        keys.withLock { keys in
            guard let place = keys.firstIndex(where: { $0.name == name }),
                now - keys[place].madeAt < lifetime + lifetime
            else { return nil }
            return (keys[place], place == 0 && now - keys[place].madeAt < lifetime)
        }
    }
}
