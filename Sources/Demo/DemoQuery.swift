// The questions that the managers of sales, service and marketing ask on Monday morning, as SQL that can be copied to `kith query`.

/// A question with its title.
public struct DemoQuery: Sendable {
    /// What it tells, for people.
    public var title: String
    /// One SELECT.
    public var sql: String
}

extension Demo {
    /// The questions, told from the demonstration's day.
    public var queries: [DemoQuery] {
        let day = DemoText.date(ofDay: today)
        return [
            DemoQuery(
                title: "Pipeline by stage",
                sql: """
                    SELECT salesstagecodename AS stage, COUNT(*) AS deals, SUM(estimatedvalue) AS value, \
                    SUM(estimatedvalue * closeprobability * 0.01) AS weighted \
                    FROM opportunity WHERE statecode = 'Open' \
                    GROUP BY salesstagecode, salesstagecodename ORDER BY salesstagecode
                    """
            ),
            DemoQuery(
                title: "Top accounts by won value",
                sql: """
                    SELECT customeridname AS account, COUNT(*) AS deals, SUM(actualvalue) AS won \
                    FROM opportunity WHERE statecode = 'Won' \
                    GROUP BY customerid, customeridname ORDER BY won DESC, account LIMIT 10
                    """
            ),
            // A decided deal's probability is 100 or 0, so that its average is the share that was won.
            DemoQuery(
                title: "Win rate by salesperson, per cent",
                sql: """
                    SELECT owneridname AS salesperson, COUNT(*) AS decided, AVG(closeprobability) AS winrate, \
                    SUM(actualvalue) AS won \
                    FROM opportunity WHERE statecode IN ('Won', 'Lost') \
                    GROUP BY ownerid, owneridname ORDER BY winrate DESC, salesperson
                    """
            ),
            DemoQuery(
                title: "Overdue tasks by owner",
                sql: """
                    SELECT owneridname AS owner, COUNT(*) AS overdue, MIN(scheduledend) AS oldest \
                    FROM task WHERE statecode = 'Open' AND scheduledend < '\(day)' \
                    GROUP BY ownerid, owneridname ORDER BY overdue DESC, owner
                    """
            ),
            DemoQuery(
                title: "Overdue phone calls by owner",
                sql: """
                    SELECT owneridname AS owner, COUNT(*) AS overdue, MIN(scheduledend) AS oldest \
                    FROM phonecall WHERE statecode = 'Open' AND scheduledend < '\(day)' \
                    GROUP BY ownerid, owneridname ORDER BY overdue DESC, owner
                    """
            ),
            DemoQuery(
                title: "Open cases by priority",
                sql: """
                    SELECT prioritycodename AS priority, COUNT(*) AS cases, MIN(followupby) AS nextdue \
                    FROM incident WHERE statecode = 'Active' \
                    GROUP BY prioritycode, prioritycodename ORDER BY prioritycode
                    """
            ),
            DemoQuery(
                title: "Overdue cases by what was promised",
                sql: """
                    SELECT slaidname AS promise, COUNT(*) AS overdue, MIN(resolveby) AS oldest \
                    FROM incident WHERE statecode = 'Active' AND resolvebyslastatus = 'Noncompliant' \
                    GROUP BY slaid, slaidname ORDER BY overdue DESC, promise
                    """
            ),
            DemoQuery(
                title: "Overdue cases, the longest first",
                sql: """
                    SELECT title, customeridname AS customer, owneridname AS owner, slaidname AS promise, responseby, resolveby \
                    FROM incident WHERE statecode = 'Active' AND resolvebyslastatus = 'Noncompliant' \
                    ORDER BY resolveby, ticketnumber LIMIT 10
                    """
            ),
            DemoQuery(
                title: "Resolved cases by what was promised",
                sql: """
                    SELECT slaidname AS promise, COUNT(*) AS resolved, \
                    SUM(CASE WHEN resolvebyslastatus = 'Succeeded' THEN 1 ELSE 0 END) AS intime \
                    FROM incident WHERE statecode = 'Resolved' GROUP BY slaid, slaidname ORDER BY promise
                    """
            ),
            // The response rate is in per cent of those who were reached, the return in per cent of the cost.
            DemoQuery(
                title: "Running campaigns",
                sql: """
                    SELECT name AS campaign, budgetedcost AS budget, totalcost AS cost, reachedcount AS reached, \
                    responsecount AS responses, responserate, totalrevenue AS revenue, returnoninvestment \
                    FROM campaign WHERE statuscode = 'Launched' ORDER BY returnoninvestment DESC, campaign
                    """
            ),
        ]
    }
}
