// The company's books, kept beside the CRM by the simulation: what it decided, counted and added up by arithmetic of its own. Nothing here was read
// from a record. What is known only at the end (which deals are open, which targets were kept by then) is added up from the simulation's own
// state in YearFigure.swift. Amounts in cents.

/// Counts and sums of the year.
struct YearLedger {
    // Sales.
    var leads = 0, leadsQualified = 0, leadsDisqualified = 0
    var quotesWon = 0
    var deals = 0, dealsWon = 0, dealsLost = 0
    /// What all deals are estimated at, as far as is known.
    var pipelineIn = 0
    var won = 0
    /// What the lost ones were estimated at.
    var lost = 0
    /// What quotes that were won and orders that were not canceled come to.
    var quoted = 0, ordered = 0
    var unitsOrdered = 0, unitsDelivered = 0
    var invoiced = 0, invoicesCanceled = 0, paid = 0

    // Service.
    var cases = 0, casesResolved = 0, casesCanceled = 0
    /// Cases in a queue.
    var waiting = 0
    var minutesBilled = 0
    /// What contracts that were agreed on come to.
    var contracted = 0
    var contracts = 0

    // Marketing.
    var reached = 0, leftOut = 0
    var responses = 0, responsesConverted = 0

    // Work.
    var tasks = 0, tasksDone = 0, calls = 0, callsMade = 0, meetings = 0, meetingsHeld = 0, mailsSent = 0
}
