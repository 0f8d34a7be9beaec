import PluginAPI

/// The middleware every server has, in the order every connection and room meets it; a user's own follows behind.
enum StandardMiddleware {
    static func all(_ kit: MiddlewareKit) -> [any Middleware] {
        guard kit.configuration.monitoring.isEnabled else { return guards(kit) }
        return [
            ConnectionTracking(kit),
            AccessLog(kit),
        ] + guards(kit) + [
            StaleConnections(kit),
            DeliveryTracking(kit),
            Latency(kit),
            ClientResync(kit),
            RoomTracking(kit),
        ]
    }

    /// What protects the server also when nothing is watched.
    private static func guards(_ kit: MiddlewareKit) -> [any Middleware] {
        [
            Authorization(kit),
            RateLimiting(
                kit.configuration.limits, position: kit.nextPosition(), admission: kit.admission, now: kit.now,
                onRefusal: { kit.metrics.rateLimited.add(1, .connection, by: kit.writer) }),
        ]
    }
}
