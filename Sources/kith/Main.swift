import ArgumentParser

@main struct KithCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "kith")
}
