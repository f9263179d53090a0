import ArgumentParser

/// The option of every command that works on a directory and on a server alike.
struct AtOption: ParsableArguments {
    @Option(
        name: .customLong("at"),
        help: ArgumentHelp(
            "A data directory, or kith://HOST:PORT[/ORGANISATION] for a running server.",
            valueName: "dir-or-address"
        )
    )
    var place: Place
}
