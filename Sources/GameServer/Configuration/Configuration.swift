import Observability
import WebSocket

/// Every number and switch a user may change, with its default; `ConfigurationKey.all` describes each one.
public struct Configuration: Sendable, Equatable {
    public var server = Server()
    public var limits = Limits()
    public var heartbeat = Heartbeat()
    public var slow = Slow()
    public var compression = Compression()
    public var rooms = Rooms()
    public var store = Store()
    public var admin = Admin()
    public var metrics = Metrics()
    public var monitoring = Monitoring()
    public var health = Health()
    public var recovery = Recovery()
    public var logging = Logging()
    public var games = Games()
    public var drain = Drain()
    public var http = HTTP()
    public var tls = TLS()

    public init() {}

    /// What the engine takes as its own ceilings is said there and only changed here.
    private static let engine = WebSocket.Limits()

    public struct Server: Sendable, Equatable {
        public var host = "127.0.0.1"
        /// 0 takes a free one.
        public var port = 5050
        /// More addresses, separated by commas, as `ListenAddress` reads them.
        public var listen = ""
        public var proxyProtocol = false
        public var reusePort = false
        public var socketMode = SocketMode.group
        public var dataDirectory = "./data"
        /// 0 is one for each core.
        public var loops = 0
        public var node = "node-1"
    }

    /// Permissions of the files of Unix-domain sockets: who may write may connect.
    public enum SocketMode: String, Sendable, CaseIterable {
        case owner = "0600"
        case group = "0660"
        case all = "0666"
    }

    public struct Limits: Sendable, Equatable {
        public var messageBytes = 4096
        public var socketMessageBytes = engine.maxMessageBytes
        public var ratePerS = 20
        public var burst = 40
        public var totalPerS = 200
        public var refusalsBeforeClose = 10
        public var resyncPerS = 5
        public var roomsPerConnection = 8
        public var chatCharacters = 500
        public var nameCharacters = 50
        public var queueCommands = 64
        public var waitingCommands = 16
        public var messageMs = engine.messageMilliseconds
        public var fragments = engine.maxFragmentsPerMessage
        public var controlFramesPerS = engine.maxControlFramesPerSecond
    }

    public struct Heartbeat: Sendable, Equatable {
        public var idleMs = 15_000
        public var waitedMs = 5000
        public var answerMs = 10_000
        public var suspectMs = 2000
        public var helloMs = 10_000
    }

    public struct Slow: Sendable, Equatable {
        public var laggingBytes = 262_144
        public var laggingMs = 20_000
        public var gapEvents = 20
        public var gapMs = 2000
        public var outboxBytes = engine.maxOutboxBytes
        public var kernelSendBytes = 131_072
        public var kernelReceiveBytes = 131_072
    }

    public struct Compression: Sendable, Equatable {
        public var isEnabled = false
        public var minBytes = policy.minBytes
        public var level = policy.level
        public var memoryLevel = policy.memoryLevel
        public var windowBits = policy.windowBits

        private static let policy = CompressionPolicy()
    }

    public struct Rooms: Sendable, Equatable {
        public var quietDropMs = 2000
        public var graceMs = 5000
        public var waitingGraceMs = 60_000
        public var pauseAfterMs = 30_000
        public var sleepAfterMs = 600_000
        public var abandonedMs = 86_400_000
        public var goneMs = 86_400_000
        public var finishedMs = 86_400_000
        public var retentionEvents = 300
        public var restartGraceMs = 10_000
        public var snapshotEveryRecords = 256
        public var maxRooms = 20_000
        public var lobbyRooms = 100
    }

    public struct Store: Sendable, Equatable {
        public var durability = Durability.power
        public var cleanupEveryMs = 3_600_000
        public var closedRetentionMs = 30 * 86_400_000
        /// 0 for no limit.
        public var maxBytes = 0
        public var scrubRecordsPerS = 100
    }

    /// What a committed record outlives.
    public enum Durability: String, Sendable, CaseIterable {
        /// Loss of power: every commit waits for the disk.
        case power
        /// The end of the process, however sudden; the last commits may go with the machine's power.
        case process
    }

    public struct Admin: Sendable, Equatable {
        /// nil has the server make one at its first start.
        public var token: Secret?
        /// nil: nobody is an operator only.
        public var operatorToken: Secret?
        public var viewerToken: Secret?
    }

    public struct Metrics: Sendable, Equatable {
        public var isPublic = false
    }

    public struct Monitoring: Sendable, Equatable {
        /// Off leaves the guards, and nothing that watches.
        public var isEnabled = true
        public var pulseMs = 500
    }

    public struct Health: Sendable, Equatable {
        public var intervalMs = 30_000
        public var floorMs = 10_000
        public var ceilingMs = 120_000
        public var confirmMs = 500
        public var selfTest = true
        /// Empty for none.
        public var certificateFile = ""
    }

    public struct Recovery: Sendable, Equatable {
        public var isEnabled = true
        public var probeMs = 5000
        public var proofMs = 3000
        public var pendingAgeMs = 5000
        public var stormOpensPerMin = 1000
        public var admitPerS = 200
        public var holdMs = 60_000
        public var quarantineMs = 300_000
        /// `procedure.name=value`, separated by commas.
        public var overrides = ""
    }

    public struct Logging: Sendable, Equatable {
        public var level = LogLevel.info
        /// Categories with a level of their own.
        public var categoryLevels: [LogCategory: LogLevel] = [:]
        /// Empty for standard error.
        public var file = ""
        public var maxFileBytes = 32 * 1024 * 1024
        public var maxFileAgeMs = 86_400_000
        public var retentionMs = 30 * 86_400_000
        public var retentionBytes = 1024 * 1024 * 1024
        public var auditRetentionMs = 365 * 86_400_000
        public var ringLines = 5000
        public var repeatsPerS = 20
        public var gatherMs = 100
        public var clientAddress = ClientAddressPrivacy.truncated
    }

    public struct Games: Sendable, Equatable {
        public var allowSeeds = false
    }

    public struct Drain: Sendable, Equatable {
        public var timeoutMs = 5000
        public var spreadMs = 2000
    }

    public struct HTTP: Sendable, Equatable {
        public var resourcesDirectory = "Resources"
        public var maxConnections = engine.maxConnections
        /// 0 for no limit.
        public var connectionsPerAddress = 1000
        /// 0 for no limit.
        public var opensPerS = 5000
        /// 0 for no limit.
        public var opensPerAddressPerS = 200
        /// Whom the limits of addresses do not concern.
        public var uncountedAddresses = "127.0.0.0/8, ::1"
        public var headerMs = engine.requestMilliseconds
        public var keepAliveMs = engine.keepAliveMilliseconds
        public var proxyHeaderMs = engine.proxyHeaderMilliseconds
        public var responseStallMs = engine.responseStallMilliseconds
        public var responseMs = engine.responseMilliseconds
        public var closeMs = engine.closeMilliseconds
        public var bodyBytes = engine.maxBodyBytes
        /// Separated by commas; empty for all.
        public var allowedOrigins = ""
        public var publicRatePerMin = 6000
        public var operatorRatePerMin = 6000
        public var failedAuthPerMin = 600
        public var failedAuthLockoutMs = 60_000
        /// Proxies whose word on a client's address is believed, separated by commas.
        public var trustedProxies = ""
    }
    public struct TLS: Sendable, Equatable {
        /// Empty for no TLS.
        public var cert = ""
        public var key = ""
        /// Empty for none.
        public var directory = ""
        /// Empty for the server's.
        public var host = ""
        /// 0 takes a free one.
        public var port = 5443
        public var proxyProtocol = false
        public var minimumVersion = TLSVersion.tls12
        public var handshakeMs = engine.handshakeMilliseconds
        public var maxHandshakes = engine.maxHandshakes
        /// 0 for no resumption.
        public var ticketMs = 12 * 3_600_000
    }
}
