import GameServer
import Glibc

// First of all, so that every thread started later leaves SIGTERM and SIGINT to `Signals.wait`.
Signals.block()
exit(Command.run(Array(CommandLine.arguments.dropFirst())))
