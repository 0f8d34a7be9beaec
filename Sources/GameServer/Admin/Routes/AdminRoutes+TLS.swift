extension AdminRoutes {
    static let tls = [
        Route(
            .tlsReload, .post, "/api/tls/reload", .role(.operator),
            [Route.Answer(schema: .named("Certificates"))],
            refusals: [(409, "the files are not right, and what was served is served on; the message says why")],
            "Reads the certificates again, for connections from now on.")
    ]
}
