import GameServer
import LiapTui
import TicTacToe

/// The games this executable serves; a game is added by a line here.
enum InstalledPlugins {
    static var games: [InstalledGame] { [InstalledGame(LiapTui.self), InstalledGame(TicTacToe.self)] }
}
