import PluginAPI

// Rooms that are compared with their history, or read from above the damage in it.

extension RoomDirectory {
    /// Compares a room with its history, and goes on with what that says; one that could not be read is read from
    /// above the damage.
    func rebuild(_ id: RoomID, then: @escaping (RebuildVerdict) -> Void) {
        switch entries[id] {
        case .awake(let room): room.rebuild(then: then)
        case .asleep:
            find(id) { [weak self] found in
                switch found {
                case .success(let room): room.rebuild(then: then)
                case .failure(.storeUnavailable): then(.unavailable)
                case .failure(let rejection):
                    // Read by no other way than from above the damage.
                    if let self, case .unreadable(let sleeper, _)? = entries[id] { return salvage(sleeper, then) }
                    then(.unreadable(rejection.refusal.message))
                }
            }
        case .unreadable(let sleeper, _): salvage(sleeper, then)
        case .waking: then(.unavailable)
        case nil: then(.unreadable("there is no such room"))
        }
    }

    private func salvage(_ sleeper: Sleeper, _ then: @escaping (RebuildVerdict) -> Void) {
        let id = sleeper.summary.room
        let started = services.timeline.now
        // Nothing but the snapshot can be believed, so nothing that was kept in memory is.
        put(id, .waking(Sleeper(summary: sleeper.summary), []))
        services.store.claim(id, from: .newestSnapshot) { [weak self] outcome in
            guard let self, case .waking(let sleeper, let waiting)? = entries[id] else { return then(.unavailable) }
            let result = taken(sleeper, outcome, started: started)
            for waiter in waiting { waiter(result) }
            switch result {
            case .success(let room):
                if !room.isGone { room.rearm() }
                then(.salvaged(at: room.state.sequence))
            case .failure(.storeUnavailable): then(.unavailable)
            case .failure(let rejection): then(.unreadable(rejection.refusal.message))
            }
        }
    }
}
