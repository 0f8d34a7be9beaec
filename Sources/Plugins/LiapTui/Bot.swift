import PluginAPI
extension LiapTui {
    public static func bot(_ view: StateView, legal: [Action], random: inout GameRandom) -> Action? { nil }
}
