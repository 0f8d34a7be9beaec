import GameServer
import LiapTui
import TicTacToe

/// The games this executable serves; a game is added here and to the dependencies in `Package.swift`.
enum InstalledPlugins {
    static var games: [InstalledGame] { [InstalledGame(LiapTui.self), InstalledGame(TicTacToe.self)] }
}
