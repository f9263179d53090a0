// Conditions that ask for the teams of the acting user: a query inside over who belongs to which.

import Engine

extension FetchReader {
    /// `attribute IN (SELECT teamid FROM teammembership WHERE systemuserid = CURRENTUSER())`, and what else holds.
    func isTeam(_ condition: FetchCondition, orSelf: Bool, orBelow: Bool) -> Expression {
        let location = condition.location
        let operand = condition.attribute.expression
        let user = Self.currentUser(at: location)
        func isUser(_ value: Expression) -> Expression {
            orBelow
                ? inTree(value, .under, user, orEqual: true, negated: false, at: location)
                : Expression(.compare(.equal, value, user), at: location)
        }
        func attribute(_ name: String) -> Expression { Expression(.name(["teammembership", name]), at: location) }
        var teams = Query(
            [.expression(attribute("teamid"), alias: nil)],
            from: Query.Source("teammembership", at: location)
        )
        teams.filter = isUser(attribute("systemuserid"))
        let isTeam = Expression(.inQuery(operand, teams, negated: false), at: location)
        return orSelf ? Expression(.or([isUser(operand), isTeam]), at: location) : isTeam
    }
}
