import Glibc

/// Where the limits of this process's container are written, for both versions of control groups.
///
/// A limit may be set on any group above ours, so every group up to the one that is mounted is looked at.
///
/// - Source: Linux documentation, "Control Group v2" and "cgroup-v1/memory".
struct ControlGroup {
    enum Version: Sendable { case one, two }

    let version: Version
    /// From our own group up to the mounted one.
    let folders: [String]

    /// - Parameters:
    ///   - controller: `memory`, `cpu` or `cpuacct`.
    ///   - root: the folder that `/` is taken to be, without a slash at its end.
    static func find(_ controller: String, root: String, _ file: inout SystemFile) -> ControlGroup? {
        guard let groups = file.text(root + "/proc/self/cgroup"), let mounts = file.text(root + "/proc/self/mountinfo")
        else { return nil }
        var path: (Version, String)?
        for line in groups.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            // A machine that has both keeps its controllers in the first version.
            if parts[1].split(separator: ",").contains(Substring(controller)) {
                path = (.one, String(parts[2]))
                break
            }
            if parts[0] == "0", parts[1].isEmpty { path = (.two, String(parts[2])) }
        }
        guard let (version, group) = path, let mount = mount(of: controller, version, in: mounts) else { return nil }
        // Inside a namespace the mounted folder may itself be our group.
        var below = group
        if mount.root != "/", group == mount.root || group.hasPrefix(mount.root + "/") {
            below = String(group.dropFirst(mount.root.count))
        } else if mount.root != "/" {
            below = ""
        }
        var parts = below.split(separator: "/").filter { $0 != ".." }
        var folders: [String] = []
        while true {
            folders.append(root + mount.point + parts.map { "/" + $0 }.joined())
            guard !parts.isEmpty else { break }
            parts.removeLast()
        }
        // Groups we cannot see, as a container's own path on the host, are no folders here.
        return ControlGroup(version: version, folders: folders.filter { exists($0) })
    }

    private static func mount(
        of controller: String, _ version: Version, in mounts: String
    ) -> (root: String, point: String)? {
        for line in mounts.split(separator: "\n") {
            let halves = line.split(separator: " ")
            guard let dash = halves.firstIndex(of: "-"), halves.count > dash + 3, dash > 5 else { continue }
            let isIt =
                switch version {
                case .one:
                    halves[dash + 1] == "cgroup"
                        && halves[dash + 3].split(separator: ",").contains(Substring(controller))
                case .two: halves[dash + 1] == "cgroup2"
                }
            if isIt { return (String(halves[3]), String(halves[4])) }
        }
        return nil
    }

    private static func exists(_ folder: String) -> Bool { access(folder, F_OK) == 0 }
}
