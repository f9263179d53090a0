// What the lives of a simulated disk saw.

extension PowerCutRun {
    /// What happened, so that the test can say that it saw what it is about.
    struct Seen: CustomStringConvertible {
        var cuts = 0
        var recoveries = 0
        var transactions = 0
        var refusals = 0
        var retries = 0
        var answeredReads = 0
        var lostTransactions = 0
        var snapshots = 0
        var restoredSnapshots = 0
        var interruptedRecoveries = 0
        var fullComparisons = 0
        var schemaChanges = 0
        /// Calls made to fail while running, and while recovering.
        var faults = 0
        var recoveryFaults = 0
        /// States of the past that were rebuilt, and answers that they gave again.
        var pasts = 0
        var pastAnswers = 0
        /// Starts at which some of the past had been given up.
        var trimmedPasts = 0

        var description: String {
            "\(cuts) power cuts: \(recoveries) recoveries, \(interruptedRecoveries) more cut short, "
                + "\(restoredSnapshots) from one of \(snapshots) snapshots; \(transactions) transactions, "
                + "\(refusals) refused, \(retries) sent again, \(lostTransactions) lost unacknowledged; "
                + "\(answeredReads) records read, \(schemaChanges) changes of the schema; "
                + "\(faults) calls made to fail, \(recoveryFaults) more in recoveries; "
                + "\(pasts) states of the past, \(pastAnswers) of their answers, \(trimmedPasts) starts with a cut past"
        }

        mutating func add(_ other: Seen) {
            cuts += other.cuts
            recoveries += other.recoveries
            transactions += other.transactions
            refusals += other.refusals
            retries += other.retries
            answeredReads += other.answeredReads
            lostTransactions += other.lostTransactions
            snapshots += other.snapshots
            restoredSnapshots += other.restoredSnapshots
            interruptedRecoveries += other.interruptedRecoveries
            fullComparisons += other.fullComparisons
            schemaChanges += other.schemaChanges
            faults += other.faults
            recoveryFaults += other.recoveryFaults
            pasts += other.pasts
            pastAnswers += other.pastAnswers
            trimmedPasts += other.trimmedPasts
        }
    }
}
